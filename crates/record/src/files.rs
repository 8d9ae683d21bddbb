//! The names of a run's files and their sizes, and how a document is replaced as a whole.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::{RecordError, RunRecord};

pub(crate) const RUN: &str = "run.json";
pub(crate) const SCENARIO: &str = "scenario.rhai";
/// A folder, with a file for each module.
pub(crate) const MODULES: &str = "modules";
pub(crate) const LAUNCHES: &str = "launches.jsonl";
pub(crate) const INVOCATIONS: &str = "invocations.jsonl.gz";
pub(crate) const LOADS: &str = "loads.jsonl";
pub(crate) const PIPES: &str = "pipes.jsonl";
/// Only as long as the run can be resumed.
pub(crate) const RESPONSES: &str = "responses.jsonl";
/// A folder, with two files for each invocation; only where it is asked for.
pub(crate) const PAYLOADS: &str = "payloads";
pub(crate) const RUNGS: &str = "rungs.jsonl";
pub(crate) const SUMMARY: &str = "summary.json";

/// The files of records, as far as they are there, each with its size in bytes.
pub(crate) fn sizes(directory: &Path) -> BTreeMap<String, u64> {
    let size = |name: &&str| fs::metadata(directory.join(name)).ok().map(|facts| facts.len());
    let files = [LAUNCHES, INVOCATIONS, LOADS, PIPES, RUNGS];
    let known = files.iter().filter_map(|name| Some(((*name).to_owned(), size(name)?)));
    known.collect()
}

/// What shows without reading them that files of a run have lost records; `None` if nothing does.
pub(crate) fn damage(directory: &Path, run: &RunRecord) -> Option<String> {
    let now = sizes(directory);
    let missing = [LAUNCHES, INVOCATIONS].into_iter().filter(|name| !now.contains_key(*name));
    let missing = missing.map(|name| format!("{name} is missing"));
    let is_shorter = |(name, then): (&String, &u64)| match now.get(name) {
        Some(now) if now >= then => None,
        Some(_) => Some(format!("{name} is shorter than when the run ended")),
        None if [LAUNCHES, INVOCATIONS].contains(&name.as_str()) => None,
        None => Some(format!("{name} is missing")),
    };
    let all: Vec<String> = missing.chain(run.files.iter().filter_map(is_shorter)).collect();
    if all.is_empty() { None } else { Some(all.join("; ")) }
}

/// Writes a document beside its place and renames it, so that a reader sees the old or the new one and never a part.
pub(crate) fn replace_document(
    directory: &Path,
    name: &str,
    document: &impl Serialize,
) -> Result<(), RecordError> {
    let path = directory.join(name);
    let replace = || -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(document)?;
        text.push(b'\n');
        let mut builder = tempfile::Builder::new();
        // Temporary files are private by default; results are as readable as the user's other files.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.prefix(".kelvin-").tempfile_in(directory)?;
        file.write_all(&text)?;
        file.persist(&path)?;
        Ok(())
    };
    replace().map_err(|source| RecordError::Write { path: path.clone(), source })
}
