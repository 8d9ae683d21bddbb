//! Loads and chains: what is kept of them, and when.

use std::fs;

use kelvin_record::{PipeRecord, Run};

use crate::sample::{empty_summary, outcome, record_load, written};

#[test]
fn loads_and_chains_are_read_as_they_were_written() {
    let results = tempfile::tempdir().unwrap();
    let mut writer = written(results.path(), 2, 1);
    let load = record_load(&mut writer, 0, 2);
    writer.load_ended(&load).unwrap();
    let pipe = PipeRecord {
        functions: vec![0, 1],
        at_ns: vec![1, 7],
        latency_ns: vec![5, 6],
        cold: 1,
        whole_ns: 12,
        ok: true,
        block: Some(0),
        position: Some(1),
    };
    writer.append_pipe(&pipe).unwrap();
    let directory = writer.directory().to_owned();
    let (run, _) = writer.finish(outcome(), empty_summary).unwrap();
    assert_eq!(run.truncated, None);
    assert_eq!((run.record.recorded.loads, run.record.recorded.pipes), (1, 1));
    assert_eq!((&run.loads, &run.pipes), (&vec![load], &vec![pipe]));
    assert_eq!(Run::open(&directory).unwrap(), run);
    let rows: Vec<_> = run.invocations.iter().filter(|row| row.load == Some(0)).collect();
    assert_eq!(rows.len(), 6);
    assert!(rows.iter().all(|row| row.intended_ns.is_some_and(|due| due < row.at_ns)));
    // Nobody served the request that was throttled.
    assert_eq!((rows[5].launch, rows[5].function), (None, Some(0)));
}

#[test]
fn a_load_that_has_ended_is_whole_although_its_launches_go_on() {
    let results = tempfile::tempdir().unwrap();
    let mut writer = written(results.path(), 2, 1);
    let load = record_load(&mut writer, 0, 2);
    writer.load_ended(&load).unwrap();
    // The next one has not ended when the program is killed.
    record_load(&mut writer, 1, 2);
    let directory = writer.directory().to_owned();
    drop(writer);
    let run = Run::open(&directory).unwrap();
    assert_eq!(run.loads, [load]);
    assert_eq!(run.launches.len(), 2);
    let of_load: Vec<_> = run.invocations.iter().filter(|row| row.load.is_some()).collect();
    assert_eq!(of_load.iter().filter(|row| row.load == Some(0)).count(), 6);
    assert!(of_load.iter().all(|row| run.function_of(row) == Some(0)));
    // Whatever there is of the second are the requests that nobody served.
    assert!(of_load.iter().all(|row| row.load == Some(0) || row.launch.is_none()));
}

#[test]
fn a_load_whose_invocations_are_not_all_here_is_left_out() {
    let results = tempfile::tempdir().unwrap();
    let mut writer = written(results.path(), 2, 1);
    let mut load = record_load(&mut writer, 0, 2);
    load.invocations += 1;
    writer.load_ended(&load).unwrap();
    let directory = writer.directory().to_owned();
    drop(writer);
    let run = Run::open(&directory).unwrap();
    assert_eq!((run.loads.len(), run.incomplete), (0, 5));
}

#[test]
fn a_load_that_is_cut_off_is_no_load() {
    let results = tempfile::tempdir().unwrap();
    let mut writer = written(results.path(), 2, 1);
    let load = record_load(&mut writer, 0, 2);
    writer.load_ended(&load).unwrap();
    let directory = writer.directory().to_owned();
    let (whole, _) = writer.finish(outcome(), empty_summary).unwrap();
    let path = directory.join("loads.jsonl");
    let bytes = fs::read(&path).unwrap();
    for length in 0..bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        let run = Run::open(&directory).unwrap();
        assert!(run.loads.is_empty() && run.truncated.is_some());
        assert!(run.invocations.len() <= whole.invocations.len());
    }
}
