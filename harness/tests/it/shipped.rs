//! Scenarios that come with Kelvin and need more than functions, in a small size.

use std::collections::BTreeSet;

use crate::kit::Place;

const SMALL: [&str; 10] = [
    "--set",
    "variant=dev",
    "--set",
    "memory=1769",
    "--set",
    "launches=1",
    "--set",
    "warm=2",
    "--set",
    "latency=2ms",
];

#[test]
fn fan_out_measures_every_concurrency_against_its_upstream() {
    let place = Place::new();
    let done = place.run("fan-out", &SMALL).exits(0);
    done.prints("service 0: http · latency 2ms · errors none")
        .prints("With 1 requests under way instead of 16");
    let run = place.only_run();
    assert_eq!(run.invocations.len(), 3 * (1 + 2));
    let cases: BTreeSet<_> = run.invocations.iter().filter_map(|row| row.case.as_deref()).collect();
    let expected = ["concurrency-1", "concurrency-16", "concurrency-4"];
    assert_eq!(cases.into_iter().collect::<Vec<_>>(), expected);
    for row in &run.invocations {
        assert!(row.io_ns.value().is_some_and(|ns| ns > 0), "it waits: {row:?}");
        assert!(row.compute_ns.value().is_some_and(|ns| ns > 0), "it computes: {row:?}");
    }
}

#[test]
fn fan_out_can_be_planned_without_a_build() {
    let place = Place::new();
    let done = place.run("fan-out", &["--dry-run", "--format", "json"]).exits(0);
    let totals: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let counts = ["functions", "launches", "invocations"].map(|name| totals[name].as_u64());
    assert_eq!(counts, [Some(12), Some(120), Some(1320)]);
}

#[test]
fn fan_out_holds_with_a_few_errors_and_fails_clearly_with_many() {
    let with = |errors: &str, code: i32| {
        let place = Place::new();
        let errors = format!("errors={errors}");
        let settings = [&SMALL[..], &["--set", "concurrency=4", "--set", &errors]].concat();
        let done = place.run("fan-out", &settings).exits(code);
        (done, place.only_run())
    };
    let (_, run) = with("error=5%", 0);
    assert!(run.invocations.iter().all(|row| row.error_type.is_none()));
    let (done, run) = with("error=1", 4);
    done.prints("ServiceFailed");
    assert!(run.invocations.iter().all(|row| row.error_type.as_deref() == Some("ServiceFailed")));
}
