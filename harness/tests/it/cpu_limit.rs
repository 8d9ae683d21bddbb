//! `--cpu-limit cgroup`, from the command line to the records; and that it is an error where it cannot be used.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use kelvin_record::{Measured, Run};
use rustix::process::Signal;

use crate::kit::{Place, Running};
use crate::processes;

const SCRIPT: &str = "let f = deploy(#{ workload: \"hello\", variant: \"dev\" });
                      for launch in 0..2 { f.recycle(); f.repeat(20); }";

/// Whether it can be used here. Where it cannot, a run must say why and how it could.
fn usable(place: &Place) -> bool {
    let doctor = place.wait(&mut place.kelvin(&["doctor"])).exits(0);
    let line = doctor.stdout.lines().find(|line| line.starts_with("cgroup "));
    let line = line.expect("doctor tries it");
    if !line.contains("cannot be used: ") {
        return true;
    }
    let refused = place.run_script(SCRIPT, &["--cpu-limit", "cgroup"]).exits(1);
    let refused = refused.complains("error: failed to limit the CPU by a cgroup: ");
    refused.complains("\nto make it possible: ");
    assert!(doctor.stdout.contains("to add it: "));
    assert_eq!(fs::read_dir(place.results()).expect("it was made").count(), 0);
    writeln!(std::io::stderr(), "not checked further: {line}").ok();
    false
}

/// The cgroup of the emulator whose folders are in this place.
fn group(place: &Place) -> PathBuf {
    let root = fs::read_dir(place.tmp()).expect("it is there").flatten().next();
    let root = root.expect("the emulator has a folder").file_name();
    let found = find(Path::new("/sys/fs/cgroup"), root.to_str().expect("a plain name"));
    found.expect("the cgroup is named like the folder")
}

fn find(within: &Path, name: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(within).ok()?.flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let folders: Vec<PathBuf> = folders.map(|entry| entry.path()).collect();
    let found = folders.iter().find(|folder| folder.ends_with(name)).cloned();
    found.or_else(|| folders.iter().find_map(|folder| find(folder, name)))
}

#[test]
fn a_cgroup_is_named_in_the_result_and_its_total_is_in_no_part() {
    let place = Place::new();
    if !usable(&place) {
        return;
    }
    let done = place.run_script(SCRIPT, &["--cpu-limit", "cgroup", "--require", "cpu"]).exits(0);
    done.prints("not measured here: throttled_ns (not attributed: ");
    let explained = place.wait(&mut place.with_results(&["explain", "enforced"])).exits(0);
    explained.prints("  cpu: cgroup v");
    let Run { invocations, record, .. } = place.only_run();
    let by = record.platform.enforcement[0].by.as_deref();
    assert!(matches!(by, Some("cgroup v1" | "cgroup v2")), "{by:?}");
    assert_eq!(invocations.len(), 40);
    for row in invocations {
        assert_eq!(row.throttled_ns, Measured::NotMeasurable);
        assert!(row.throttled_total_ns.value().is_some());
        let ladder = row.timing().ladder().expect("every other part is measured");
        assert_eq!(ladder.throttled_ns, 0);
        assert_eq!(u64::try_from(ladder.sum_ns()), Ok(row.latency_ns));
    }
}

#[test]
fn no_cgroup_is_left_however_a_run_ends() {
    let place = Place::new();
    if !usable(&place) {
        return;
    }
    let script = place.script(
        "let f = deploy(#{ workload: \"hello\", variant: \"dev\" });
         blocks(1000000, [f], |f| { f.recycle(); f.repeat(20); });",
    );
    for signal in [Signal::KILL, Signal::INT] {
        let args = ["run", &script, "--cpu-limit", "cgroup"];
        let mut running = Running::start(&mut place.with_results(&args));
        running.wait_for_line("block 5 of ");
        let group = group(&place);
        running.signal(signal);
        running.end();
        processes::wait_until_gone(&place.tmp());
        place.assert_nothing_is_left();
        assert!(!group.exists(), "{signal:?} leaves {}", group.display());
    }
}
