//! `kelvin run --dry-run`: the script against a platform that answers nominally. Every run begins with it, to see how long it
//! would wait.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use kelvin_artifact::{Variant, Workspace};
use kelvin_emulator::{Deployable, Surroundings};
use kelvin_lambda::Invocation;
use kelvin_platform::FunctionId;
use kelvin_scenario::{
    Batch, Client, Deployment, ErrorKind, Host, HostError, Measure, NominalPlatform, Progress,
    Resolved, RunOptions, ScenarioError, Script, ServiceChange, ServiceId, Side, Slot, Source,
    StartedService, Totals, Wanted, WantedRung, WantedService, written_duration,
};
use tokio::sync::watch;

use crate::cli::Format;
use crate::exit::Exit;
use crate::run::builds::{self, find, workspace};
use crate::run::{RunConfig, current_folder, services, shown};
use crate::runtimes::Interpreters;
use crate::terminal;

/// How long a script is evaluated. Most take no time; one that waits for what is measured may have no end.
const COUNTS_FOR: Duration = Duration::from_secs(5);
/// How long it is evaluated before it runs.
const LOOKS_AHEAD_FOR: Duration = Duration::from_secs(2);

pub(super) fn run(config: &RunConfig) -> anyhow::Result<Exit> {
    // There may have been no run yet.
    let left_out = config.out.canonicalize().into_iter().collect();
    let host = DryHost { left_out, ..DryHost::new(&config.options, terminal::complain) };
    let planned = match on_nominal(&config.script, config.options.clone(), host, COUNTS_FOR) {
        Ok(planned) => planned,
        Err(error) => return shown(error.into()),
    };
    planned.warnings().for_each(|line| terminal::complain(&line));
    terminal::print(&match config.format {
        Format::Text => text(&planned),
        Format::Json => json(&planned),
    })?;
    Ok(Exit::Done)
}

/// Fails if the run would certainly wait longer than it may, and says so if that is likely. Whatever else is wrong, the run
/// itself will tell.
pub(super) fn look_ahead(script: &Script, options: &RunOptions) -> Result<(), ScenarioError> {
    let host = DryHost { looks: false, ..DryHost::new(options, |_| {}) };
    let planned = on_nominal(script, options.clone(), host, LOOKS_AHEAD_FOR);
    match planned {
        Err(error) if error.kind == ErrorKind::Deadline => return Err(error),
        Ok(Planned { waits_too_long: Some(warning), .. }) => terminal::complain(&warning),
        _ => {}
    }
    Ok(())
}

/// What a script would do.
pub(super) struct Planned {
    pub(super) totals: Totals,
    /// A line for each threshold that the plan is too small for, however good what is measured.
    undecided: Vec<String>,
    /// What there is to say if it would wait longer than it may.
    waits_too_long: Option<String>,
    /// Why and where counting was stopped, if it was.
    pub(super) stopped: Option<String>,
}

impl Planned {
    /// A line each.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        self.undecided.iter().chain(&self.waits_too_long).cloned()
    }
}

/// Evaluates a script; tells what it would do, as far as that does not depend on what is measured. What it notes goes to
/// `say`.
pub(super) fn evaluate(
    script: &Script,
    options: RunOptions,
    say: fn(&str),
) -> Result<Planned, ScenarioError> {
    let host = DryHost::new(&options, say);
    on_nominal(script, options, host, COUNTS_FOR)
}

fn on_nominal(
    script: &Script,
    mut options: RunOptions,
    host: DryHost,
    counts_for: Duration,
) -> Result<Planned, ScenarioError> {
    let host = Arc::new(host);
    options.nominal = Some(counts_for);
    let limit = written_duration(options.limits.run_time);
    let platform = Arc::new(NominalPlatform::standing_for("emulator"));
    let done = script.run(options, Arc::clone(&platform) as _, Arc::clone(&host) as _);
    let mut planned = Planned {
        totals: platform.totals(),
        undecided: std::mem::take(&mut *host.undecided()),
        waits_too_long: None,
        stopped: None,
    };
    match done {
        Ok(outcome) => {
            let warning = || {
                format!(
                    "the run would wait longer than the {limit} that it may take, as far as nominal figures tell; --time-limit sets another limit"
                )
            };
            planned.waits_too_long = outcome.waits_too_long.then(warning);
        }
        Err(error) if error.kind == ErrorKind::Uncounted => {
            let line = error.place.map(|place| format!(" (line {})", place.line));
            planned.stopped = Some(error.message + line.as_deref().unwrap_or_default());
        }
        Err(error) => return Err(error),
    }
    Ok(planned)
}

fn text(planned: &Planned) -> String {
    let totals = &planned.totals;
    let stopped = planned.stopped.as_ref().map(|why| format!("There is more: {why}.\n"));
    format!(
        "at least, with nominal durations:\n  functions    {}\n  launches     {}\n  invocations  {}\n  loads        {}\n  time         {:.1} s\n  cost on AWS  ${:.6}\n{}Nothing was built or started, and no answers were checked.\n",
        totals.functions,
        totals.launches,
        totals.invocations,
        totals.loads,
        totals.time.as_secs_f64(),
        totals.cost.total_usd(),
        stopped.unwrap_or_default(),
    )
}

fn json(planned: &Planned) -> String {
    let totals = &planned.totals;
    let document = serde_json::json!({
        "functions": totals.functions,
        "launches": totals.launches,
        "invocations": totals.invocations,
        "loads": totals.loads,
        "time_ms": totals.time.as_secs_f64() * 1000.0,
        "cost_usd": totals.cost.total_usd(),
        "stopped": planned.stopped,
    });
    format!("{document:#}\n")
}

/// Knows which workloads there are, and builds nothing.
struct DryHost {
    stop: watch::Receiver<bool>,
    /// Whether it looks for what is to be deployed.
    looks: bool,
    /// Folders that are in no package.
    left_out: Vec<PathBuf>,
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
    fn new(options: &RunOptions, say: fn(&str)) -> DryHost {
        DryHost {
            stop: options.stop.clone(),
            looks: true,
            left_out: Vec::new(),
            interpreters: Mutex::default(),
            workspace: Mutex::default(),
            say,
            undecided: Mutex::default(),
        }
    }

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
            // As a workload that was not built, it may have any case.
            _ if !self.looks => Some(String::new()),
            Source::Runtime(runtime) => {
                cases = self.interpreters().check(runtime, &|| *self.stop.borrow())?;
                None
            }
            Source::Bootstrap(path) => {
                let around =
                    Surroundings { path: wanted.path.as_deref(), left_out: &self.left_out };
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
        if !self.looks {
            return Ok(Vec::new());
        }
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
