//! What people see.

use kelvin_lambda::{Start, Status};
use kelvin_record::{Billing, Run};
use kelvin_report::{Style, render_json, render_markdown_table, render_text, summarise};

use crate::sample::{chained, failed, killed, only_loads, recorded, under_load, uneven};

fn check(run: &Run, unicode: bool) -> String {
    render_text(run, &summarise(run), &Style { color: false, unicode, width: None })
}

#[test]
fn a_good_run() {
    insta::assert_snapshot!(check(&recorded(), true), @r"
    kelvin 0.1.0 · cold-warm · run 20261123T124838Z-3fa9c1 · seed 42 · emulator 0.1.0
    host x86_64 · AMD EPYC 9V74 × 2 · 3.8 GB · kernel 6.8.0-45-generic · kvm
    enforced: all but cpu, memory, freeze (kelvin explain enforced)
    not measured here: throttled_ns (the CPU limit is not enforced)

    Cold starts · ms · cost in $ per million invocations: compute, plus 0.20 for requests
                       binary            INIT  first  total      total p50  total  billed
    function       MB      MB  launches   p50    p50    p50  95 % interval    p90    mean    cost
    json-release  128    1.80        20  6.43   1.09   7.56      7.33–7.67      –    8.00  0.0167
    json-release  512    1.80        20  6.41   1.09   7.47      7.37–7.67      –    8.00  0.0667
    – total p90: needs 36 launches, has 20

    Warm starts · ms · cost in $ per million invocations: compute, plus 0.20 for requests
                       launches   dur.   duration p50   dur.  latency    CPU   max  billed
    function       MB    × each    p50  95 % interval    p90      p50   mean    MB    mean     cost
    json-release  128   20 × 10  0.458    0.455–0.461  0.472    0.462  0.339  9.00    1.00  0.00208
    json-release  512   20 × 10  0.459    0.456–0.461  0.471    0.463  0.338  9.00    1.00  0.00833

    40 launches, 440 invocations, none failed.

    Cold: one number a launch; total is INIT + first invocation; interval by order statistics. Warm:
      each launch counts once, as its invocations are not independent; a quantile is the typical one of
      the launches' own (Hodges-Lehmann), with its signed-rank interval. A mean is that of the launches'
      means.
    Latency is the service time of a closed loop, one request at a time; it is not the response time
      under load.
    A cold start begins with INIT here. On AWS its caller waits for placement and code download besides:
      90 to 140 ms (PeterUlb/lambdabench), which are not emulated.
    Costs are estimates for this CPU, by the prices aws-lambda-us-east-1-2026-09-19.
    ");
}

#[test]
fn a_run_with_failures() {
    insta::assert_snapshot!(check(&failed(), true), @r#"
    kelvin 0.1.0 · cold-warm · run 20261123T124838Z-3fa9c1 · seed 42 · emulator 0.1.0
    host x86_64 · AMD EPYC 9V74 × 2 · 3.8 GB · kernel 6.8.0-45-generic · kvm
    enforced: all but cpu, memory, freeze (kelvin explain enforced)
    not measured here: throttled_ns (the CPU limit is not enforced)
    INVOCATIONS FAILED that were not expected to

    Cold starts · ms · cost in $ per million invocations: compute, plus 0.20 for requests
                       binary            INIT  first  total      total p50  total  billed
    function       MB      MB  launches   p50    p50    p50  95 % interval    p90    mean    cost
    json-release  128    1.80        20  6.43   1.09   7.56      7.33–7.67      –    8.00  0.0167
    json-release  512    1.80  18 of 20  6.38   1.10   7.47      7.30–7.67      –    8.00  0.0667
    – total p90 of json-release-128: needs 36 launches, has 20
    – total p90 of json-release-512: needs 36 launches, has 18; 2 cold starts failed

    Warm starts · ms · cost in $ per million invocations: compute, plus 0.20 for requests
                        launches   dur.   duration p50   dur.  latency    CPU   max  billed
    function       MB     × each    p50  95 % interval    p90      p50   mean    MB    mean     cost
    json-release  128  20 × 7–10  0.458    0.455–0.461  0.472    0.462  0.339  9.00    1.00  0.00208
    json-release  512    20 × 10  0.459    0.456–0.461  0.471    0.463  0.338  9.00    1.00  0.00833

    Failed invocations
    function          status     error                                                         invocations
    json-release-128  timeout    Sandbox.Timedout                                                        2  NOT EXPECTED
    json-release-512  error      \u{1b}[31m&alloc::boxed::Box<dyn core::error::Error>: no it…            1  NOT EXPECTED
    json-release-512  too_large  RequestEntityTooLargeException                                          1  NOT EXPECTED
    json-release-512  crash      Runtime.ExitError                                                       1  expected

    The first of each kind
    These are the functions' own words, on record, and may quote events and environment variables.
    json-release-128: timeout Sandbox.Timedout, 2 invocations
      → Its timeout is 3 s: `timeout` in deploy() sets it, up to 900 s, and more memory gives it more
        than the 7 % of a core that it has with 128 MB.
      on record: invocations.jsonl.gz, launch 0
    json-release-512: error \u{1b}[31m&alloc::boxed::Box<dyn core::error::Error>, 1 invocation
      no item "a\u{202e}b" in orders
      log, the last 8 of 12 lines:
      │          5 \u{1b}[1mstep
      │            6 \u{1b}[1mstep
      │              7 \u{1b}[1mstep
      │                8 \u{1b}[1mstep
      │                  9 \u{1b}[1mstep
      │                   10 \u{1b}[1mstep
      │                     11 \u{1b}[1mstep
      │                       12 \u{1b}[1mstep
      on record: invocations.jsonl.gz, request 8f5ae7c3-0c1e-4f6c-9d0f-6a8f6f0b6f3e

    Checks
    passed cold start below 20 ms
    FAILED cheaper with more memory

    Notes
    - The optimum is at 512 MB.
    - 1 of json-release-128's invocations found a process that had to be started again (suppressed
      init): their duration contains an INIT, so they are in neither table.

    40 launches, 441 invocations, 5 failed, 4 of them UNEXPECTEDLY.

    Cold: one number a launch; total is INIT + first invocation; interval by order statistics. Warm:
      each launch counts once, as its invocations are not independent; a quantile is the typical one of
      the launches' own (Hodges-Lehmann), with its signed-rank interval. A mean is that of the launches'
      means.
    Latency is the service time of a closed loop, one request at a time; it is not the response time
      under load.
    A cold start begins with INIT here. On AWS its caller waits for placement and code download besides:
      90 to 140 ms (PeterUlb/lambdabench), which are not emulated.
    Costs are estimates for this CPU, by the prices aws-lambda-us-east-1-2026-09-19.
    "#);
}

#[test]
fn a_run_that_was_killed_in_ascii() {
    insta::assert_snapshot!(check(&killed(7), false), @r"
    kelvin 0.1.0 | cold-warm | run 20261123T124838Z-3fa9c1 | seed 42 | emulator 0.1.0
    host x86_64 | AMD EPYC 9V74 x 2 | 3.8 GB | kernel 6.8.0-45-generic | kvm
    enforced: all but cpu, memory, freeze (kelvin explain enforced)
    not measured here: throttled_ns (the CPU limit is not enforced)
    TRUNCATED: the run has not ended, or its program was killed
    if it was killed, `kelvin run --resume 20261123T124838Z-3fa9c1` goes on from here

    Cold starts | ms | cost in $ per million invocations: compute, plus 0.20 for requests
                       binary            INIT  first  total      total p50  total  billed
    function       MB      MB  launches   p50    p50    p50  95 % interval    p90    mean    cost
    json-release  128    1.80         4     -      -      -              -      -    8.00  0.0167
    json-release  512    1.80         3     -      -      -              -      -    8.00  0.0667
    - INIT p50, first p50, total p50 of json-release-128: needs 6 launches, has 4
    - total p90 of json-release-128: needs 36 launches, has 4
    - INIT p50, first p50, total p50 of json-release-512: needs 6 launches, has 3
    - total p90 of json-release-512: needs 36 launches, has 3

    Warm starts | ms | cost in $ per million invocations: compute, plus 0.20 for requests
                       launches  dur.   duration p50  dur.  latency    CPU   max  billed
    function       MB    x each   p50  95 % interval   p90      p50   mean    MB    mean     cost
    json-release  128    4 x 10     -              -     -        -  0.335  9.00    1.00  0.00208
    json-release  512    3 x 10     -              -     -        -  0.337  9.00    1.00  0.00833
    - duration p50, latency p50 of json-release-128: needs 6 launches with 2 invocations each, has 4
    - duration p90 of json-release-128: needs 6 launches with 10 invocations each, has 4
    - duration p50, latency p50 of json-release-512: needs 6 launches with 2 invocations each, has 3
    - duration p90 of json-release-512: needs 6 launches with 10 invocations each, has 3

    Seen, too few for an estimate | ms | the median is of all numbers together
    function       MB         metric  launches   n    min  median    max
    json-release  128           INIT         4   4  6.12    6.37   6.63
    json-release  128     cold total         4   4  7.21    7.45   7.72
    json-release  128  warm duration         4  40  0.436   0.454  0.478
    json-release  512           INIT         3   3  6.28    6.47   6.75
    json-release  512     cold total         3   3  7.39    7.56   7.79
    json-release  512  warm duration         3  30  0.434   0.456  0.482

    Notes
    - 7 invocations are left out because not all of their launch is recorded.

    7 launches, 77 invocations, none failed.

    Cold: one number a launch; total is INIT + first invocation; interval by order statistics. Warm:
      each launch counts once, as its invocations are not independent; a quantile is the typical one of
      the launches' own (Hodges-Lehmann), with its signed-rank interval. A mean is that of the launches'
      means.
    Latency is the service time of a closed loop, one request at a time; it is not the response time
      under load.
    A cold start begins with INIT here. On AWS its caller waits for placement and code download besides:
      90 to 140 ms (PeterUlb/lambdabench), which are not emulated.
    Costs are estimates for this CPU, by the prices aws-lambda-us-east-1-2026-09-19.
    ");
}

#[test]
fn a_run_that_was_billed_by_aws_does_not_call_its_costs_estimates() {
    let mut run = recorded();
    run.record.billing = Billing::Reported;
    let text = check(&run, true);
    assert!(text.contains("Costs are of the durations that AWS billed"), "{text}");
    assert!(!text.contains("estimate"), "{text}");
    assert!(!text.contains("110 ms"), "{text}");
}

#[test]
fn the_answer_of_a_scenario_is_the_end_of_its_report() {
    let mut run = recorded();
    run.record.answers = vec![
        "512 MB are the cheapest size that keeps the p90 of warm invocations below 10 ms: a million invocations cost \
         $0.208, and 128 MB would save $0.006 of that."
            .to_owned(),
        "More memory does not shorten the cold start.".to_owned(),
    ];
    let text = check(&run, true);
    let (_, answer) = text.split_once("2026-09-19.\n").expect("the prices come before it");
    insta::assert_snapshot!(answer, @r"
    Answer
    512 MB are the cheapest size that keeps the p90 of warm invocations below 10 ms: a million
    invocations cost $0.208, and 128 MB would save $0.006 of that.
    More memory does not shorten the cold start.
    ");
}

#[test]
fn markdown() {
    insta::assert_snapshot!(render_markdown_table(&summarise(&recorded())), @r"
    | function | memory (MB) | binary (MB) | launches | INIT p50 (ms) | cold start p50 (ms) | warm p50 (ms) | warm p90 (ms) | max memory (MB) | cold start ($/million) | warm ($/million) |
    |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
    | json-release | 128 | 1.80 | 20 | 6.43 | 7.56 (7.33–7.67) | 0.458 (0.455–0.461) | 0.472 | 9.00 | 0.217 | 0.202 |
    | json-release | 512 | 1.80 | 20 | 6.41 | 7.47 (7.37–7.67) | 0.459 (0.456–0.461) | 0.471 | 9.00 | 0.267 | 0.208 |
    ");
}

#[test]
fn json_is_the_summary_on_disk() {
    // That of the fixture is of an older version, which took quantiles over all invocations together.
    assert_eq!(render_json(&summarise(&recorded())), include_str!("summary.json"));
}

#[test]
fn what_is_too_little_for_an_estimate_is_shown_as_such() {
    insta::assert_snapshot!(render_markdown_table(&summarise(&killed(1))), @r"
    | function | memory (MB) | binary (MB) | launches | INIT p50 (ms) | cold start p50 (ms) | warm p50 (ms) | warm p90 (ms) | max memory (MB) | cold start ($/million) | warm ($/million) |
    |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
    | json-release | 128 | 1.80 | 1 | – | – | – | – | 9.00 | 0.217 | 0.202 |
    | json-release | 512 | 1.80 | 0 | – | – | – | – | – | – | – |

    Seen, too few for an estimate (the median is of all numbers together):

    | function | memory (MB) | metric | launches | n | min (ms) | median (ms) | max (ms) |
    |---|--:|---|--:|--:|--:|--:|--:|
    | json-release | 128 | INIT | 1 | 1 | 6.58 | 6.58 | 6.58 |
    | json-release | 128 | cold total | 1 | 1 | 7.72 | 7.72 | 7.72 |
    | json-release | 128 | warm duration | 1 | 10 | 0.436 | 0.451 | 0.466 |
    ");
    let summary = summarise(&killed(1));
    let warm = &summary.functions[0].warm_duration_ms;
    assert_eq!((warm.n, warm.launches, warm.p50.value), (10, 1, None));
    insta::assert_json_snapshot!(warm.seen, @r#"
    {
      "min": 0.43559,
      "median": 0.45078,
      "max": 0.465627
    }
    "#);
    // Where there is an estimate, nothing else is beside it.
    let warm = &summarise(&recorded()).functions[0].warm_duration_ms;
    assert!(warm.p50.ci95.is_some() && warm.seen.is_none());
}

/// Launches with one warm invocation and with 50 take turns, and the one is three times as slow.
#[test]
fn a_mean_is_that_of_launches_and_never_below_what_it_bills() {
    let run = uneven();
    let function = summarise(&run).functions.remove(0);
    let (duration, billed) = (function.warm_duration_ms, function.cost.warm);
    // Six launches take 3.1 ms and six 1.1 ms, however many invocations that is of.
    assert_eq!((duration.n, duration.launches), (306, 12));
    assert_eq!(duration.mean.value, Some(2.1));
    assert_eq!(billed.billed_ms, Some(3.0));
    assert!(billed.billed_ms >= duration.mean.value);
    let [low, high] = billed.billed_ci95.expect("12 launches are enough");
    assert!(low < 3.0 && 3.0 < high);
    // Only six of the launches have a median of their own.
    assert_eq!((duration.p50.value, duration.p50.ci95), (Some(1.1), Some([1.1, 1.1])));
}

/// What lies between the tables of starts and the reading aids at the end.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(begin).expect("it is there");
    rest.split_once(end).expect("it ends").0
}

#[test]
fn a_run_with_loads() {
    let text = check(&under_load(), true);
    insta::assert_snapshot!(between(&text, "enforced)\n", "Cold: one number"), @r"
    not measured here: throttled_ns (the CPU limit is not enforced)

    Cold starts · ms · cost in $ per million invocations: compute, plus 0.20 for requests
                       binary            INIT  first  total      total p50  total  billed
    function       MB      MB  launches   p50    p50    p50  95 % interval    p90    mean    cost
    json-release  128    1.80        20  6.43   1.09   7.56      7.33–7.67      –    8.00  0.0167
    json-release  512    1.80        20  6.41   1.09   7.47      7.37–7.67      –    8.00  0.0667
    – total p90: needs 36 launches, has 20

    Warm starts · ms · cost in $ per million invocations: compute, plus 0.20 for requests
                       launches   dur.   duration p50   dur.  latency    CPU   max  billed
    function       MB    × each    p50  95 % interval    p90      p50   mean    MB    mean     cost
    json-release  128   20 × 10  0.458    0.455–0.461  0.472    0.462  0.339  9.00    1.00  0.00208
    json-release  512   20 × 10  0.459    0.456–0.461  0.471    0.463  0.338  9.00    1.00  0.00833

    Loads · what became of the requests
                                                           good                throt-        envi-    at
    function          no.                     load  sent  per s  good  failed    tled  cold  ronm.  once
    json-release-128    0        20/s poisson 20 s   400  20.0    399       0       1  0.5%      3     1
    json-release-512    1  16 clients, 61 requests    61   3.05    60       0       1  3.3%      3     1
    json-release-128    2        20/s poisson 20 s   400  20.0    399       0       1  0.5%      3     1

    Loads · ms · of good answers
                            latency  latency               dur.    queue  behind
    function          no.        is      p50   p90   p99    p50     mean     p99
    json-release-128    0  response     4.04  5.63  5.99  0.436  0.00435  0.0500
    json-release-512    1   service     2.31  2.55     –  0.436  0.00435       –
    json-release-128    2  response     7.03  8.62  8.98  0.436  0.00435  3.00
    json-release-128, 20/s poisson 20 s, 2 loads: good per s 20.0–20.0, latency p50 4.04–7.03, p90
      5.63–8.62, p99 5.99–8.98, cold starts 2
    Response: an open loop (requests a second) sends when a request is due; its latency is response
      time, from when it was due. Service: a closed loop (clients) sends when there is an answer; its
      latency is service time. Behind is by how much the generator sent later than due. Each load is one
      sample of its level, however many requests it sends: no intervals. A quantile needs 6 (p50), 36
      (p90), 368 (p99) answers.
    Load 0: 1 request came first to an environment that nobody had waited for (proactive init).
    Load 1: 1 request came first to an environment that nobody had waited for (proactive init).
    Load 2: 1 request came first to an environment that nobody had waited for (proactive init).
    Load 2: THE GENERATOR FELL BEHIND its schedule by 3.00 ms (p99); this machine was too busy to send
      when requests were due, and latency contains it.

    Failed invocations
    function          status     error                     invocations
    json-release-128  throttled  TooManyRequestsException            2  expected
    json-release-512  throttled  TooManyRequestsException            1  expected

    49 launches, 1301 invocations (861 of loads), 3 failed, all as expected.
    ");
    // What is under load changes nothing of what is not.
    let tables = |text: &str| between(text, "Cold starts", "40 launches").to_owned();
    let without = tables(&check(&recorded(), true));
    assert!(text.contains(without.trim_end()), "{text}");
}

#[test]
fn a_run_of_loads_alone_has_no_tables_of_starts() {
    let text = check(&only_loads(), false);
    assert!(!text.contains("Cold starts") && !text.contains("Warm starts"), "{text}");
    assert!(text.contains("Loads"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 100), "{text}");
}

#[test]
fn loads_are_in_the_summary() {
    let summary = summarise(&under_load());
    let with_loads: Vec<u64> = summary.loads.iter().map(|load| load.sent).collect();
    assert_eq!(with_loads, [400, 61, 400]);
    insta::assert_json_snapshot!(summary.loads[1], @r#"
    {
      "load": 1,
      "function": "json-release-512",
      "memory_mb": 512,
      "kind": "closed",
      "arrivals": null,
      "planned_seconds": null,
      "planned": 61,
      "seconds": 20.0,
      "offered_per_second": null,
      "clients": 16,
      "sent": 61,
      "achieved_per_second": 3.0495938450102726,
      "ok": 60,
      "throttled": 1,
      "failed": 0,
      "cold": 2,
      "proactive": 1,
      "suppressed": 0,
      "environments": 3,
      "at_once": 1,
      "latency_ms": {
        "mean": 2.315,
        "p50": 2.315,
        "p90": 2.551,
        "p99": null
      },
      "duration_ms": {
        "mean": 0.43559,
        "p50": 0.43559,
        "p90": 0.43559,
        "p99": null
      },
      "queue_ms": 0.004352,
      "behind_ms": null
    }
    "#);
    let mut without = summary;
    without.loads.clear();
    let recorded = summarise(&recorded());
    for (with, without) in without.functions.iter().zip(&recorded.functions) {
        assert_eq!(
            (&with.cold_total_ms, &with.warm_duration_ms),
            (&without.cold_total_ms, &without.warm_duration_ms)
        );
        assert_eq!(with.cost, without.cost);
    }
}

#[test]
fn a_run_with_chains_and_thresholds() {
    let text = check(&chained(), true);
    insta::assert_snapshot!(between(&text, "0.463  0.338  9.00    1.00  0.00833\n", "40 launches"), @r"
    Chains · ms · of those that were answered
                                                       latency  pooled  stages  between
    chain                                starts  runs     mean     p50    mean     mean
    json-release-128 > json-release-512    warm     6     6.54    6.54    6.50   0.0400
    json-release-128 > json-release-512    cold     1     3.04       –    3.00   0.0400
    A chain takes what its stages take, one after another, and what lies between a response and the next
      request. It is cold if one of its stages started cold. Warm runs share launches: means and the p50
      are over all runs together, and there are no intervals.
    Runs through a chain that ended before its end: 1.

    Checks
    passed warm p50: 0.458 ms (0.455–0.461), to be below 5.00, n = 200 of 20 launches
    FAILED cold p50: 7.56 ms, to be below 5.00, n = 20 launches
    UNDECIDED cold p90: to be below 5.00 ms, but needs 36 launches, has 20
    FAILED old cold p90: to be below 5.00 ms, but needs 36 launches, has 20
    passed INIT is work: 6.43 ms, to be above 5.00, n = 20 launches
    UNDECIDED hardly any fails: 0 of all (0.0000–0.0362), to be below 0.00100, n = 100; the interval
           contains the limit; it takes 3688 invocations at least, has 100
    ");
}

#[test]
fn a_function_without_a_number_says_why() {
    let why = |run: &Run| {
        let function = summarise(run).functions.remove(0);
        let estimates = [function.cold_total_ms.p50, function.warm_duration_ms.p50];
        estimates.map(|estimate| estimate.reason.unwrap_or_default())
    };
    let only = |keep: &dyn Fn(Start) -> bool, status| {
        let mut run = recorded();
        run.invocations.retain(|row| keep(row.start));
        run.invocations.iter_mut().for_each(|row| row.status = status);
        run
    };
    let none = only(&|_| false, Status::Ok);
    assert_eq!(why(&none), ["was not invoked"; 2]);
    assert_eq!(why(&only_loads()), ["was only put under load"; 2]);
    let cold = only(&|start| start == Start::Cold, Status::Crash);
    assert_eq!(why(&cold), ["no cold start succeeded", "had no warm start"]);
    let warm = only(&|start| start == Start::Warm, Status::Crash);
    assert_eq!(why(&warm), ["had no cold start", "no warm start succeeded"]);
}
