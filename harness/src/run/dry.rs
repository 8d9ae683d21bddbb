//! `kelvin run --dry-run`: the script against a platform that answers nominally.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use kelvin_artifact::{Variant, Workspace};
use kelvin_emulator::{Deployable, Surroundings};
use kelvin_lambda::Invocation;
use kelvin_platform::FunctionId;
use kelvin_scenario::{
    Batch, Client, Deployment, Host, HostError, Measure, NominalPlatform, Progress, Resolved,
    RunOptions, ScenarioError, Script, ServiceChange, ServiceId, Side, Slot, Source,
    StartedService, Totals, Wanted, WantedRung, WantedService,
};
use tokio::sync::watch;

use crate::cli::Format;
use crate::exit::Exit;
use crate::run::builds::{self, find, workspace};
use crate::run::{RunConfig, current_folder, services, shown};
use crate::runtimes::Interpreters;
use crate::terminal;

pub(super) fn run(config: &RunConfig) -> anyhow::Result<Exit> {
    let planned = match evaluate(&config.script, config.options.clone(), terminal::complain) {
        Ok(planned) => planned,
        Err(error) => return shown(error.into()),
    };
    planned.undecided.iter().for_each(|line| terminal::complain(line));
    let totals = planned.totals;
    terminal::print(&match config.format {
        Format::Text => text(&totals),
        Format::Json => json(&totals),
    })?;
    Ok(Exit::Done)
}

/// What a script would do.
pub(super) struct Planned {
    pub(super) totals: Totals,
    /// A line for each threshold that the plan is too small for, however good what is measured.
    pub(super) undecided: Vec<String>,
}

/// Evaluates a script; tells what it would do, as far as that does not depend on what is measured. What it notes goes to
/// `say`.
pub(super) fn evaluate(
    script: &Script,
    options: RunOptions,
    say: fn(&str),
) -> Result<Planned, ScenarioError> {
    let platform = Arc::new(NominalPlatform::standing_for("emulator"));
    let host = Arc::new(DryHost {
        stop: options.stop.clone(),
        interpreters: Mutex::default(),
        workspace: Mutex::default(),
        say,
        undecided: Mutex::default(),
    });
    script.run(options, Arc::clone(&platform) as _, Arc::clone(&host) as _)?;
    let undecided = std::mem::take(&mut *host.undecided());
    Ok(Planned { totals: platform.totals(), undecided })
}

fn text(totals: &Totals) -> String {
    format!(
        "at least, with nominal durations:\n  functions    {}\n  launches     {}\n  invocations  {}\n  loads        {}\n  time         {:.1} s\n  cost on AWS  ${:.6}\nNothing was built or started, and no answers were checked.\n",
        totals.functions,
        totals.launches,
        totals.invocations,
        totals.loads,
        totals.time.as_secs_f64(),
        totals.cost.total_usd(),
    )
}

fn json(totals: &Totals) -> String {
    let document = serde_json::json!({
        "functions": totals.functions,
        "launches": totals.launches,
        "invocations": totals.invocations,
        "loads": totals.loads,
        "time_ms": totals.time.as_secs_f64() * 1000.0,
        "cost_usd": totals.cost.total_usd(),
    });
    format!("{document:#}\n")
}

/// Knows which workloads there are, and builds nothing.
struct DryHost {
    stop: watch::Receiver<bool>,
    interpreters: Mutex<Interpreters>,
    workspace: Mutex<Option<Workspace>>,
    /// Where the script's words go.
    say: fn(&str),
    undecided: Mutex<Vec<String>>,
}

/// The workspace of the current folder.
fn here() -> Result<Workspace, HostError> {
    let folder = current_folder()
        .map_err(|error| HostError::because("failed to look for workloads", error))?;
    workspace(&folder)
}

impl DryHost {
    fn interpreters(&self) -> MutexGuard<'_, Interpreters> {
        self.interpreters.lock().expect("nothing panics while it holds them")
    }

    fn undecided(&self) -> MutexGuard<'_, Vec<String>> {
        self.undecided.lock().expect("nothing panics while it holds the list")
    }
}

