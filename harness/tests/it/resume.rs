//! `kelvin run --resume`: what was recorded is kept as it is, and the rest is measured as if nothing had happened.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use kelvin_record::{LaunchRecord, Run, RunStatus, list_runs};
use rustix::process::Signal;

use crate::kit::{self, Done, Place, Running};
use crate::processes;

/// Four blocks of two functions, and two places to be interrupted in: at a pause after a whole launch of the function `gate`,
/// which is skipped when that launch is on record.
const SCRIPT: &str = r#"
let p = params(#{ wait: true, warm: 3 });
let deployed = |name, memory| deploy(#{ workload: "hello", variant: "dev", name: name, memory: memory });
let functions = [deployed.call("a", 128), deployed.call("b", 512)];
let gate = deployed.call("gate", 1769);
let turns = 0;
blocks(4, functions, |f| {
    turns += 1;
    if p.wait && (turns == 4 || turns == 7) {
        gate.invoke();
        gate.recycle();
        note(`waiting at ${turns}`);
        pause("1h");
    }
    if f.describe().name == "a" { f.measure("compute", 2); }
    f.recycle();
    f.invoke();
    f.repeat(p.warm);
});
"#;

fn start(place: &Place, args: &[&str]) -> Running {
    let args: Vec<&str> = ["run"].iter().chain(args).copied().collect();
    Running::start(&mut place.with_results(&args))
}

/// Ends a run at the moment at which it says this.
fn interrupt(place: &Place, mut running: Running, at: &str, signal: Signal) {
    running.wait_for_line(at);
    running.signal(signal);
    running.end();
    processes::wait_until_gone(&place.tmp());
}

fn resume(place: &Place, run: &str, args: &[&str]) -> Done {
    let args: Vec<&str> = ["run", "--resume", run].iter().chain(args).copied().collect();
    place.wait(&mut place.with_results(&args))
}

/// The folders of all runs, oldest first.
fn directories(place: &Place) -> Vec<PathBuf> {
    let mut runs: Vec<_> = list_runs(&place.results())
        .expect("results can be read")
        .into_iter()
        .map(|run| {
            (kit::json(&run.directory.join("run.json"))["started_at"].to_string(), run.directory)
        })
        .collect();
    runs.sort();
    runs.into_iter().map(|(_, directory)| directory).collect()
}

fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(directory).expect("it is there").flatten();
    entries.map(|entry| (entry.path(), fs::read(entry.path()).expect("it is a file"))).collect()
}

/// Where each launch belongs that is not of the gate.
fn places(run: &Run) -> Vec<(Option<u64>, Option<u64>, u32, u64)> {
    let mut places: Vec<_> = run
        .launches
        .iter()
        .filter(|launch| launch.function < 2)
        .map(|launch| (launch.block, launch.position, launch.function, launch.invocations))
        .collect();
    places.sort_unstable();
    places
}

/// What is kept of a run: all launches that were not cut short, to the byte, before those of the new one.
fn assert_kept(old: &Path, new: &Path) {
    let lines = |directory: &Path| -> Vec<String> {
        let text = fs::read_to_string(directory.join("launches.jsonl")).expect("it is there");
        text.lines().map(str::to_owned).collect()
    };
    let kept: Vec<String> =
        lines(old).into_iter().filter(|line| !line.contains("cut_short")).collect();
    assert!(!kept.is_empty());
    let first: BTreeSet<String> = lines(new).drain(..kept.len()).collect();
    assert_eq!(first, kept.into_iter().collect());
    let read = |directory: &Path| Run::open(directory).expect("a run can be read");
    let (old, new) = (read(old), read(new));
    let whole: Vec<&LaunchRecord> = old.launches.iter().filter(|l| !l.cut_short).collect();
    let is_whole = |launch| whole.iter().any(|whole| Some(whole.launch) == launch);
    let rows: Vec<_> = old.invocations.iter().filter(|row| is_whole(row.launch)).collect();
    let (first, later) = new.invocations.split_at(rows.len());
    assert_eq!(first.iter().collect::<Vec<_>>(), rows);
    let end = old.invocations.iter().map(|row| row.at_ns + row.latency_ns).max();
    assert!(later.iter().all(|row| Some(row.at_ns) >= end), "offsets go on");
    assert!(new.rungs.iter().zip(&old.rungs).take(1).all(|(new, old)| new == old));
    assert_eq!(new.record.resumed_from, Some(old.record.run_id));
}

/// Interrupts a run twice, each time in another way, and lets it come to its end.
fn is_resumed_twice(first: Signal, second: Signal) {
    let place = Place::new();
    let script = place.script(SCRIPT);
    let running = start(&place, &[&script, "--seed", "5", "--set", "warm=4"]);
    interrupt(&place, running, "waiting at 4", first);
    let old = directories(&place).remove(0);
    let untouched = files(&old);
    // The script on record is what counts.
    fs::remove_file(&script).expect("it is ours");

    let mut running = start(&place, &["--resume", "latest"]);
    running.wait_for_line("script.rhai is not there, so whether it has changed is not known; run ");
    running.wait_for_line("launches on record: ");
    interrupt(&place, running, "waiting at 7", second);
    let newer = directories(&place).remove(1);
    assert_kept(&old, &newer);

    let name = |directory: &PathBuf| directory.to_str().expect("a plain name").to_owned();
    let done = resume(&place, &name(&newer), &[]).exits(0);
    let newest = directories(&place).remove(2);
    assert_kept(&newer, &newest);
    let newer_id = Run::open(&newer).expect("a run can be read").record.run_id;
    let done = done.prints(&format!("\nresumed from run {newer_id}, "));
    let report = place.wait(&mut place.with_results(&["report", &name(&newest)]));
    assert_eq!(report.exits(0).stdout, done.stdout);
    assert_eq!(files(&old), untouched);

    let resumed = Run::open(&newest).expect("a run can be read");
    assert_eq!((resumed.record.status, &resumed.truncated), (RunStatus::Ok, &None));
    assert_eq!(resumed.record.scenario.settings["warm"], 4);
    assert_eq!(resumed.record.notes, ["waiting at 4", "waiting at 7"]);
    assert_eq!(resumed.launches.iter().filter(|launch| launch.cut_short).count(), 0);
    let place = Place::new();
    let script = place.script(SCRIPT);
    let settings = ["--seed", "5", "--set", "warm=4", "--set", "wait=false"];
    place.run(&script, &settings).exits(0);
    let whole = place.only_run();
    assert_eq!(places(&resumed), places(&whole));
    assert_eq!(resumed.rungs.len(), whole.rungs.len());
    assert_eq!(resumed.launches.len(), whole.launches.len() + 2, "and two of the gate");
}

#[test]
fn after_ctrl_c_and_then_sigkill() {
    is_resumed_twice(Signal::INT, Signal::KILL);
}

#[test]
fn after_sigkill_and_then_sigterm() {
    is_resumed_twice(Signal::KILL, Signal::TERM);
}

/// A run of this script, interrupted when it pauses.
fn interrupted(place: &Place, script: &str, args: &[&str]) -> PathBuf {
    let script = place.script(&format!("{script}\nnote(\"waiting\");\npause(\"1h\");"));
    let args: Vec<&str> = [script.as_str()].iter().chain(args).copied().collect();
    interrupt(place, start(place, &args), "waiting", Signal::INT);
    directories(place).remove(0)
}

/// One launch that is whole.
const ONE_LAUNCH: &str = "let f = deploy(#{ workload: \"hello\", variant: \"dev\", name: \"f\" });
                          f.invoke(); f.repeat(3); f.recycle();";

#[test]
fn a_load_is_kept_whole_too() {
    let place = Place::new();
    let script = "let f = deploy(#{ workload: \"hello\", variant: \"dev\", name: \"f\" });
        let load = f.load(#{ concurrency: 2, invocations: 20 });
        check(\"all were sent\", load.sent == 20);
        f.recycle();";
    let old = interrupted(&place, script, &[]);
    // What follows the pause is not on record.
    let path = old.join("scenario.rhai");
    let more = "f.load(#{ rate: 200, invocations: 10 });";
    fs::write(&path, format!("{}\n{more}", fs::read_to_string(&path).unwrap())).unwrap();
    resume(&place, "latest", &[]).exits(0).prints("passed all were sent\n");
    let (old, new) = (Run::open(&old).unwrap(), Run::open(&directories(&place)[1]).unwrap());
    assert_eq!(new.invocations[..20], old.invocations);
    assert_eq!(new.loads[..1], old.loads);
    let of_second = new.invocations.iter().filter(|row| row.load == Some(new.loads[1].load));
    assert_eq!((new.loads.len(), of_second.count()), (2, 10));
    assert!(new.loads[1].started_offset_ns > old.loads[0].ended_offset_ns);
}

/// What the script reads of responses and logs decides what it does next.
#[test]
fn what_the_script_has_read_is_told_again() {
    let place = Place::new();
    let script = "let f = deploy(#{ workload: \"hello\", variant: \"dev\", name: \"f\" });
        let g = deploy(#{ workload: \"hello\", variant: \"dev\", name: \"g\" });
        let answer = f.invoke(#{ name: \"Ada\" });
        f.invoke(#{ name: answer.response.message });
        check(\"the log is there\", answer.logs.contains(\"REPORT\"));
        // The response of hello is no event of hello.
        let whole = expect_status(\"error\", || pipe([f, g], #{ name: \"Grace\" }));
        f.recycle();
        g.recycle();
        note(`${answer.response.message}, then ${whole.response.errorType} after ${whole.latency_ms} ms`);";
    let old = interrupted(&place, script, &[]);
    let file = "responses.jsonl";
    let lines = |directory: &Path| fs::read_to_string(directory.join(file)).unwrap();
    assert_eq!(lines(&old).lines().count(), 3, "one of f alone, and one of each stage");
    let mut running = start(&place, &["--resume", "latest"]);
    running.wait_for_line("launches on record: 2");
    interrupt(&place, running, "waiting", Signal::KILL);
    let newer = directories(&place).remove(1);
    assert_eq!(lines(&newer), lines(&old));
    // The rest of the script is without a pause.
    let path = newer.join("scenario.rhai");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("pause(\"1h\");", "")).unwrap();
    resume(&place, "latest", &[]).exits(0).prints("passed the log is there\n");
    let newest = directories(&place).remove(2);
    assert!(!newest.join(file).exists(), "a run that came to its end holds no payloads");
    let (old, newest) = (Run::open(&old).unwrap(), Run::open(&newest).unwrap());
    assert_eq!((&newest.invocations, &newest.pipes), (&old.invocations, &old.pipes));
    let [changed, notes @ ..] = newest.record.notes.as_slice() else { panic!("there are some") };
    assert!(changed.contains("script.rhai has changed since (first in line 12); "), "{changed}");
    assert_eq!(notes, old.record.notes);
    assert!(notes[0].starts_with("Hello, Ada!"), "{notes:?}");
}

#[test]
fn what_is_not_on_record_ends_the_run_and_is_not_taken_for_nothing() {
    let place = Place::new();
    let script = "let f = deploy(#{ workload: \"hello\", variant: \"dev\", name: \"f\" });
let answer = f.invoke();
f.recycle();
check(\"is timed\", answer.duration_ms > 0);
try { note(`answered ${answer.response.message}`); } catch { note(\"caught\"); }";
    let directory = interrupted(&place, script, &[]);
    // As in runs of older versions.
    fs::remove_file(directory.join("responses.jsonl")).unwrap();
    let done = resume(&place, "latest", &[]).exits(1);
    let done =
        done.complains("its script needs \"response\" of an invocation that was made before");
    let done = done.complains(" --> script.rhai:5:");
    assert!(!done.stderr.lines().any(|line| line == "caught"), "{}", done.stderr);
    done.prints("RUN FAILED: the run cannot be resumed");
}

#[test]
fn a_script_that_does_otherwise_is_noticed() {
    let place = Place::new();
    let directory = interrupted(&place, ONE_LAUNCH, &[]);
    let path = directory.join("scenario.rhai");
    let script = fs::read_to_string(&path).expect("as it should be");
    let check = |now: &str, expected: &str| {
        fs::write(&path, script.replace("f.repeat(3);", now)).expect("as it should be");
        let name = directory.to_str().expect("as it should be");
        resume(&place, name, &[]).exits(1).complains(expected);
    };
    check(
        "f.repeat(2);",
        "function \"f\" has a longer launch on record than now; the script no longer",
    );
    check("f.repeat(3, #{ name: 1 });", "function \"f\" gets an event of 10 bytes where one of ");
    check("f.remove(); throw 1;", "function \"f\" was invoked more often than now");
}

#[test]
fn numbers_that_do_not_belong_together_are_not_mixed() {
    let place = Place::new();
    let bootstrap = place.path("bootstrap");
    let write = |text: &str| {
        fs::write(&bootstrap, format!("#!/bin/sh\n{text}\nexec {}\n", kit::hello().display()))
            .expect("as it should be");
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&bootstrap, executable).expect("as it should be");
    };
    kit::build_workload("hello");
    write("");
    let script = format!(
        "let f = deploy(#{{ bootstrap: \"{}\", name: \"f\" }}); f.invoke(#{{ name: \"x\" }}); f.recycle();",
        bootstrap.display()
    );
    let directory = interrupted(&place, &script, &["--freeze", "off"]);
    let name = directory.to_str().expect("as it should be");
    let refused = |args: &[&str], expected: &str| {
        resume(&place, name, args).exits(1).complains(expected);
    };
    refused(&["--freeze", "on"], "--freeze on: the run was made with --freeze off");
    refused(&["--cpu-limit", "off"], "--cpu-limit off: the run was made with --cpu-limit auto");
    write("# another one");
    refused(&[], "function \"f\" has another bootstrap now (sha256 ");
    write("");
    let path = directory.join("run.json");
    let record = fs::read_to_string(&path).expect("as it should be");
    let edited = |old: &str, new: &str, expected: &str| {
        assert!(record.contains(old), "{old}");
        fs::write(&path, record.replace(old, new)).expect("as it should be");
        refused(&[], expected);
    };
    edited(
        "\"machine_key\": \"sha256:",
        "\"machine_key\": \"sha256:0",
        "was made on another machine (",
    );
    edited(
        "\"by\": \"tick model\"",
        "\"by\": \"cgroup v9\"",
        "with cpu enforced (cgroup v9), and here it is enforced (tick model)",
    );
    // Older runs do not have the sizes of packages.
    let older: Vec<&str> = record.lines().filter(|l| !l.contains("\"package_bytes\"")).collect();
    assert!(older.len() < record.lines().count(), "{record}");
    fs::write(&path, older.join("\n")).expect("as it should be");
    // With the limits on record, and without the pause.
    resume(&place, name, &[]).exits(0).prints("enforced: all but freeze, ");
}

#[test]
fn a_run_that_came_to_its_end_has_nothing_to_resume() {
    let place = Place::new();
    place.run_script(ONE_LAUNCH, &[]).exits(0);
    resume(&place, "latest", &[]).exits(1).complains("came to its end (ok), so there is nothing");
    resume(&place, "2000", &[]).exits(1).complains("there is no run \"2000\"");
    for args in [&["--set", "a=1"][..], &["--seed", "1"], &["cold-warm"], &["--dry-run"]] {
        resume(&place, "latest", args).exits(2).complains("cannot be used with");
    }
}

#[test]
fn a_script_that_has_changed_since_is_told_of() {
    let place = Place::new();
    let module = place.path("tools.rhai");
    fs::write(&module, "fn one() { 1 }").unwrap();
    let text = "import \"tools\" as tools;
        let p = params(#{ warm: 2, name: \"a\" });
        let f = deploy(#{ workload: \"hello\", variant: \"dev\", name: \"f\" });
        f.repeat(p.warm + tools::one());
        f.recycle();
        note(\"waiting\");
        if p.name == \"a\" { pause(\"1h\"); }";
    let path = place.script(text);
    interrupt(&place, start(&place, &[&path, "--set", "name=a"]), "waiting", Signal::INT);
    let run = directories(&place).remove(0);
    // The rest of the script on record is without a pause.
    let on_record = run.join("scenario.rhai");
    let without = text.replace("1h", "1ms");
    fs::write(&on_record, &without).unwrap();
    fs::write(&path, &without).unwrap();
    let name = run.to_str().unwrap();
    let said = |expected: Option<&str>| {
        let done = resume(&place, name, &[]).exits(0);
        let new = directories(&place).pop().unwrap();
        let notes = Run::open(&new).unwrap().record.notes;
        fs::remove_dir_all(new).unwrap();
        let changed: Vec<&str> =
            done.stderr.lines().filter(|line| line.contains("has changed since")).collect();
        let noted: Vec<&str> =
            notes.iter().map(String::as_str).filter(|n| *n != "waiting").collect();
        assert_eq!(changed, noted, "it is on record");
        match expected {
            None => assert_eq!(changed, Vec::<&str>::new()),
            Some(expected) => {
                let begin = format!("{path} has changed since ({expected}); run ");
                assert!(changed.len() == 1 && changed[0].starts_with(&begin), "{changed:?}");
                let end = format!("`kelvin run {path}` begins anew with the other one");
                assert!(changed[0].ends_with(&end), "{changed:?}");
            }
        }
    };
    said(None);
    fs::write(&path, without.replace("warm: 2", "warm: 5")).unwrap();
    said(Some("first in line 2; warm is 2 on record and would be 5"));
    fs::write(&path, without.replace("f.recycle();", "f.recycle(); // done")).unwrap();
    said(Some("first in line 5"));
    fs::write(&path, &without).unwrap();
    fs::write(&module, "// Counts.\nfn one() { 1 }").unwrap();
    said(Some("module tools first in line 1"));
    fs::write(&path, without.replace("import \"tools\" as tools;", "let")).unwrap();
    let wrong = resume(&place, name, &[]).exits(0);
    wrong.complains("has changed since (now it is wrong: ");
}
