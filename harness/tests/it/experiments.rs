//! The shipped experiments, each in a small size: real functions, and an answer in one sentence at the end.

use kelvin_record::{Run, RunStatus};

use crate::kit::{Place, build_workload};

/// Runs a shipped scenario with settings, and finds its answer in the report. What it found out depends on the machine.
fn answer(scenario: &str, settings: &[&str], says: &str) -> Run {
    let place = Place::new();
    let settings = settings.iter().flat_map(|setting| ["--set", setting]);
    let args: Vec<&str> = settings.chain(["--set", "variant=dev", "--seed", "1"]).collect();
    let done = place.run(scenario, &args).exits(0);
    let (_, end) = done.stdout.split_once("\nAnswer\n").expect("there is an answer");
    let words = end.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(says), "{words}");
    let run = place.only_run();
    assert_eq!(run.record.status, RunStatus::Ok);
    assert!(!run.record.answers.is_empty());
    run
}

#[test]
fn cold_starts_are_compared_with_warm_ones() {
    build_workload("hello");
    let small = ["workload=hello", "memory=128,1769", "launches=6"];
    let with = |warm: &'static str| [&small[..], &[warm]].concat();
    answer(
        "cold-warm",
        &with("warm=2"),
        "as long as the median warm invocation of the same function",
    );
    answer("cold-warm", &with("warm=0"), "The median cold start takes from");
}

#[test]
fn memory_picks_a_size_for_an_objective() {
    build_workload("hello");
    let small = ["workload=hello", "memory=128,512,1769", "launches=6", "warm=3"];
    let with = |more: &[&'static str]| [&small[..], more].concat();
    let run = answer("memory", &with(&["objective=cheapest"]), "For cheapest, take");
    assert_eq!(run.record.functions.len(), 3);
    // A limit that every size keeps, and one that none does; a search leaves out what it need not know.
    let run = answer("memory", &with(&["objective=warm-p50<900ms", "search=true"]), "take 128 MB");
    let measured = |run: &Run| {
        let of: std::collections::BTreeSet<u32> = run.launches.iter().map(|l| l.function).collect();
        of.len()
    };
    assert_eq!(measured(&run), 2, "512 MB and 128 MB");
    answer("memory", &with(&["objective=warm-mean<0.000001ms"]), "No memory size keeps");
}

#[test]
fn loads_of_every_kind_have_their_answers() {
    build_workload("hello");
    let steady = ["workload=hello", "memory=512", "rate=50", "duration=300ms", "rounds=2"];
    let run = answer("steady", &steady, "requests a second");
    assert_eq!(run.loads.len(), 2);
    let sent: u64 = run.loads.iter().map(|load| load.invocations).sum();
    assert_eq!(run.invocations.iter().filter(|row| row.load.is_some()).count() as u64, sent);
    assert!(run.invocations.iter().all(|row| row.intended_ns.is_some_and(|due| due <= row.at_ns)));
    let burst = ["workload=hello", "clients=1,4", "rounds=2"];
    let run = answer("burst", &burst, "A burst of 4 waits");
    assert_eq!(run.loads.iter().map(|load| load.invocations).sum::<u64>(), 2 + 8);
    let spike = ["workload=hello", "rate=20", "before=200ms", "spike=200ms"];
    assert_eq!(answer("spike", &spike, "During the spike callers waited").loads.len(), 3);
    let knee = ["workload=hello", "from=20", "to=40", "step=200ms", "p90_ms=1e9", "failing=1.0"];
    answer("break-it", &knee, "that was the last rate tried");
    // Less than one environment can take.
    let broken = [
        "workload=hello",
        "from=20",
        "step=200ms",
        "p90_ms=0.0",
        "failing=0.0",
        "closer=1",
        "reserved=1",
    ];
    answer("break-it", &[&broken[..], &["to=20000"]].concat(), "The knee lies between");
}

#[test]
fn what_is_throttled_is_on_record() {
    build_workload("hello");
    let place = Place::new();
    let settings = ["variant=dev", "workload=hello", "clients=6", "rounds=1", "reserved=1"];
    let settings: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
    // The scenario allows it; otherwise it would be a failure.
    let done = place.run("burst", &settings).exits(0);
    done.prints("TooManyRequestsException");
    let run = place.only_run();
    assert_eq!(run.record.functions[0].reserved_concurrency, Some(1));
    let refused = run.invocations.iter().filter(|row| row.launch.is_none());
    assert!(refused.clone().count() > 0);
    assert!(refused.clone().all(|row| row.billed_ms == 0 && row.load == Some(0)));
}

#[test]
fn idle_environments_are_gone_when_they_should_be() {
    build_workload("hello");
    let place = Place::new();
    let settings = ["variant=dev", "idle=0s,1ms", "probes=2"];
    let settings: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
    let never = [&settings[..], &["--idle-expiry", "never"]].concat();
    place.run("keep-alive", &never).exits(0).prints("Most environments were still there");
    let place = Place::new();
    let at_once = [&settings[..], &["--idle-expiry", "0s"]].concat();
    place.run("keep-alive", &at_once).exits(0).prints("Answer");
}

#[test]
fn payloads_chains_and_work_after_the_response() {
    for workload in ["payload", "delays", "audit"] {
        build_workload(workload);
    }
    let payload = ["memory=1769", "bytes=0,100000", "launches=1", "warm=2"];
    let run = answer("payload", &payload, "a megabyte of request takes");
    assert!(run.invocations.iter().any(|row| row.request_bytes > 100_000));
    assert!(run.invocations.iter().any(|row| row.response_bytes > 100_000));
    let chain = ["memory=1769", "table=flights-500", "launches=1", "warm=2"];
    let run = answer("chain", &chain, "Three functions in a row take");
    assert_eq!(run.pipes.len(), 3);
    assert!(run.pipes.iter().all(|pipe| pipe.ok && pipe.functions.len() == 3));
    assert!(run.pipes.iter().all(|p| p.whole_ns >= p.latency_ns.iter().sum::<u64>()));
    let after = ["memory=1769", "launches=1", "warm=3", "again=3"];
    let run = answer(
        "after-response",
        &after,
        "with the work done after the response instead of before it, the wait of",
    );
    assert_eq!(run.record.functions.len(), 4);
    assert!(run.record.checks.iter().all(|check| check.passed));
}

#[test]
fn the_same_handler_in_the_runtimes_that_are_installed() {
    build_workload("hello");
    let settings = ["memory=1769", "launches=1", "warm=2", "client=stand-in"];
    // Which others there are depends on the machine.
    let run = answer("runtimes", &settings, "");
    assert!(run.record.functions.iter().any(|function| function.name == "rust-1769"));
    assert_eq!(run.invocations.len(), 3 * run.record.functions.len());
    assert!(run.invocations.iter().all(|row| row.status == kelvin_lambda::Status::Ok));
}
