//! The names of a run's files, and how a document is replaced as a whole.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::RecordError;

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
