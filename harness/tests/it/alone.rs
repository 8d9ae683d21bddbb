//! Two runs at once are refused, unless they are forced, and then they say so.

use rustix::process::Signal;

use crate::kit::{Place, Running};

const ENDLESS: &str = "let f = deploy(#{ workload: \"hello\", variant: \"dev\" });
                       blocks(1000000, [f], |f| { f.recycle(); f.repeat(3); });";
const SHORT: &str = "deploy(#{ workload: \"hello\", variant: \"dev\" }).invoke();";

/// A run that goes on; forced, because other tests are runs too.
fn going_on(place: &Place) -> Running {
    let script = place.script(ENDLESS);
    let mut running = Running::start(&mut place.with_results(&["run", &script]));
    running.wait_for_line("block 2 of ");
    running
}

#[test]
fn a_second_run_is_refused_and_told_by_whom() {
    let first = Place::new();
    let running = going_on(&first);
    let second = Place::new();
    let script = second.script(SHORT);
    let mut command = second.kelvin_unforced(&["run", &script, "--out"]);
    let done = second.wait(command.arg(second.results())).exits(1);
    let done = done.complains("error: another run is going on on this machine: ");
    let done = done.complains(&format!("process {} (", running.id()));
    done.complains("wait for its end, or add --force");
    assert_eq!(std::fs::read_dir(second.results()).unwrap().count(), 0);
    for comparison in ["--cpu-limit", "--as-called", "--cold"] {
        let doctor = second.kelvin_unforced(&["doctor", comparison]);
        let done = second.wait(&mut { doctor }).exits(1);
        done.complains("error: another run is going on on this machine: ");
    }
    // What measures nothing is not refused.
    second.wait(&mut second.kelvin_unforced(&["run", &script, "--dry-run"])).exits(0);
    running.signal(Signal::INT);
    running.end().exits(130);
}

#[test]
fn both_of_two_forced_runs_say_so() {
    let first = Place::new();
    let running = going_on(&first);
    let second = Place::new();
    let done = second.run_script(SHORT, &[]).exits(0);
    done.prints("\nNOT ALONE: ").prints(" at the same time; these numbers are not to be trusted\n");
    assert!(second.only_run().record.other_runs >= 1);
    running.signal(Signal::INT);
    running.end().exits(130).prints("\nNOT ALONE: ");
    assert!(first.only_run().record.other_runs >= 1);
}

#[test]
fn a_killed_run_is_in_nobodys_way() {
    let first = Place::new();
    let running = going_on(&first);
    let id = running.id();
    running.signal(Signal::KILL);
    assert_eq!(running.end().code, None);
    let second = Place::new();
    let script = second.script(SHORT);
    let mut command = second.kelvin_unforced(&["run", &script, "--out"]);
    let done = second.wait(command.arg(second.results()));
    // Other tests may be.
    assert!(!done.stderr.contains(&format!("process {id}")), "{}", done.stderr);
}