impl Host for DryHost {
    fn resolve(&self, wanted: &Wanted) -> Result<Resolved, HostError> {
        let mut cases = Vec::new();
        let workload = match &wanted.source {
            Source::Runtime(runtime) => {
                cases = self.interpreters().check(runtime, &|| *self.stop.borrow())?;
                None
            }
            Source::Bootstrap(path) => {
                let around = Surroundings { path: wanted.path.as_deref(), left_out: &[] };
                Deployable::look(path, around).map_err(|error| {
                    let message = format!("bootstrap {} cannot be used", path.display());
                    HostError::because(message, error)
                })?;
                None
            }
            Source::Workload(name) => {
                let variant: Result<Variant, _> = wanted.variant.parse();
                variant.map_err(|error| HostError::new(error.to_string()))?;
                let mut known =
                    self.workspace.lock().expect("nothing panics while it holds the workspace");
                let workspace = match &mut *known {
                    Some(workspace) => workspace,
                    empty => empty.insert(here()?),
                };
                let workload = find(workspace, name)?;
                // Of those that describe themselves, the cases are known once they are built.
                workload.cases_from_files().map_err(|error| builds::no_cases(name, error))?;
                Some(workload.name.clone())
            }
        };
        Ok(Resolved {
            bootstrap: PathBuf::new(),
            workload,
            cases,
            env_vars: BTreeMap::new(),
            reads: Vec::new(),
            variant: None,
        })
    }

    fn runtimes(&self, client: Client) -> Result<Vec<String>, HostError> {
        Ok(self.interpreters().names(client, &|| *self.stop.borrow()).0)
    }

    fn service(&self, wanted: &WantedService) -> Result<StartedService, HostError> {
        let spec = services::spec(wanted, 0)?;
        // Port 9 discards whatever is sent.
        let variable = spec.kind.endpoint_variable().to_owned();
        let env_vars = BTreeMap::from([(variable, "http://127.0.0.1:9".to_owned())]);
        Ok(StartedService { id: ServiceId(0), env_vars })
    }

    fn change_service(&self, _id: ServiceId, change: &ServiceChange) -> Result<(), HostError> {
        services::read(change).map(drop)
    }

    fn deployed(&self, _function: FunctionId, _deployment: &Deployment) {}

    fn launch(&self, _function: FunctionId, _slot: Option<Slot>) {}

    fn record(&self, batch: Batch<'_>) -> Result<Vec<Invocation>, HostError> {
        Ok(batch.invocations)
    }

    fn measure(&self, _wanted: &WantedRung<'_>) -> Result<Vec<u64>, HostError> {
        Ok(Vec::new())
    }

    fn removed(&self, _function: FunctionId) {}

    fn note(&self, text: &str) {
        (self.say)(text);
    }

    fn answer(&self, text: &str) {
        (self.say)(&format!("answer, with nominal figures: {text}"));
    }

    // Nominal answers satisfy no check of a script, nor do they fail it. But none of them fails and all take as long as each
    // other, so a threshold that they leave undecided has too small a sample.
    fn check(&self, name: &str, _passed: bool, measure: Option<&Measure>) {
        if let Some(measure) = measure.filter(|measure| measure.undecided) {
            let reason = measure.reason.as_deref().unwrap_or("nothing is measured");
            // Not even if none of them fails.
            let at_best = measure.ci95.filter(|_| measure.side == Side::Below);
            let at_best = at_best.zip(measure.n).map(|([_, high], n)| {
                format!("none of {n} leaves up to {:.2} % possible; ", 100.0 * high)
            });
            let at_best = at_best.filter(|_| measure.unit == "share").unwrap_or_default();
            let line =
                format!("threshold \"{name}\" cannot be decided as planned: {at_best}{reason}");
            self.undecided().push(line);
        }
    }

    fn progress(&self, _progress: Progress<'_>) {}
}
