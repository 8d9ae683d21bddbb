//! Workloads with I/O, in the shipped scenario: real bootstraps, AWS's clients, embedded services.

use kelvin_record::Run;

use crate::kit::{Place, build_workload};

/// What is waited for each call of the far services.
const DELAY_NS: u64 = 50_000_000;

/// Both workloads get or write, and then put or query.
const CALLS: u64 = 2;

/// `compute` and `io` of the invocations of one function, in nanoseconds.
fn spans(run: &Run, name: &str) -> Vec<(u64, u64)> {
    let position = run.record.functions.iter().position(|function| function.name == name);
    let index = position.and_then(|position| u32::try_from(position).ok());
    assert!(index.is_some(), "there is no function {name}");
    let of_it = run.invocations.iter().filter(|row| run.function_of(row) == index);
    let spans = of_it.map(|row| (row.compute_ns.value(), row.io_ns.value()));
    spans.map(|(compute, io)| (compute.expect("a span"), io.expect("a span"))).collect()
}

fn mean_io(spans: &[(u64, u64)]) -> u64 {
    spans.iter().map(|(_, io)| io).sum::<u64>() / spans.len() as u64
}

#[test]
fn the_io_ladder_has_a_rung_for_each_distance() {
    build_workload("s3-object");
    build_workload("dynamodb-item");
    let place = Place::new();
    let settings = ["variant=dev", "memory=1769", "far=50ms", "idle=10ms", "launches=2", "warm=5"];
    let settings: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
    // Every answer is checked, and a wrong one or a failure would be another exit code.
    let done = place.run("io-ladder", &settings).exits(0);
    let done = done.prints("service 0: s3 · latency none");
    done.prints("service 3: dynamodb · latency 50ms");
    let run = place.only_run();
    for workload in ["s3-object", "dynamodb-item"] {
        let rung = |place: &str| spans(&run, &format!("{workload}-dev-{place}-1769"));
        let (none, idle) = (rung("no-io"), rung("idle-10ms"));
        let (near, far) = (rung("near"), rung("far-50ms"));
        for spans in [&none, &idle, &near, &far] {
            assert_eq!(spans.len(), 12);
            assert!(spans.iter().all(|(compute, _)| *compute > 0), "{workload}: {spans:?}");
        }
        for spans in [&none, &idle] {
            assert!(spans.iter().all(|(_, io)| *io == 0), "{workload}: {spans:?}");
        }
        assert!(near.iter().all(|(_, io)| *io > 0), "{workload}: {near:?}");
        // A wait can be longer than the delay, never shorter.
        assert!(far.iter().all(|(_, io)| *io >= CALLS * DELAY_NS), "{workload}: {far:?}");
        assert!(mean_io(&far) > mean_io(&near), "{workload}: {near:?} {far:?}");
    }
}

/// The ladder with services that fail at this rate, far but at once.
fn with_errors(place: &Place, errors: &str, code: i32) -> Run {
    build_workload("s3-object");
    build_workload("dynamodb-item");
    let errors = format!("errors={errors}");
    let settings = ["variant=dev", "memory=1769", "far=none", "launches=1", "warm=9", &errors];
    let settings: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
    place.run("io-ladder", &settings).exits(code);
    place.only_run()
}

#[test]
fn retries_hold_against_a_few_errors() {
    let place = Place::new();
    let run = with_errors(&place, "5%", 0);
    assert!(run.invocations.iter().all(|row| row.error_type.is_none()));
}

#[test]
fn services_that_always_fail_are_named_and_the_run_is_complete() {
    let place = Place::new();
    let run = with_errors(&place, "1", 4);
    assert_eq!(run.truncated, None);
    assert_eq!(run.invocations.len(), 2 * 3 * 10);
    for row in &run.invocations {
        let function = run.function_of(row).expect("every launch has a function");
        let name = &run.record.functions[function as usize].name;
        let expected = name.contains("-far-").then_some("ServiceFailed");
        assert_eq!(row.error_type.as_deref(), expected, "{name}: {row:?}");
    }
}

#[test]
fn https_can_be_left_out_and_measured_beside() {
    build_workload("fan-out");
    let place = Place::new();
    let settings =
        ["workload=fan-out", "variant=dev,dev+http-only", "memory=1769", "launches=1", "warm=1"];
    let settings: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
    place.run("bootstraps", &settings).exits(0);
    let run = place.only_run();
    let sizes = run.record.functions.iter().map(|function| function.binary_bytes);
    let sizes: Vec<u64> = sizes.map(|bytes| bytes.expect("every bootstrap has a size")).collect();
    assert!(sizes[1] < sizes[0], "{sizes:?}");
}

#[test]
fn what_is_prepared_can_be_made_at_three_moments() {
    build_workload("s3-object");
    let place = Place::new();
    let settings = ["variant=dev", "workload=s3-object,jwt", "memory=1769", "launches=1", "warm=1"];
    let settings: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
    place.run("init-shift", &settings).exits(0);
    let run = place.only_run();
    let names: Vec<&str> = run.record.functions.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    for prepare in ["init", "first-use", "after-response"] {
        assert!(names.contains(&format!("s3-object-dev-{prepare}-1769").as_str()), "{names:?}");
    }
}
