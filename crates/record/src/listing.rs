//! The runs of a results folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::reader::read_run_record;
use crate::{RecordError, RunId, RunRecord, RunStatus, files};

/// One run of a results folder.
#[derive(Debug)]
pub struct RunListing {
    /// Its folder.
    pub directory: PathBuf,
    /// From the folder's name.
    pub run_id: RunId,
    /// What `run.json` says, or why it cannot be read.
    pub facts: Result<RunFacts, RecordError>,
}

/// What a list of runs shows of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFacts {
    /// How it ended; `damaged` where files show, without being read, that records are missing.
    pub status: RunStatus,
    /// What they show.
    pub damage: Option<String>,
    /// Name of its scenario.
    pub scenario: String,
    /// How many functions it deployed.
    pub functions: usize,
    /// How many launches it recorded; 0 while it is running.
    pub launches: u64,
}

/// Lists the runs in a results folder, oldest first. A folder that is not there has none; whatever is not named like a
/// run is passed over.
pub fn list_runs(results: &Path) -> Result<Vec<RunListing>, RecordError> {
    let read_error = |source| RecordError::Read { path: results.to_owned(), source };
    let entries = match fs::read_dir(results) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(read_error(error)),
    };
    let mut runs = Vec::new();
    for entry in entries {
        let entry = entry.map_err(read_error)?;
        let name = entry.file_name();
        let Some(run_id) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        let directory = entry.path();
        let facts = read_run_record(&directory).map(|run| facts(&directory, run));
        runs.push(RunListing { directory, run_id, facts });
    }
    runs.sort_by(|a, b| a.run_id.cmp(&b.run_id));
    Ok(runs)
}

fn facts(directory: &Path, run: RunRecord) -> RunFacts {
    let damage = files::damage(directory, &run).filter(|_| run.status != RunStatus::Running);
    RunFacts {
        status: if damage.is_some() { RunStatus::Damaged } else { run.status },
        damage,
        scenario: run.scenario.name,
        functions: run.functions.len(),
        launches: run.recorded.launches,
    }
}
