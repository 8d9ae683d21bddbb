//! What is in the folder of a run, at which moment.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;

use kelvin_record::{
    InvocationRecord, Kept, Outcome, ResponseRecord, Run, RunStatus, RunWriter, RungRecord,
    ScenarioText, list_runs, payload_files, read_responses,
};

use crate::sample::{empty_summary, finished, outcome, record_launch, run_record, written};

#[test]
fn a_finished_run_reads_as_it_was_written() {
    let results = tempfile::tempdir().unwrap();
    let writer = written(results.path(), 4, 3);
    let directory = writer.directory().to_owned();
    let (run, summary) = writer.finish(outcome(), empty_summary).unwrap();
    assert_eq!(Run::open(&directory).unwrap(), run);
    assert_eq!(run.truncated, None);
    assert_eq!(run.record.status, RunStatus::Ok);
    assert_eq!((run.launches.len(), run.invocations.len(), run.incomplete), (4, 16, 0));
    assert_eq!(run.record.unavailable["throttled_ns"], "the CPU limit is not enforced");
    assert!(run.record.unavailable.contains_key("host.governor"));
    let text = fs::read(directory.join("summary.json")).unwrap();
    assert_eq!(serde_json::from_slice::<kelvin_record::Summary>(&text).unwrap(), summary);
    let mut names: Vec<_> = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["invocations.jsonl.gz", "launches.jsonl", "run.json", "scenario.rhai", "summary.json"]
    );
}

#[test]
fn modules_lie_beside_the_script() {
    let results = tempfile::tempdir().unwrap();
    let modules = BTreeMap::from([("tools".to_owned(), "fn two() { 2 }".to_owned())]);
    let scenario = ScenarioText { script: "import \"tools\" as t;", modules: &modules };
    let writer = RunWriter::create(results.path(), &run_record(), scenario).unwrap();
    let read = |name: &str| fs::read_to_string(writer.directory().join(name)).unwrap();
    assert_eq!(read("scenario.rhai"), scenario.script);
    assert_eq!(read("modules/tools.rhai"), modules["tools"]);
}

