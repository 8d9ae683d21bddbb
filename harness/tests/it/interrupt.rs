//! However a run ends, nothing keeps running, no folder is left, and what was recorded can be read.

use kelvin_record::{Run, RunStatus};
use rustix::process::Signal;

use crate::kit::{Done, Place, Running, json};
use crate::{kit, processes};

/// More blocks than anybody waits for. Beside `hello` runs a function that leaves a process of another session behind.
fn endless(place: &Place) -> String {
    let bootstrap = place.path("bootstrap");
    let hello = kit::kept().parent().expect("a folder of the target folder").join("debug/hello");
    let text = format!("#!/bin/sh\nsetsid sleep 600 &\nexec {}\n", hello.display());
    std::fs::write(&bootstrap, text).expect("the folder is writable");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&bootstrap, executable).expect("it is ours");
    place.script(&format!(
        "let hello = deploy(#{{ workload: \"hello\", variant: \"dev\" }});
         let leaver = deploy(#{{ bootstrap: \"{}\", timeout: 60 }});
         let answer = leaver.invoke(#{{ name: \"you\" }});
         if answer.status != \"ok\" {{ throw answer.to_string(); }}
         blocks(1000000, [hello], |f| {{ f.recycle(); f.repeat(20); }});",
        bootstrap.display()
    ))
}

/// Starts a run that does not end, and sends the signal when launches have been recorded.
fn interrupted(place: &Place, signal: Signal) -> Done {
    let mut running = Running::start(&mut place.with_results(&["run", &endless(place)]));
    running.wait_for_line("block 5 of ");
    assert!(processes::of(&place.tmp()).iter().any(|line| line.contains("sleep 600")));
    running.signal(signal);
    running.end()
}

/// Launches of blocks are whole: only the last one may have been under way.
fn assert_whole(run: &Run) {
    assert!(run.launches.len() >= 3, "{:?}", run.launches);
    let (last, whole) = run.launches.split_last().expect("there are some");
    for launch in whole {
        let expected = if launch.block.is_some() { 20 } else { 1 };
        assert_eq!(launch.invocations, expected, "{launch:?}");
    }
    assert!(last.invocations <= 20);
    assert!(run.launches.iter().all(|launch| launch.failed == 0));
}

fn ends_in_order(signal: Signal) {
    let place = Place::new();
    let done = interrupted(&place, signal).exits(1);
    place.assert_nothing_is_left();
    let done = done.complains("interrupted\n").complains("recorded in ").prints("INTERRUPTED");
    let run = place.only_run();
    assert_eq!(run.record.status, RunStatus::Interrupted);
    assert_eq!(run.truncated, None);
    assert_eq!(run.record.recorded.launches, run.launches.len() as u64);
    assert_whole(&run);
    let report = place.wait(&mut place.with_results(&["report"])).exits(0);
    assert_eq!(report.stdout, done.stdout);
}

#[test]
fn ctrl_c_ends_a_run_in_order() {
    ends_in_order(Signal::INT);
}

#[test]
fn so_does_sigterm() {
    ends_in_order(Signal::TERM);
}

#[test]
fn sigkill_leaves_whole_launches_and_nothing_else() {
    let place = Place::new();
    assert_eq!(interrupted(&place, Signal::KILL).code, None);
    processes::wait_until_gone(&place.tmp());
    place.assert_nothing_is_left();
    assert_eq!(json(&place.only_directory().join("run.json"))["status"], "running");
    let run = place.only_run();
    assert_whole(&run);
    let report = place.wait(&mut place.with_results(&["report"])).exits(0);
    let report = report.prints("TRUNCATED: the run has not ended, or its program was killed");
    report.prints(&format!("\n{} launches, ", run.launches.len()));
    let list = place.wait(&mut place.with_results(&["list", "runs"])).exits(0);
    list.prints("  running  ");
}

#[test]
fn a_pause_ends_with_ctrl_c() {
    let place = Place::new();
    let script = "deploy(#{ workload: \"hello\", variant: \"dev\" }).invoke();
                  note(\"pausing\");
                  pause(\"1h\");";
    let script = place.script(script);
    let mut running = Running::start(&mut place.with_results(&["run", &script]));
    running.wait_for_line("pausing");
    running.signal(Signal::INT);
    running.end().exits(1).complains("interrupted\n").prints("1 launches, 1 invocations");
    place.assert_nothing_is_left();
}

#[test]
fn a_build_ends_with_ctrl_c() {
    let place = Place::new();
    // A target folder of its own: everything has to be compiled, which takes longer than the signal.
    let script = place.script("deploy(#{ workload: \"hello\", variant: \"dev\" }).invoke();");
    let mut command = place.with_results(&["run", &script]);
    let mut running = Running::start(command.env("CARGO_TARGET_DIR", place.path("target")));
    running.wait_for_line("building hello");
    running.signal(Signal::INT);
    running.end().exits(1).complains("interrupted\n");
    processes::wait_until_gone(&place.tmp());
    let left = std::fs::read_dir(place.tmp()).expect("it is there").flatten();
    let ours = |name: &std::ffi::OsString| name.to_string_lossy().starts_with("kelvin-");
    // What compilers leave when they are killed is theirs.
    assert!(!left.map(|entry| entry.file_name()).any(|name| ours(&name)));
    assert_eq!(std::fs::read_dir(place.results()).expect("it was made").count(), 0);
}
