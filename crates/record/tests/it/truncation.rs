//! Files that are cut off or damaged anywhere.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use kelvin_record::Run;
use proptest::prelude::*;

use crate::sample::finished;

/// The folder of a run of 8 launches with 6 invocations each.
fn original() -> &'static (tempfile::TempDir, PathBuf) {
    static RUN: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    RUN.get_or_init(|| {
        let results = tempfile::tempdir().expect("temporary files can be made");
        let directory = finished(results.path(), 8, 5);
        (results, directory)
    })
}

/// Opens a copy of the run with one file changed.
fn open_changed(name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Result<Run, String> {
    let copy = tempfile::tempdir().expect("temporary files can be made");
    for entry in fs::read_dir(&original().1).expect("the run is there") {
        let path = entry.expect("the run can be listed").path();
        let file_name = path.file_name().expect("a file has a name");
        fs::copy(&path, copy.path().join(file_name)).expect("the run can be copied");
    }
    let path = copy.path().join(name);
    let mut bytes = fs::read(&path).expect("the file is there");
    change(&mut bytes);
    fs::write(&path, bytes).expect("the copy can be written");
    Run::open(copy.path()).map_err(|error| error.to_string())
}

fn assert_whole_launches(run: &Run) -> Result<(), TestCaseError> {
    prop_assert_eq!(run.invocations.len(), run.launches.len() * 6);
    let whole = Run::open(&original().1).expect("the original is good");
    prop_assert!(run.invocations.iter().all(|row| whole.invocations.contains(row)));
    prop_assert!(run.launches.iter().all(|launch| whole.launches.contains(launch)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn invocations_that_are_cut_off_leave_whole_launches(part in 0.0..1.0_f64) {
        let mut before = 0;
        let run = open_changed("invocations.jsonl.gz", |bytes| {
            before = bytes.len();
            bytes.truncate(cut(bytes.len(), part));
        });
        let run = run.map_err(TestCaseError::fail)?;
        assert_whole_launches(&run)?;
        prop_assert!(run.truncated.is_some_and(|why| why.contains("invocations.jsonl.gz is cut off")));
    }

    #[test]
    fn launches_that_are_cut_off_leave_whole_launches(part in 0.0..1.0_f64) {
        let run = open_changed("launches.jsonl", |bytes| bytes.truncate(cut(bytes.len(), part)));
        let run = run.map_err(TestCaseError::fail)?;
        assert_whole_launches(&run)?;
        prop_assert!(run.truncated.is_some_and(|why| why.contains("8 launches were recorded")));
        prop_assert_eq!(run.invocations.len() as u64 + run.incomplete, 48);
    }

    #[test]
    fn damage_is_an_error_or_harmless_and_never_a_panic(at in 0.0..1.0_f64, flip in 1..=255_u8) {
        for name in ["invocations.jsonl.gz", "launches.jsonl", "run.json"] {
            let _ = open_changed(name, |bytes| {
                let at = cut(bytes.len(), at);
                bytes[at] ^= flip;
            });
        }
    }
}

/// That part of a length, always below it.
fn cut(length: usize, part: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "part is 0 to 1")]
    let at = (length as f64 * part) as usize;
    at.min(length - 1)
}

#[test]
fn an_empty_file_is_a_cut_off_one() {
    let run = open_changed("invocations.jsonl.gz", Vec::clear).unwrap();
    assert_eq!((run.launches.len(), run.invocations.len()), (0, 0));
    insta::assert_snapshot!(
        run.truncated.unwrap(),
        @"invocations.jsonl.gz is cut off; 48 invocations were recorded and 0 are here"
    );
}
