//! However a run ends, nothing keeps running, no folder is left, and what was recorded can be read.

use std::time::{Duration, Instant};

use kelvin_record::{Run, RunStatus};
use rustix::process::Signal;

use crate::kit::{Done, Place, Running, json};
use crate::{kit, processes};

/// More blocks than anybody waits for. Beside `hello` runs a function that leaves a process of another session behind.
fn endless(place: &Place) -> String {
    let bootstrap = place.path("bootstrap");
    // Not before the process is what it is to be: it is stopped with the function after the invocation.
    let text = format!(
        "#!/bin/sh
         setsid sleep 600 &
         while read -r name < /proc/$!/comm && [ \"$name\" != sleep ]; do :; done
         exec {}\n",
        kit::hello().display()
    );
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
    let done = interrupted(&place, signal).exits(130);
    place.assert_nothing_is_left();
    let done = done.complains("interrupted\n").complains("recorded in ").prints("INTERRUPTED\n");
    let run = place.only_run();
    let id = &run.record.run_id;
    let done = done.prints(&format!("`kelvin run --resume {id}` goes on from here\n"));
    let (_, command) = done.stderr.split_once("to go on: ").expect("it says how to go on");
    let words = format!("{} --out {} --force\n", id, place.results().display());
    assert!(command.ends_with(&format!("kelvin run --resume {words}")), "{command}");
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
fn so_does_a_terminal_that_is_closed() {
    ends_in_order(Signal::HUP);
}

#[test]
fn the_command_that_is_named_goes_on() {
    let place = Place::new();
    // As a shell would not take it for one word.
    let results = place.path("it's here");
    let script = place.script(
        "let f = deploy(#{ workload: \"hello\", variant: \"dev\", name: \"f\" });
         f.invoke(); f.recycle(); note(\"pausing\"); pause(\"1ms\"); let i = 0;
         blocks(1000000, [f], |f| { f.recycle(); f.repeat(2); });",
    );
    let mut command = place.kelvin(&["run", &script, "--quiet"]);
    let mut running = Running::start(command.arg("--out").arg(&results));
    running.wait_for_line("pausing");
    running.signal(Signal::INT);
    let done = running.end().exits(130);
    let (_, command) = done.stderr.split_once("to go on: ").expect("it says how to go on");
    assert!(command.contains(" --out '") && command.ends_with(" --force --quiet\n"), "{command}");
    let mut going_on = Running::start(&mut place.shell(command));
    going_on.wait_for_line("pausing");
    going_on.signal(Signal::TERM);
    going_on.end().exits(130).complains("to go on: ");
    place.assert_nothing_is_left();
    let runs = kelvin_record::list_runs(&results).expect("results can be read");
    assert_eq!(runs.len(), 2);
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

/// So many runs are killed, or as many as `KELVIN_TEST_KILLS` says.
const KILLS: u32 = 8;

#[test]
fn sigkill_at_any_moment_leaves_whole_launches_and_nothing_else() {
    let kills = std::env::var("KELVIN_TEST_KILLS").map_or(KILLS, |n| n.parse().unwrap());
    let text = format!(
        "let bad = deploy(#{{ bootstrap: \"{0}\", name: \"bad\" }});
         let worse = deploy(#{{ bootstrap: \"{0}\", name: \"worse\" }});
         blocks(1000000, [bad, worse], |f| {{
             f.recycle();
             f.invoke(\"escape\");
             for i in 0..9 {{ f.invoke(\"echo\"); }}
         }});",
        kit::bad_function()
    );
    let start = |place: &Place| {
        let script = place.script(&text);
        Running::start(&mut place.with_results(&["run", &script]))
    };
    let span = {
        let place = Place::new();
        let begin = Instant::now();
        start(&place).wait_for_line("block 5 of ");
        2 * begin.elapsed()
    };
    let mut on_record = 0;
    for kill in 0..kills {
        let place = Place::new();
        let begin = Instant::now();
        let mut running = start(&place);
        running.read_until(begin + moment(kill, span));
        running.signal(Signal::KILL);
        let done = running.end();
        assert_eq!(done.code, None);
        processes::wait_until_gone(&place.tmp());
        place.assert_nothing_is_left();
        // Two launches a block. What has begun tells what has ended: all of the block before the last but one.
        let begun = done.stderr.lines().filter(|line| line.starts_with("block ")).count();
        on_record += assert_on_record(&place, 2 * begun.saturating_sub(2));
    }
    assert!(on_record > 0, "not one run came to its first launch");
}

/// The moment of one of many kills: spread evenly, however many there are, by multiples of the golden ratio.
fn moment(kill: u32, span: Duration) -> Duration {
    let fraction = f64::from(kill.wrapping_mul(2_654_435_769)) / f64::from(u32::MAX);
    span.mul_f64(fraction)
}

/// At least so many launches of a killed run can be read, each whole, and the report says that it is cut short. Returns how
/// many there are.
fn assert_on_record(place: &Place, ended: usize) -> usize {
    let runs = std::fs::read_dir(place.results()).into_iter().flatten().flatten();
    let Some(directory) = runs.map(|entry| entry.path()).find(|run| run.join("run.json").exists())
    else {
        assert_eq!(ended, 0, "nothing was recorded");
        return 0;
    };
    let run = Run::open(&directory).expect("a run can be read");
    assert!(run.launches.len() >= ended, "{} launches of {ended}", run.launches.len());
    assert!(run.launches.iter().all(|launch| (launch.invocations, launch.failed) == (10, 0)));
    assert_eq!(run.invocations.len(), 10 * run.launches.len());
    let report = place.wait(&mut place.with_results(&["report"])).exits(0);
    report.prints("TRUNCATED: the run has not ended, or its program was killed");
    run.launches.len()
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
    running.end().exits(130).complains("interrupted\n").prints("1 launches, 1 invocations");
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
    let done = running.end().exits(130).complains("interrupted\n");
    done.complains("nothing was recorded, so there is nothing to resume\n");
    processes::wait_until_gone(&place.tmp());
    let left = std::fs::read_dir(place.tmp()).expect("it is there").flatten();
    let ours = |name: &std::ffi::OsString| name.to_string_lossy().starts_with("kelvin-");
    // What compilers leave when they are killed is theirs.
    assert!(!left.map(|entry| entry.file_name()).any(|name| ours(&name)));
    assert_eq!(std::fs::read_dir(place.results()).expect("it was made").count(), 0);
}

#[test]
fn an_interrupted_replay_leaves_nothing_behind() {
    let place = Place::new();
    let mut doctor = place.kelvin(&["doctor", "--as-called", "--force"]);
    let mut running = Running::start(&mut doctor);
    running.wait_for_line("block 1 of 16");
    running.signal(Signal::INT);
    assert!(running.end().exits(130).stderr.ends_with("\ninterrupted\n"));
    place.assert_nothing_is_left();
}
