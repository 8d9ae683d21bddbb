//! The scenario `ladder`: rungs measured by themselves, beside the parts of invocations.

use crate::kit::Place;

#[test]
fn rungs_are_recorded_in_the_blocks_of_the_launches() {
    let place = Place::new();
    let settings = "workload=hello variant=dev memory=128 launches=2 warm=3 iterations=4";
    let settings = settings.split(' ').flat_map(|setting| ["--set", setting]);
    place.run("ladder", &settings.collect::<Vec<_>>()).exits(0);
    let run = place.only_run();
    assert_eq!((run.truncated, run.record.recorded.rungs), (None, 4));
    let whole = run.record.functions.iter().find(|f| f.memory_mb.mb() == 1769).unwrap();
    let rungs: Vec<_> =
        run.rungs.iter().map(|rung| (rung.block.unwrap(), rung.rung.as_str())).collect();
    assert_eq!(rungs, [(0, "compute"), (0, "serde"), (1, "compute"), (1, "serde")]);
    for rung in &run.rungs {
        assert_eq!((rung.function, rung.ns.len()), (whole.function, 4), "{rung:?}");
        assert_eq!(rung.case.as_deref(), Some("world"));
        assert!(rung.ns.iter().all(|&ns| ns > 0), "{rung:?}");
    }
    let report = place.wait(&mut place.with_results(&["report", "--ladder"])).exits(0);
    let report =
        report.prints("hello-dev · 128 MB · rungs by themselves · 2 blocks · + runtime is");
    report.prints("+ throttled ").prints("it was built as dev, and criterion measures release");
}

#[test]
fn a_function_without_our_traits_cannot_be_measured_by_itself() {
    let place = Place::new();
    let script = "deploy(#{ bootstrap: \"/bin/false\", name: \"f\" }).measure(\"compute\", 3);";
    let done = place.run_script(script, &[]).exits(1);
    let done = done.complains("failed to measure function \"f\" without Lambda");
    done.complains("/bin/false --measure compute printed no times: it ended with exit status: 1");
}