#[test]
fn measurements_without_lambda_are_read_as_they_were_written() {
    let results = tempfile::tempdir().unwrap();
    let mut writer = written(results.path(), 2, 1);
    let directory = writer.directory().to_owned();
    let rung = |block| RungRecord {
        function: 1,
        rung: "compute".to_owned(),
        case: Some("small".to_owned()),
        block,
        position: block,
        started_offset_ns: 7,
        ns: vec![120, 100],
    };
    writer.append_rung(&rung(Some(0))).unwrap();
    writer.append_rung(&rung(None)).unwrap();
    let (run, _) = writer.finish(outcome(), empty_summary).unwrap();
    assert_eq!(run.rungs, [rung(Some(0)), rung(None)]);
    assert_eq!((run.record.recorded.rungs, &run.truncated), (2, &None));
    let path = directory.join("rungs.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.len() - 1]).unwrap();
    let cut = Run::open(&directory).unwrap();
    let why = "rungs.jsonl is cut off; 2 rungs were recorded and 1 are here";
    assert_eq!((cut.rungs.len(), cut.truncated.as_deref()), (1, Some(why)));
    fs::write(&path, text.replace("\"function\":1", "\"function\":9")).unwrap();
    let error = Run::open(&directory).unwrap_err().to_string();
    assert!(error.contains("rungs.jsonl line 1: there is no function 9"), "{error}");
}

#[test]
fn a_killed_run_keeps_its_whole_launches() {
    let results = tempfile::tempdir().unwrap();
    let mut writer = written(results.path(), 3, 5);
    // What is in memory when the program is killed is lost, and nobody tidies up.
    record_launch(&mut writer, 1, 3, 5);
    let directory = writer.directory().to_owned();
    let run = Run::open(&directory).unwrap();
    std::mem::forget(writer);
    assert_eq!((run.launches.len(), run.invocations.len(), run.incomplete), (3, 18, 0));
    assert_eq!(run.record.functions.len(), 2);
    insta::assert_snapshot!(
        run.truncated.unwrap(),
        @"the run has not ended, or its program was killed"
    );
}

#[test]
fn invocations_of_a_launch_that_did_not_end_are_counted_and_left_out() {
    let results = tempfile::tempdir().unwrap();
    let mut writer = written(results.path(), 2, 5);
    record_launch(&mut writer, 0, 2, 5);
    let (run, _) = writer.finish(outcome(), empty_summary).unwrap();
    assert_eq!((run.launches.len(), run.invocations.len(), run.incomplete), (2, 12, 6));
    assert_eq!(run.record.recorded.invocations, 18);
    assert_eq!(run.truncated, None);
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_at_once() {
    let results = tempfile::tempdir().unwrap();
    let file = results.path().join("a-file");
    fs::write(&file, "").unwrap();
    let message = RunWriter::create(&file, &run_record(), "").unwrap_err().to_string();
    assert!(message.starts_with("create run directory "), "{message}");
    assert!(message.ends_with("choose another folder for results"), "{message}");

    finished(results.path(), 1, 1);
    assert!(RunWriter::create(results.path(), &run_record(), "").is_err());
}

#[test]
fn bad_files_are_named_with_their_line() {
    let check = |name: &str, change: &dyn Fn(String) -> String, message: &str, source: &str| {
        let results = tempfile::tempdir().unwrap();
        let directory = finished(results.path(), 2, 1);
        let path = directory.join(name);
        fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
        let error = Run::open(&directory).unwrap_err();
        let path = path.display().to_string();
        assert_eq!(error.to_string().replace(&path, name), message);
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        assert!(cause.contains(source), "{cause}");
    };
    let replace = |from: &'static str, to: &'static str| move |text: String| text.replace(from, to);
    check(
        "run.json",
        &replace("\"schema_version\": 1", "\"schema_version\": 2"),
        "read run.json: it has schema version 2, and this kelvin reads up to 1; use a newer kelvin",
        "",
    );
    check(
        "run.json",
        &replace("kelvin/run", "kelvin/walk"),
        "read run.json: its schema is \"kelvin/walk\", not \"kelvin/run\"",
        "",
    );
    check(
        "run.json",
        &replace("\"memory_mb\": 128", "\"memory_mb\": 1"),
        "read run.json: not a document of this schema",
        "memory size of 1 MB is out of range",
    );
    check("run.json", &|_| String::new(), "read run.json: not a document of this schema", "EOF");
    check(
        "launches.jsonl",
        &replace("\"launch\":1", "\"launch\":-1"),
        "read launches.jsonl line 2: not a record of this schema",
        "invalid value",
    );
    check(
        "launches.jsonl",
        &replace("\"launch\":1", "\"launch\":0"),
        "read launches.jsonl line 2: launch 0 is there already",
        "",
    );
    check(
        "launches.jsonl",
        &replace("\"function\":1", "\"function\":9"),
        "read launches.jsonl line 2: there is no function 9 in run.json",
        "",
    );
}

#[test]
fn missing_files_are_named() {
    let results = tempfile::tempdir().unwrap();
    let message = Run::open(results.path()).unwrap_err().to_string();
    assert!(message.ends_with("it has no run.json, so it is not a run directory"), "{message}");
    for name in ["launches.jsonl", "invocations.jsonl.gz"] {
        let results = tempfile::tempdir().unwrap();
        let directory = finished(results.path(), 1, 1);
        fs::remove_file(directory.join(name)).unwrap();
        let message = Run::open(&directory).unwrap_err().to_string();
        assert!(message.ends_with(name), "{message}");
    }
}

#[test]
fn fields_of_a_later_kelvin_are_passed_over() {
    let results = tempfile::tempdir().unwrap();
    let directory = finished(results.path(), 1, 1);
    let path = directory.join("launches.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("{\"launch\"", "{\"phase_of_moon\":3,\"launch\"")).unwrap();
    assert_eq!(Run::open(&directory).unwrap().truncated, None);
}

#[test]
fn lists_runs_and_nothing_else() {
    let results = tempfile::tempdir().unwrap();
    assert!(list_runs(&results.path().join("nowhere")).unwrap().is_empty());
    finished(results.path(), 2, 1);
    fs::create_dir(results.path().join("20261123T124837Z-000000")).unwrap();
    fs::create_dir(results.path().join("baselines")).unwrap();
    let runs = list_runs(results.path()).unwrap();
    let ids: Vec<&str> = runs.iter().map(|run| run.run_id.as_str()).collect();
    assert_eq!(ids, ["20261123T124837Z-000000", "20261123T124838Z-3fa9c1"]);
    assert!(runs[0].facts.is_err());
    let facts = runs[1].facts.as_ref().unwrap();
    assert_eq!((facts.status, facts.scenario.as_str()), (RunStatus::Ok, "cold-warm"));
    assert_eq!((facts.functions, facts.launches), (2, 2));
}

#[test]
fn what_a_script_has_read_is_kept_as_long_as_the_run_can_be_resumed() {
    let response: &[u8] = &[0, 159, b'"', b'\n'];
    let read = |at_ns, response: &[u8], log_tail: Option<&str>| ResponseRecord {
        function: 1,
        at_ns,
        response: response.to_vec().into(),
        log_tail: log_tail.map(str::to_owned),
        error_message: None,
    };
    let responses =
        [read(3, response, None), read(4, response, Some("a line\n")), read(5, b"", None)];
    for status in [RunStatus::Interrupted, RunStatus::Failed, RunStatus::Ok] {
        let results = tempfile::tempdir().unwrap();
        let mut writer = written(results.path(), 2, 1);
        assert!(responses.iter().all(|read| writer.append_response(read).unwrap()));
        let directory = writer.directory().to_owned();
        let file = directory.join("responses.jsonl");
        assert_eq!(read_responses(&directory, writer.run()).unwrap(), responses);
        let (run, _) = writer.finish(Outcome { status, ..outcome() }, empty_summary).unwrap();
        let left = read_responses(&directory, &run.record).unwrap();
        if !status.can_be_resumed() {
            assert!(left.is_empty() && !file.exists());
            continue;
        }
        assert_eq!(left, responses);
        let text = fs::read_to_string(&file).unwrap();
        // The program was killed while it wrote.
        fs::write(&file, &text[..text.len() - 1]).unwrap();
        assert_eq!(read_responses(&directory, &run.record).unwrap(), responses[..2]);
        let error = |text: &str| {
            fs::write(&file, text).unwrap();
            read_responses(&directory, &run.record).unwrap_err().to_string()
        };
        let (first, second) = text.split_once('\n').unwrap();
        assert!(error(second).ends_with("line 1: the data is damaged"));
        assert!(error(&format!("{}\n", first.replace("AJ8", "?"))).ends_with("is damaged"));
        let other = first.replace("\"function\":1", "\"function\":9");
        assert!(error(&format!("{other}\n")).ends_with("there is no function 9 in run.json"));
    }
}

#[test]
fn a_response_is_on_disk_once_and_all_of_them_are_bounded() {
    let results = tempfile::tempdir().unwrap();
    let mut writer = written(results.path(), 1, 1);
    let mut append = |at_ns, response: &bytes::Bytes| {
        let response = response.clone();
        let read =
            ResponseRecord { function: 0, at_ns, response, log_tail: None, error_message: None };
        writer.append_response(&read).unwrap()
    };
    let of = |byte| bytes::Bytes::from(vec![byte; 20 << 20]);
    let first = of(0);
    assert!((0..3).all(|at_ns| append(at_ns, &first)));
    // In base64 it takes four thirds of this.
    assert!(append(10, &of(1)));
    assert!(!append(11, &of(2)));
    assert!(append(12, &first));
}

#[test]
fn payloads_are_bounded_and_stay_in_their_folder() {
    let results = tempfile::tempdir().unwrap();
    let mut writer = written(results.path(), 1, 1);
    let directory = writer.directory().to_owned();
    assert!(writer.keep_payloads("a-1", b"{}", b"\0\xff").unwrap());
    assert!(!writer.keep_payloads("b-2", b"{}", &vec![b' '; 64 << 20]).unwrap());
    let files = payload_files("a-1").map(|name| fs::read(directory.join(name)).unwrap());
    assert_eq!(files, [b"{}".to_vec(), b"\0\xff".to_vec()]);
    assert_eq!(fs::read_dir(directory.join("payloads")).unwrap().count(), 2);
    // Another run takes over what its records name, and follows no name out of the folder.
    let ours = Run::open(&directory).unwrap().invocations[0].clone();
    let named = |id: &str| InvocationRecord {
        request_id: Some(id.to_owned()),
        payloads_kept: true,
        ..ours.clone()
    };
    for name in ["event.json", "response"] {
        fs::write(directory.join(format!("outside.{name}")), "").unwrap();
    }
    let kept = Kept {
        functions: writer.run().functions.clone(),
        invocations: ["a-1", "../outside", "gone"].map(named).to_vec(),
        payloads: Some(directory),
        ..Kept::default()
    };
    let results = tempfile::tempdir().unwrap();
    let mut writer = RunWriter::create(results.path(), &run_record(), "").unwrap();
    writer.keep(&kept).unwrap();
    let mut names: Vec<_> = fs::read_dir(writer.directory().join("payloads")).unwrap().collect();
    assert_eq!(names.len(), 2);
    names.retain(|entry| !entry.as_ref().unwrap().path().display().to_string().contains("/a-1."));
    assert!(names.is_empty());
}
