//! Where the time goes, as people see it.

use std::iter;

use kelvin_lambda::MemorySize;
use kelvin_record::{Measured, Run, RungRecord};
use kelvin_report::{
    Beside, Burst, Criterion, LadderReport, StartLadder, Style, ladder, render_ladder_json,
    render_ladder_markdown, render_ladder_text,
};

use crate::sample::{failed, killed, recorded, under_load};

/// Makes everything below 1,769 MB three times as long.
fn three_times(bursts: &[Burst], _: MemorySize) -> Vec<u64> {
    bursts.iter().map(|burst| 3 * burst.cpu_ns).collect()
}

/// Says that the case takes 300 µs.
fn criterion() -> Criterion {
    Criterion::from([(("json".to_owned(), "small".to_owned()), Ok(300_000.0))])
}

pub(crate) fn report(run: &Run) -> LadderReport {
    ladder(run, &Beside { cpu_limit: &three_times, criterion: &criterion() })
}

/// The first function of a run, without head and reading aids.
fn first(run: &Run) -> String {
    let text =
        render_ladder_text(run, &report(run), &Style { color: false, unicode: true, width: None });
    let begin = text.find("\n\njson-release · 128").expect("there is such a function");
    let end = text.find("\n\njson-release · 512").expect("and another");
    text[begin..end].trim().to_owned()
}

/// The same run, had the CPU limit been enforced and its time attributed: half of `compute` was held back.
fn throttled() -> Run {
    let mut run = recorded();
    run.record.unavailable.remove("throttled_ns");
    for row in &mut run.invocations {
        let compute = row.compute_ns.value().expect("it was measured");
        row.throttled_ns = Measured::Value(compute / 2);
        row.compute_ns = Measured::Value(compute - compute / 2);
    }
    run
}

/// The same run, had the functions reported no spans.
fn without_spans() -> Run {
    let mut run = recorded();
    for row in &mut run.invocations {
        for span in [&mut row.decode_ns, &mut row.compute_ns, &mut row.io_ns, &mut row.encode_ns] {
            *span = Measured::NotApplicable;
        }
    }
    run
}

