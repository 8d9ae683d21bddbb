//! Runs of every schema version that was ever written can still be read.
//!
//! `fixtures/v1` was written by `RunWriter` with the made-up numbers of `sample.rs`: 40 launches with ten warm starts each.
//! It stays as it is, so that what old runs look like stays known.

use std::path::Path;

use kelvin_record::{Run, RunStatus, Summary};

#[test]
fn version_1_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1");
    let run = Run::open(&folder).unwrap();
    assert_eq!(run.truncated, None);
    assert_eq!(run.record.status, RunStatus::Ok);
    assert_eq!(run.record.schema_version, 1);
    assert_eq!((run.launches.len(), run.invocations.len(), run.incomplete), (40, 440, 0));
    let ladders = run.invocations.iter().filter_map(|row| row.timing().ladder());
    assert_eq!(ladders.count(), 440);
    let text = std::fs::read(folder.join("summary.json")).unwrap();
    let summary: Summary = serde_json::from_slice(&text).unwrap();
    assert_eq!((summary.schema_version, summary.functions.len()), (1, 2));
}
