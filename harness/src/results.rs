//! Finding a recorded run.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use kelvin_record::{RecordError, Run, RunStatus, list_runs};

/// Opens the run in the folder `name`, or the one in `results` whose id begins so, or the latest one.
pub(crate) fn open(name: &str, results: &Path) -> anyhow::Result<Run> {
    let directory = find(name, results)?;
    Run::open(&directory)
        .map_err(|error| anyhow::Error::new(error).context("failed to report the run"))
}

/// How a run is that cannot be read.
pub(crate) fn status_of(error: &RecordError) -> &'static str {
    if error.is_damage() { RunStatus::Damaged.as_str() } else { "unreadable" }
}

/// The folder of that run.
pub(crate) fn find(name: &str, results: &Path) -> anyhow::Result<PathBuf> {
    let path = Path::new(name);
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    let runs = list_runs(results).context("failed to look for runs")?;
    if name == "latest" {
        let latest = runs.into_iter().next_back();
        return latest.map(|run| run.directory).with_context(|| {
            format!("there are no runs in {}; make one with `kelvin run`", results.display())
        });
    }
    let mut matching = runs.into_iter().filter(|run| run.run_id.as_str().starts_with(name));
    match (matching.next(), matching.next()) {
        (Some(run), None) => Ok(run.directory),
        (Some(a), Some(b)) => {
            bail!(
                "several runs begin with \"{name}\": {}, {}, …",
                a.run_id.as_str(),
                b.run_id.as_str()
            )
        }
        (None, _) => bail!(
            "there is no run \"{name}\" in {}, and no folder of that name; `kelvin list runs` lists them",
            results.display()
        ),
    }
}
