//! `kelvin run --resume`: from a run on disk to what its continuation needs, or why it cannot be continued.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use kelvin_lambda::{Enforcement, PlatformFacts};
use kelvin_record::{HostRecord, Run, RunId, RunRecord, read_responses};
use kelvin_scenario::Script;
use serde_json::Value;

use crate::results;
use crate::run::changed::{self, Now};
use crate::run::kept::Continued;
use crate::script_folder::{Beside, Modules};
use crate::{shell, shipped};

/// That the script is no longer what it was when the run was made; the one on record is run all the same.
#[derive(Clone, Debug)]
pub(super) struct Changed {
    pub message: String,
    /// Whether it is known, and so belongs into the record.
    pub is_known: bool,
}

/// A run that can be continued here.
#[derive(Debug)]
pub(super) struct Resumed {
    pub run_id: RunId,
    pub script: Script,
    /// Where it is from, if not from this binary.
    pub script_path: Option<PathBuf>,
    /// What to say if it is no longer what it was, or nobody knows.
    pub changed: Option<Changed>,
    pub seed: u64,
    /// As they would be typed.
    pub settings: BTreeMap<String, Vec<String>>,
    /// The options that decide what is enforced.
    pub limits: BTreeMap<String, String>,
    pub platform: PlatformFacts,
    /// Whether payloads of failures are kept.
    pub keep_payloads: bool,
    pub continued: Continued,
}

impl Resumed {
    /// Opens the run of that folder or name. Fails if it came to its end, or was made on another machine.
    pub(super) fn open(name: &str, results: &Path) -> anyhow::Result<Resumed> {
        let directory = results::find(name, results)?;
        let run = Run::open(&directory).context("failed to resume the run")?;
        let record = &run.record;
        check_status(record)?;
        let responses = read_responses(&directory, record).context("failed to resume the run")?;
        let here = HostRecord::of_this_machine();
        if here.machine_key != record.host.machine_key {
            bail!(
                "run {} was made on another machine ({}), and numbers of two machines do not belong into one run; start anew",
                record.run_id,
                describe(&record.host)
            );
        }
        let path = directory.join("scenario.rhai");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("failed to read {}", path.display()))?;
        let script_path = path_of_script(record);
        let beside = Beside {
            modules: Modules::Folder(directory.join("modules")),
            events: folder_of(script_path.as_deref()),
        };
        let script = Script::compile_in(Arc::new(beside), record.scenario.name.as_str(), text)?;
        let settings = typed(&record.scenario.settings);
        let changed = changed(record, &script, script_path.as_deref(), &settings);
        let (run_id, seed) = (record.run_id.clone(), record.scenario.seed);
        let (limits, platform) = (record.limits.clone(), record.platform.clone());
        let keep_payloads = record.keep_payloads;
        let mut continued = Continued::of(run, responses);
        continued.kept.payloads = keep_payloads.then_some(directory);
        Ok(Resumed {
            run_id,
            script,
            script_path,
            changed,
            seed,
            settings,
            limits,
            platform,
            keep_payloads,
            continued,
        })
    }

    /// Fails unless the platform enforces exactly what it enforced then.
    pub(super) fn check_platform(&self, now: &PlatformFacts) -> anyhow::Result<()> {
        let then = &self.platform;
        if then.name != now.name {
            bail!("run {} was made on {}, not on {}", self.run_id, then.name, now.name);
        }
        let by = |facts: &PlatformFacts| -> BTreeMap<String, Option<String>> {
            let entry = |e: &Enforcement| (e.limit.clone(), e.by.clone());
            facts.enforcement.iter().map(entry).collect()
        };
        let (then, now) = (by(then), by(now));
        let limits = then.keys().chain(now.keys());
        let name = |by: Option<&Option<String>>| match by {
            Some(Some(by)) => format!("enforced ({by})"),
            _ => "not enforced".to_owned(),
        };
        for limit in limits {
            let (then, now) = (name(then.get(limit)), name(now.get(limit)));
            if then != now {
                bail!(
                    "run {} was made with {limit} {then}, and here it is {now}; all launches of a run are made alike: start anew",
                    self.run_id
                );
            }
        }
        Ok(())
    }
}

/// Where the script of a run is from. Older runs only have it on their command line.
fn path_of_script(run: &RunRecord) -> Option<PathBuf> {
    if let Some(path) = &run.scenario.path {
        return Some(path.into());
    }
    let name = std::ffi::OsStr::new(&run.scenario.name);
    let mut paths = run.argv.iter().skip(1).map(Path::new);
    let path = paths.find(|path| path.file_name() == Some(name));
    path.filter(|_| !shipped::is_shipped(&run.scenario.name)).map(Path::to_owned)
}

/// Files of events are not on record: they are read from beside the script.
fn folder_of(script: Option<&Path>) -> PathBuf {
    let folder = script.and_then(Path::parent).filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new(".")).to_owned()
}

/// Compares the script on record with what it was made from.
fn changed(
    run: &RunRecord,
    then: &Script,
    path: Option<&Path>,
    settings: &BTreeMap<String, Vec<String>>,
) -> Option<Changed> {
    let on_record = format!("run {} goes on with the script on record", run.run_id);
    match changed::now(&run.scenario.name, path) {
        Now::Gone { name } => {
            let message =
                format!("{name} is not there, so whether it has changed is not known; {on_record}");
            Some(Changed { message, is_known: false })
        }
        Now::Here { name, script } => {
            let changes = changed::since(then, &script, settings);
            if changes.is_empty() {
                return None;
            }
            let message = format!(
                "{name} has changed since ({}); {on_record}, and `kelvin run {}` begins anew with the other one",
                changes.join("; "),
                shell::typed(&name)
            );
            Some(Changed { message, is_known: true })
        }
    }
}

fn check_status(run: &RunRecord) -> anyhow::Result<()> {
    if run.status.can_be_resumed() {
        return Ok(());
    }
    bail!(
        "run {} came to its end ({}), so there is nothing to resume; `kelvin report {0}` prints it",
        run.run_id,
        run.status.as_str()
    )
}

fn describe(host: &HostRecord) -> String {
    let cpu = host.cpu_model.as_deref().unwrap_or("an unknown CPU");
    let kernel = host.kernel.as_deref().unwrap_or("unknown");
    let cores = host.cores_logical.map(|cores| format!("{cores} × ")).unwrap_or_default();
    format!("{cores}{cpu}, {}, kernel {kernel}, {}", host.arch, host.virt)
}

/// Settings as texts: what the record has of them, defaults included.
fn typed(settings: &BTreeMap<String, Value>) -> BTreeMap<String, Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let texts = |value: &Value| match value {
        Value::Array(values) => values.iter().map(text).collect(),
        one => vec![text(one)],
    };
    settings.iter().map(|(name, value)| (name.clone(), texts(value))).collect()
}
