//! Loads, chains, thresholds and closures at the same time: what comes of them, on real functions.

use std::fs;
use std::time::Duration;

use kelvin_lambda::Status;
use kelvin_record::{CheckRecord, LoadKind, Run, RunStatus};
use rustix::process::Signal;

use crate::kit::{Place, Running, build_workload, json};

const F: &str =
    "let f = deploy(#{ workload: \"hello\", variant: \"dev\", name: \"f\", memory: 1769 });\n";

fn script(text: &str) -> String {
    build_workload("hello");
    format!("{F}{text}")
}

#[test]
fn every_request_of_a_load_is_on_record() {
    let place = Place::new();
    fs::write(place.path("moments.csv"), "timestamp\n10.0\n10.05\n10.06\n10.2\n")
        .expect("it is writable");
    let text = script(
        "f.invoke();
         f.load(#{ rate: 100, duration: \"300ms\", arrivals: \"poisson\" });
         f.load(#{ file: \"moments.csv\", speed: 2 });
         let closed = f.load(#{ concurrency: 3, invocations: 60 });
         if closed.sent != 60 || closed.ok != 60 { throw closed; }
         let s = f.summary();
         if s.load.count + 1 != s.invocations { throw s; }",
    );
    let done = place.run_script(&text, &["--seed", "5"]).exits(0);
    let done = done
        .prints("Loads · what became of the requests")
        .prints("/s trace")
        .prints("3 clients, 60 requests");
    let run = place.only_run();
    assert_eq!(run.truncated, None);
    let kinds: Vec<LoadKind> = run.loads.iter().map(|load| load.kind).collect();
    assert_eq!(kinds, [LoadKind::Open, LoadKind::Open, LoadKind::Closed]);
    for load in &run.loads {
        let rows: Vec<_> =
            run.invocations.iter().filter(|row| row.load == Some(load.load)).collect();
        assert_eq!(rows.len() as u64, load.invocations);
        assert_eq!(load.planned, Some(load.invocations));
        assert!(load.started_offset_ns <= load.ended_offset_ns);
        let is_open = load.kind == LoadKind::Open;
        assert!(rows.iter().all(|row| row.intended_ns.is_some() == is_open));
        assert!(rows.iter().all(|row| row.intended_ns.is_none_or(|due| due <= row.at_ns)));
    }
    let trace: Vec<_> = run.invocations.iter().filter(|row| row.load == Some(1)).collect();
    let mut due: Vec<u64> = trace.iter().filter_map(|row| row.intended_ns).collect();
    due.sort_unstable();
    // Twice as fast as it was recorded.
    let gaps: Vec<u64> = due.windows(2).map(|pair| (pair[1] - pair[0]).div_euclid(1_000)).collect();
    assert_eq!(gaps, [25_000, 5_000, 70_000]);
    assert_eq!(run.loads[1].trace.as_deref(), Some("moments.csv"));
    assert_launches_are_whole(&run);
    let summary = json(&place.only_directory().join("summary.json"));
    let loads = summary["loads"].as_array().expect("there are loads");
    assert_eq!((loads.len(), &loads[2]["ok"]), (3, &60.into()));
    assert!(loads.iter().all(|load| load["at_once"].as_u64() <= load["environments"].as_u64()));
    // The one invocation outside of loads is all that the tables of starts are made of.
    assert_eq!(summary["functions"][0]["cold_total_ms"]["n"], 1);
    assert_eq!(summary["functions"][0]["warm_duration_ms"]["n"], 0);
    let report = place.wait(&mut place.with_results(&["report"])).exits(0);
    assert_eq!(report.stdout, done.stdout);
    place.wait(&mut place.with_results(&["report", "--ladder"])).exits(0);
}

/// Each launch has the rows that it says, numbered in their order.
fn assert_launches_are_whole(run: &Run) {
    for launch in &run.launches {
        let of_launch = run.invocations.iter().filter(|row| row.launch == Some(launch.launch));
        let indexes: Vec<u64> = of_launch.map(|row| row.index).collect();
        assert_eq!(indexes, (0..launch.invocations).collect::<Vec<_>>(), "{launch:?}");
    }
}

#[test]
fn same_seed_same_arrivals() {
    let due = || {
        let place = Place::new();
        let load = "f.load(#{ rate: 200, duration: \"200ms\", arrivals: \"poisson\" });";
        place.run_script(&script(load), &["--seed", "9"]).exits(0);
        let run = place.only_run();
        let mut due: Vec<u64> = run.invocations.iter().filter_map(|row| row.intended_ns).collect();
        due.sort_unstable();
        let first = due[0];
        due.iter().map(|ns| ns - first).collect::<Vec<u64>>()
    };
    assert_eq!(due(), due());
}

#[test]
fn a_load_that_has_ended_survives_a_kill() {
    let place = Place::new();
    let text = script(
        "f.load(#{ concurrency: 2, invocations: 40 });
         print(\"the first has ended\");
         f.load(#{ concurrency: 1, duration: \"1h\" });",
    );
    let script = place.script(&text);
    let mut running = Running::start(&mut place.with_results(&["run", &script]));
    running.wait_for_line("the first has ended");
    running.signal(Signal::KILL);
    running.end();
    let run = place.only_run();
    assert_eq!(run.record.status, RunStatus::Running);
    assert_eq!(run.loads.len(), 1);
    assert_eq!(run.invocations.iter().filter(|row| row.load == Some(0)).count(), 40);
    let report = place.with_results(&["report"]).output().expect("it can be started");
    let report = String::from_utf8_lossy(&report.stdout).into_owned();
    assert!(report.contains("2 clients, 40 requests"), "{report}");
    // The guard removes what the killed one has left; it needs a moment.
    while !crate::processes::of(&place.tmp()).is_empty() {
        std::thread::yield_now();
    }
}

#[test]
fn a_load_can_be_interrupted() {
    // On a busy machine it takes a while until the load has had its first response.
    let interrupted = [600, 5_000, 30_000].into_iter().find(|&ms| {
        let place = Place::new();
        let text = script("print(\"here\"); f.load(#{ rate: 50, duration: \"1h\" });");
        let script = place.script(&text);
        let mut running = Running::start(&mut place.with_results(&["run", &script]));
        running.wait_for_line("here");
        running.read_until(std::time::Instant::now() + Duration::from_millis(ms));
        running.signal(Signal::INT);
        let done = running.end().exits(130).complains("interrupted");
        place.assert_nothing_is_left();
        let run = place.only_run();
        assert_eq!((run.record.status, run.truncated.as_deref()), (RunStatus::Interrupted, None));
        assert_launches_are_whole(&run);
        let is_reported = done.stdout.contains("50/s 3600 s");
        assert!(!is_reported || run.loads.len() == 1);
        is_reported
    });
    assert!(interrupted.is_some(), "no load has been reported of");
}

#[test]
fn functions_are_deployed_and_measured_at_the_same_time() {
    build_workload("hello");
    let place = Place::new();
    // Each is checked against the answers of its own workload, whoever of them is deployed first.
    let text = format!(
        "{F}let made = parallel([
             || f.load(#{{ rate: 100, duration: \"300ms\" }}).ok,
             || {{ let g = deploy(#{{ workload: \"hello\", variant: \"dev\", name: \"g\" }}); g.repeat(20); g.invoke().status }},
             || {{ let h = deploy(#{{ bootstrap: \"{}\", name: \"h\" }}); h.repeat(20, #{{ name: \"x\" }}); 7 }},
         ]);
         print(made);",
        crate::kit::hello().display()
    );
    place.run_script(&text, &[]).exits(0).complains("[30, \"ok\", 7]");
    let run = place.only_run();
    assert_eq!((run.record.functions.len(), run.invocations.len()), (3, 30 + 21 + 20));
    assert!(run.invocations.iter().all(|row| row.status == Status::Ok));
    assert_launches_are_whole(&run);
}

#[test]
fn a_closure_that_fails_ends_a_load_beside_it() {
    let place = Place::new();
    let text = script(
        "parallel([|| f.load(#{ rate: 20, duration: \"1h\" }), || { pause(\"300ms\"); throw \"enough\" }]);",
    );
    place.run_script(&text, &[]).exits(1).complains("enough");
    let run = place.only_run();
    assert_eq!((run.record.status, run.truncated.as_deref()), (RunStatus::Failed, None));
    assert_eq!(run.loads.len(), 1);
}

#[test]
fn thresholds_decide_at_the_end_and_give_exit_code_3() {
    let place = Place::new();
    let text = script(
        "threshold(\"in an hour\", #{ function: f, metric: \"latency\", mean: true, below_ms: 3600000 });
         threshold(\"not at once\", #{ function: f, start: \"cold\", metric: \"init\", above_ms: 0.0 });
         threshold(\"of too few\", #{ function: f, p: 99, below_ms: 3600000 });
         threshold(\"of loads\", #{ function: f, start: \"load\", metric: \"failed\", below: 0.5 });
         f.repeat(10);
         f.load(#{ concurrency: 1, invocations: 6 });",
    );
    let done = place.run_script(&text, &[]).exits(3);
    let done = done
        .prints("passed in an hour: ")
        .prints("passed not at once: ")
        .prints("passed of loads: 0 of all");
    done.prints("UNDECIDED of too few: to be below 3600000 ms, but needs 6 launches with 100 invocations each");
    let run = place.only_run();
    assert_eq!(run.record.status, RunStatus::ChecksFailed);
    let measure = run.record.checks[0].measure.as_ref().expect("it was measured");
    assert_eq!((measure.n, measure.below, measure.above), (Some(9), Some(3_600_000.0), None));
    let passed: Vec<bool> = run.record.checks.iter().map(|check| check.passed).collect();
    assert_eq!(passed, [true, true, false, true]);
    let undecided = |check: &CheckRecord| check.measure.as_ref().is_some_and(|m| m.undecided);
    let undecided: Vec<bool> = run.record.checks.iter().map(undecided).collect();
    assert_eq!(undecided, [false, false, true, false]);
}

#[test]
fn a_script_sees_the_numbers_of_the_summary_and_so_do_thresholds() {
    let place = Place::new();
    // Launches with one warm invocation and with 20 take turns.
    let text = script(
        "let n = 1;
         blocks(12, [f], |f| { f.recycle(); f.invoke(); f.repeat(n); n = if n == 1 { 20 } else { 1 }; });
         let s = f.summary();
         note([
             s.warm.duration.mean_ms, s.warm.duration.p50_ms, s.warm.duration.p90_ms, s.warm.latency.p50_ms,
             s.warm.billed_ms, s.cold.init.p50_ms, s.cold.total.mean_ms, s.cold.billed_ms,
             s.warm.duration.p50.low, s.warm.duration.p50.high, s.warm.duration.mean.low,
         ]);
         threshold(\"mean\", #{ function: f, mean: true, below_ms: 3600000 });
         threshold(\"p50\", #{ function: f, p: 50, below_ms: 3600000 });
         threshold(\"init\", #{ function: f, metric: \"init\", p: 50, below_ms: 3600000 });
         threshold(\"billed\", #{ function: f, metric: \"billed\", mean: true, below_ms: 3600000 });",
    );
    place.run_script(&text, &[]).exits(0);
    let run = place.only_run();
    let summary = kelvin_report::summarise(&run);
    let function = &summary.functions[0];
    let (warm, cost) = (&function.warm_duration_ms, &function.cost);
    assert_eq!((warm.n, warm.launches), (126, 12));
    let interval = warm.p50.ci95.expect("six launches have a median");
    let numbers = [
        warm.mean.value,
        warm.p50.value,
        warm.p90.value,
        function.warm_latency_ms.p50.value,
        cost.warm.billed_ms,
        function.init_ms.p50.value,
        function.cold_total_ms.mean.value,
        cost.cold.billed_ms,
        Some(interval[0]),
        Some(interval[1]),
        warm.mean.ci95.map(|[low, _]| low),
    ];
    let noted: Vec<Option<f64>> =
        serde_json::from_str(&run.record.notes[0]).expect("it is a list of numbers");
    let checked = run.record.checks.iter().map(|check| check.measure.as_ref()?.value);
    let checked: Vec<Option<f64>> = checked.collect();
    let expected = [numbers[0], numbers[1], numbers[5], numbers[4]];
    let pairs = noted.into_iter().zip(numbers).chain(checked.into_iter().zip(expected));
    for (seen, expected) in pairs {
        let (seen, expected) = (seen.expect("it is known"), expected.expect("it is known"));
        // A summary is rounded to nanoseconds.
        assert!((seen - expected).abs() < 2e-6, "{seen} {expected}");
    }
    assert!(cost.warm.billed_ms >= warm.mean.value);
}

#[test]
fn a_chain_that_breaks_is_on_record() {
    let place = Place::new();
    let text = script(
        "let g = deploy(#{ workload: \"hello\", variant: \"dev\", name: \"g\" });
         pipe([f], #{ name: \"Ada\" });
         expect_status(\"error\", || pipe([f, g, f], #{ nobody: 1 }));",
    );
    let done = place.run_script(&text, &[]).exits(0);
    done.prints("Chains").prints("Runs through a chain that ended before its end: 1.");
    let run = place.only_run();
    assert_eq!(run.pipes.iter().map(|pipe| pipe.ok).collect::<Vec<_>>(), [true, false]);
    assert_eq!(run.pipes[1].functions, [0]);
    assert_eq!(run.pipes[0].whole_ns, run.pipes[0].latency_ns[0]);
}

#[test]
fn loads_can_be_tried_dry() {
    let place = Place::new();
    let text = script("f.load(#{ rate: 1000, duration: \"2s\" });");
    let done = place.run_script(&text, &["--dry-run"]).exits(0);
    done.prints("loads        1").prints("invocations  2000").prints("time         2.0 s");
}