#[test]
fn a_good_run() {
    insta::assert_snapshot!(first(&recorded()), @r"
    json-release · 128 MB · warm · mean of 200 invocations in 20 launches
    part                   µs  ± 95 %  share
    client                9.6     0.1    2 %
    queue                 4.2     0.0    1 %
    runtime              86.1     0.5   19 %  ████
    decode               21.2     0.1    5 %  █
    compute             318.8     1.9   69 %  ██████████████
    io                    0.0     0.0    0 %
    encode                9.6     0.1    2 %
    throttled               –       –
    response_duration    12.8     0.1    3 %  █
    latency             462.3     2.1         the sum of the parts above
    post_response         9.5     0.0         after the response, in the bill
    extension_overhead    0.0     0.0         after the response, in the bill
    duration            458.1     2.1         what is billed
    – throttled: the CPU limit is not enforced
    CPU limit: –: nothing with this bootstrap has a whole core, nor is the time held back known

    json-release · 128 MB · cold · mean of the first invocation of 20 launches
    part                    µs  ± 95 %  share
    client                 9.6     0.2    0 %
    init                6403.6   102.3   85 %  █████████████████
    queue                  4.2     0.1    0 %
    runtime               85.9     2.0    1 %
    decode                21.2     0.4    0 %
    compute              956.7    16.1   13 %  ███
    io                     0.0     0.0    0 %
    encode                 9.5     0.2    0 %
    throttled                –       –
    response_duration     12.8     0.2    0 %
    latency             7503.5   104.3         the sum of the parts above
    post_response          9.6     0.2         after the response, in the bill
    extension_overhead     0.0     0.0         after the response, in the bill
    duration            1095.7    16.3         init + duration are billed
    – throttled: the CPU limit is not enforced
    CPU limit: –: nothing with this bootstrap has a whole core, nor is the time held back known
    criterion, case small: –: its compute may contain time held back
    ");
}

#[test]
fn a_run_that_was_held_back() {
    insta::assert_snapshot!(first(&throttled()), @r"
    json-release · 128 MB · warm · mean of 200 invocations in 20 launches
    part                   µs  ± 95 %  share
    client                9.6     0.1    2 %
    queue                 4.2     0.0    1 %
    runtime              86.1     0.5   19 %  ████
    decode               21.2     0.1    5 %  █
    compute             159.4     1.0   34 %  ███████
    io                    0.0     0.0    0 %
    encode                9.6     0.1    2 %
    throttled           159.4     1.0   34 %  ███████
    response_duration    12.8     0.1    3 %  █
    latency             462.3     2.1         the sum of the parts above
    post_response         9.5     0.0         after the response, in the bill
    extension_overhead    0.0     0.0         after the response, in the bill
    duration            458.1     2.1         what is billed
    CPU limit: duration 0.458 ms ÷ 0.299 ms at full speed (duration − throttled) = ×1.53; predicted by
      the tick model for that CPU time: ×3.27, residual −53.1 %

    json-release · 128 MB · cold · mean of the first invocation of 20 launches
    part                    µs  ± 95 %  share
    client                 9.6     0.2    0 %
    init                6403.5   102.3   85 %  █████████████████
    queue                  4.2     0.1    0 %
    runtime               85.9     2.0    1 %
    decode                21.2     0.4    0 %
    compute              478.4     8.1    6 %  █
    io                     0.0     0.0    0 %
    encode                 9.5     0.2    0 %
    throttled            478.4     8.1    6 %  █
    response_duration     12.8     0.2    0 %
    latency             7503.5   104.3         the sum of the parts above
    post_response          9.6     0.2         after the response, in the bill
    extension_overhead     0.0     0.0         after the response, in the bill
    duration            1095.7    16.3         init + duration are billed
    CPU limit: duration 1.10 ms ÷ 0.617 ms at full speed (duration − throttled) = ×1.77; predicted by
      the tick model for that CPU time: ×4.30, residual −58.7 %
    criterion, case small: warm compute 159.4 µs ÷ 300.0 µs = ×0.531
    FINDING: compute and criterion differ by more than 10 %
    ");
}

#[test]
fn a_run_without_spans_and_with_too_few_launches_for_intervals() {
    let mut run = without_spans();
    run.launches.truncate(8);
    run.invocations.retain(|row| row.launch.is_some_and(|launch| launch < 8));
    insta::assert_snapshot!(first(&run), @r"
    json-release · 128 MB · warm · mean of 40 invocations in 4 launches
    part                    µs  ± 95 %  share
    client                 9.6       –    2 %
    queue                  4.2       –    1 %
    runtime_and_handler  432.9       –   94 %  ███████████████████
    throttled                –       –
    response_duration     12.7       –    3 %  █
    latency              459.4       –         the sum of the parts above
    post_response          9.5       –         after the response, in the bill
    extension_overhead     0.0       –         after the response, in the bill
    duration             455.1       –         what is billed
    – ±: needs 10 launches, has 4
    – throttled: the CPU limit is not enforced
    CPU limit: –: nothing with this bootstrap has a whole core, nor is the time held back known

    json-release · 128 MB · cold · mean of the first invocation of 4 launches
    part                     µs  ± 95 %  share
    client                  9.6       –    0 %
    init                 6373.7       –   85 %  █████████████████
    queue                   4.3       –    0 %
    runtime_and_handler  1059.9       –   14 %  ███
    throttled                 –       –
    response_duration      13.0       –    0 %
    latency              7460.5       –         the sum of the parts above
    post_response           9.6       –         after the response, in the bill
    extension_overhead      0.0       –         after the response, in the bill
    duration             1082.6       –         init + duration are billed
    – ±: needs 10 launches, has 4
    – throttled: the CPU limit is not enforced
    CPU limit: –: nothing with this bootstrap has a whole core, nor is the time held back known
    criterion, case small: –: its compute may contain time held back
    ");
}

#[test]
fn a_kernel_that_tells_only_a_total() {
    let mut run = recorded();
    let why = "not attributed: a cgroup tells a total only";
    run.record.unavailable.insert("throttled_ns".to_owned(), why.to_owned());
    for row in &mut run.invocations {
        row.throttled_total_ns = Measured::Value(50_000);
    }
    let text = first(&run);
    assert!(text.contains(&format!("– throttled: {why}")), "{text}");
    assert!(text.contains("held back in total: 50.0 µs over all CPUs"), "{text}");
}

#[test]
fn an_interval_around_zero_is_below_resolution() {
    let mut run = recorded();
    for row in &mut run.invocations {
        // Every other launch waited for a microsecond.
        let waits = row.launch.is_some_and(|launch| launch % 20 == 0);
        row.io_ns = Measured::Value(if waits { 1_000 } else { 0 });
    }
    let text = first(&run);
    let io = text.lines().find(|line| line.starts_with("io ")).expect("a row");
    assert!(io.ends_with("below resolution (±0.1 µs)"), "{text}");
}

#[test]
fn the_function_at_full_speed_is_the_measure_of_others() {
    let mut run = throttled();
    run.record.functions[1].memory_mb = MemorySize::ONE_VCPU;
    let report = report(&run);
    let held_back = report.functions[0].warm.held_back.as_ref().expect("it has less than a core");
    assert_eq!(held_back.full_speed_of.as_deref(), Some("json-release-512"));
    assert_eq!(report.functions[1].warm.held_back, None);
    // Of another bootstrap it is none.
    run.record.functions[1].binary_sha256 = Some("cd".repeat(32));
    let report = self::report(&run);
    let held_back = report.functions[0].warm.held_back.as_ref().expect("it has less than a core");
    assert_eq!(held_back.full_speed_of, None);
}

#[test]
fn parts_add_up_to_the_nanosecond() {
    let ns = |ms: Option<f64>| (ms.unwrap_or(0.0) * 1e6).round();
    let check = |start: &StartLadder| {
        let sum: f64 = start.parts.iter().map(|part| ns(part.mean_ms.value)).sum();
        assert_eq!(sum, ns(start.latency_ms.value), "{start:#?}");
    };
    for run in [recorded(), failed(), killed(3), throttled(), without_spans()] {
        let report = report(&run);
        for function in &report.functions {
            check(&function.warm);
            check(&function.cold);
        }
        // Nor does the column of a terminal come to another sum.
        let text =
            render_ladder_text(&run, &report, &Style { color: false, unicode: true, width: None });
        let mut sum = 0.0;
        for line in text.lines().skip_while(|line| !line.starts_with("part ")) {
            let cells: Vec<&str> = line.split_whitespace().collect();
            let Some(micros) = cells.get(1).and_then(|cell| cell.parse::<f64>().ok()) else {
                continue;
            };
            if cells[0] == "latency" {
                assert!((sum - micros).abs() < 0.01, "{sum} {line}\n{text}");
                sum = 0.0;
            } else if !["duration", "post_response", "extension_overhead"].contains(&cells[0]) {
                sum += micros;
            }
        }
    }
}

#[test]
fn the_mean_latency_is_that_of_the_summary() {
    let run = recorded();
    let summary = kelvin_report::summarise(&run);
    for (of_ladder, of_summary) in iter::zip(report(&run).functions, summary.functions) {
        let (a, b) = (of_ladder.warm.latency_ms, of_summary.warm_latency_ms.mean);
        assert_eq!((a.value, a.ci95), (b.value, b.ci95));
    }
}

#[test]
fn no_line_is_longer_than_100_columns_and_ascii_is_possible() {
    for run in [recorded(), failed(), killed(3), killed(0), throttled(), without_spans()] {
        let text = render_ladder_text(&run, &report(&run), &Style::default());
        assert!(text.is_ascii(), "{text}");
        assert!(text.lines().all(|line| line.len() <= 100), "{text}");
    }
}

#[test]
fn markdown() {
    insta::assert_snapshot!(render_ladder_markdown(&report(&throttled())), @r"
    | json-release, 128 MB | warm (µs), 20 launches | cold, the first (µs), 20 launches |
    |---|--:|--:|
    | client | 9.6 ± 0.1 | 9.6 ± 0.2 |
    | init |  | 6403.6 ± 102.3 |
    | queue | 4.2 ± 0.0 | 4.2 ± 0.1 |
    | runtime | 86.2 ± 0.5 | 85.9 ± 2.0 |
    | decode | 21.2 ± 0.1 | 21.2 ± 0.4 |
    | compute | 159.4 ± 1.0 | 478.4 ± 8.1 |
    | io | 0.0 ± 0.0 | 0.0 ± 0.0 |
    | encode | 9.6 ± 0.1 | 9.5 ± 0.2 |
    | throttled | 159.4 ± 1.0 | 478.4 ± 8.1 |
    | response_duration | 12.8 ± 0.1 | 12.8 ± 0.2 |
    | **latency** | **462.3 ± 2.1** | **7503.5 ± 104.3** |
    | post_response (after the response) | 9.5 ± 0.0 | 9.6 ± 0.2 |
    | extension_overhead (after the response) | 0.0 ± 0.0 | 0.0 ± 0.0 |
    | duration | 458.1 ± 2.1 | 1095.7 ± 16.3 |
    | CPU limit: × full speed (predicted) | 1.53 (3.27) | 1.77 (4.30) |
    | compute ÷ criterion | 0.53 |  |

    | json-release, 512 MB | warm (µs), 20 launches | cold, the first (µs), 20 launches |
    |---|--:|--:|
    | client | 9.6 ± 0.0 | 9.5 ± 0.2 |
    | init |  | 6403.8 ± 105.6 |
    | queue | 4.2 ± 0.0 | 4.3 ± 0.1 |
    | runtime | 85.9 ± 0.6 | 85.7 ± 2.0 |
    | decode | 21.3 ± 0.1 | 21.3 ± 0.4 |
    | compute | 159.7 ± 0.8 | 475.8 ± 7.9 |
    | io | 0.0 ± 0.0 | 0.0 ± 0.0 |
    | encode | 9.6 ± 0.0 | 9.6 ± 0.2 |
    | throttled | 159.7 ± 0.8 | 475.8 ± 7.9 |
    | response_duration | 12.8 ± 0.1 | 12.8 ± 0.2 |
    | **latency** | **462.7 ± 1.7** | **7498.6 ± 102.4** |
    | post_response (after the response) | 9.5 ± 0.0 | 9.5 ± 0.1 |
    | extension_overhead (after the response) | 0.0 ± 0.0 | 0.0 ± 0.0 |
    | duration | 458.4 ± 1.6 | 1090.6 ± 16.3 |
    | CPU limit: × full speed (predicted) | 1.53 (3.27) | 1.77 (4.30) |
    | compute ÷ criterion | 0.53 |  |
    ");
}

#[test]
fn json() {
    let text = render_ladder_json(&report(&throttled()));
    let (begin, _) = text.split_once("\"parts\"").expect("it has parts");
    insta::assert_snapshot!(begin, @r#"
    {
      "schema": "kelvin/ladder",
      "schema_version": 1,
      "run_id": "20261123T124838Z-3fa9c1",
      "status": "ok",
      "functions": [
        {
          "name": "json-release-128",
          "workload": "json",
          "variant": "release",
          "memory_mb": 128,
          "warm": {
            "launches": 20,
            "invocations": 200,
            "left_out": 0,
            "latency_ms": {
              "value": 0.462317,
              "ci95": [
                0.460225,
                0.464409
              ]
            },
    "#);
}

#[test]
fn criterion_disagrees_by_more_than_a_tenth_or_cannot_be_compared() {
    let of = |run: &Run, criterion: &Criterion| {
        let report = ladder(run, &Beside { cpu_limit: &three_times, criterion });
        report.functions[0].criterion.clone().expect("it is a workload")
    };
    let mut run = throttled();
    let check = of(&run, &criterion());
    assert_eq!((check.ratio, check.finding, check.reason), (Some(0.5314), true, None));
    let agrees = Criterion::from([(("json".to_owned(), "small".to_owned()), Ok(160_000.0))]);
    let check = of(&run, &agrees);
    assert_eq!((check.ratio, check.finding, check.reason), (Some(0.9964), false, None));
    let reason = |run: &Run, criterion: &Criterion| of(run, criterion).reason.expect("a reason");
    assert_eq!(reason(&run, &Criterion::new()), "criterion was not asked");
    assert_eq!(reason(&recorded(), &criterion()), "its compute may contain time held back");
    run.record.functions[0].variant = Some("dev".to_owned());
    let why = "it was built as dev, and criterion measures release builds";
    assert_eq!(reason(&run, &criterion()), why);
    run.invocations[1].case = Some("large".to_owned());
    assert_eq!(reason(&run, &criterion()), "it was not invoked with one case only");
}

/// With rungs of `compute` and `serde` in every block, and the second function at full speed.
fn with_rungs() -> Run {
    let mut run = throttled();
    run.record.functions[1].memory_mb = MemorySize::ONE_VCPU;
    for row in &mut run.invocations {
        // Nothing is held back at full speed.
        if row.launch.is_some_and(|launch| launch % 2 == 1) {
            let held_back = row.throttled_ns.value().expect("it was measured");
            row.throttled_ns = Measured::Value(0);
            row.latency_ns -= held_back;
            let response = row.response_latency_ns.value().expect("it was measured");
            row.response_latency_ns = Measured::Value(response - held_back);
        }
    }
    for block in 0..20 {
        for (rung, ns) in [("compute", [150_000, 170_000]), ("serde", [230_000, 250_000])] {
            run.rungs.push(RungRecord {
                function: 1,
                rung: rung.to_owned(),
                case: Some("small".to_owned()),
                block: Some(block),
                position: Some(1),
                started_offset_ns: 0,
                ns: ns.to_vec(),
            });
        }
    }
    run
}

#[test]
fn rungs_by_themselves_are_laid_beside_the_ladder() {
    let run = with_rungs();
    let text = render_ladder_text(
        &run,
        &report(&run),
        &Style { color: false, unicode: true, width: None },
    );
    let begin = text.find("json-release · 128 MB · rungs").expect("it has rungs");
    let end = text[begin..].find("\n\n").expect("something follows");
    insta::assert_snapshot!(text[begin..begin + end], @r"
    json-release · 128 MB · rungs by themselves · 20 blocks · + runtime is json-release-512
                         step    step   ladder
    rung            µs     µs  ± 95 %  says µs     gap
    compute      160.0  160.0     0.0    159.7   0.2 %
    + serde      240.0   80.0     0.0     30.8  20.5 %
    + runtime    303.0   63.0     1.0    112.5  16.3 %
    + throttled  462.3  159.3     2.0    159.4   0.0 %
    FINDING: ladder and rungs differ by more than 10 % of the rung at + serde, + runtime
    criterion, case small: warm compute 159.4 µs ÷ 300.0 µs = ×0.531
    FINDING: compute and criterion differ by more than 10 %
    ");
    let whole = report(&run).functions[1].rungs.clone().expect("it has rungs too");
    assert_eq!(whole.rungs.len(), 3);
    insta::assert_snapshot!(
        render_ladder_markdown(&report(&run)).lines().filter(|line| line.contains("+ ")).collect::<Vec<_>>().join("\n"),
        @r"
    | + serde | 240.0 ± 0.0 | 80.0 ± 0.0 | 30.8 | 20.5 %, finding |
    | + runtime | 303.0 ± 1.0 | 63.0 ± 1.0 | 112.5 | 16.3 %, finding |
    | + throttled | 462.3 ± 2.1 | 159.3 ± 2.0 | 159.4 | 0.0 % |
    | + serde | 240.0 ± 0.0 | 80.0 ± 0.0 | 30.8 | 20.5 %, finding |
    | + runtime | 303.0 ± 1.0 | 63.0 ± 1.0 | 112.5 | 16.3 %, finding |
    "
    );
    // Without blocks nothing belongs together.
    let mut run = run;
    run.rungs.iter_mut().for_each(|rung| rung.block = None);
    assert_eq!(report(&run).functions[0].rungs, None);
}

#[test]
fn what_is_under_load_is_in_no_ladder() {
    assert_eq!(report(&under_load()), report(&recorded()));
}
