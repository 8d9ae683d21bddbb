//! The recorded run that is checked in, and what could have become of it.

use std::path::Path;

use kelvin_lambda::{Start, Status};
use kelvin_record::{
    CheckRecord, InvocationRecord, LaunchRecord, LoadKind, LoadRecord, MeasureRecord, Measured,
    PipeRecord, Run, RunStatus,
};

/// Two functions with 20 launches each, of one cold and ten warm starts.
pub(crate) fn recorded() -> Run {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../record/tests/fixtures/v1");
    Run::open(&folder).expect("the recorded run is good")
}

/// The same, had it gone wrong in several ways.
pub(crate) fn failed() -> Run {
    let mut run = recorded();
    let fail = |row: &mut InvocationRecord, status, error_type: &str| {
        row.status = status;
        row.error_type = Some(error_type.to_owned());
    };
    fail(&mut run.invocations[3], Status::Timeout, "Sandbox.Timedout");
    fail(&mut run.invocations[5], Status::Timeout, "Sandbox.Timedout");
    fail(&mut run.invocations[11], Status::Crash, "Runtime.ExitError");
    run.invocations[11].expected = true;
    fail(
        &mut run.invocations[33],
        Status::Error,
        "\u{1b}[31m&alloc::boxed::Box<dyn core::error::Error>",
    );
    let row = &mut run.invocations[33];
    row.error_message = Some("no item \"a\u{202e}b\" in orders".to_owned());
    row.request_id = Some("8f5ae7c3-0c1e-4f6c-9d0f-6a8f6f0b6f3e".to_owned());
    let lines = (1..=12).map(|n| format!("{:>width$} \u{1b}[1mstep\n", n, width = 2 * n));
    row.log_tail =
        Some(format!("START RequestId: 8f5a\n{}END RequestId: 8f5a\n", lines.collect::<String>()));
    run.invocations[4].start = Start::SuppressedInit;
    let mut too_large = run.invocations[8].clone();
    fail(&mut too_large, Status::TooLarge, "RequestEntityTooLargeException");
    (too_large.launch, too_large.function) = (None, Some(1));
    run.invocations.push(too_large);
    run.record.recorded.invocations += 1;
    run.record.recorded.failed = 5;
    run.record.recorded.unexpected = 4;
    run.record.status = RunStatus::InvocationsFailed;
    let check = |name: &str, passed| CheckRecord { name: name.to_owned(), passed, measure: None };
    run.record.checks =
        vec![check("cold start below 20 ms", true), check("cheaper with more memory", false)];
    run.record.notes = vec!["The optimum is at 512 MB.".to_owned()];
    run
}

/// The same, had its program been killed after so many launches.
pub(crate) fn killed(launches: usize) -> Run {
    let mut run = recorded();
    run.launches.truncate(launches);
    let last = run.launches.last().map_or(0, |launch| launch.launch);
    run.invocations.retain(|row| launches > 0 && row.launch.is_some_and(|launch| launch <= last));
    run.incomplete = 7;
    run.truncated = Some("the run has not ended, or its program was killed".to_owned());
    run.record.status = RunStatus::Running;
    run
}

/// Twelve launches of one function, by turns of one warm invocation that takes 3.1 ms and of fifty that take 1.1 ms.
pub(crate) fn uneven() -> Run {
    let mut run = recorded();
    let (cold, warm) = (run.invocations[0].clone(), run.invocations[1].clone());
    let function = run.launches[0].function;
    run.launches.retain(|launch| launch.function == function);
    run.launches.truncate(12);
    run.invocations.clear();
    for (turn, launch) in run.launches.iter_mut().enumerate() {
        let (n, ns) = if turn % 2 == 0 { (1, 3_100_000) } else { (50, 1_100_000) };
        launch.invocations = n + 1;
        run.invocations.push(InvocationRecord { launch: Some(launch.launch), ..cold.clone() });
        run.invocations.extend((1..=n).map(|index| InvocationRecord {
            launch: Some(launch.launch),
            index,
            response_latency_ns: Measured::Value(ns),
            response_duration_ns: Measured::Value(0),
            post_response_ns: Measured::Value(0),
            billed_ms: ns.div_ceil(MS),
            ..warm.clone()
        }));
    }
    run
}

const MS: u64 = 1_000_000;

/// A load of function 0, or of function 1 if it is a closed loop.
fn load(number: u64, kind: LoadKind, requests: u64) -> LoadRecord {
    let is_open = kind == LoadKind::Open;
    LoadRecord {
        load: number,
        function: u32::from(!is_open),
        kind,
        arrivals: is_open.then(|| "poisson".to_owned()),
        trace: None,
        offered_per_second: is_open.then_some(20.0),
        clients: (!is_open).then_some(16),
        gap: None,
        planned: Some(requests),
        planned_ns: is_open.then_some(20_000 * MS),
        block: None,
        position: None,
        started_offset_ns: number * 30_000 * MS,
        ended_offset_ns: (number * 30_000 + 20_000) * MS,
        invocations: requests,
    }
}

/// Adds a load of which every request but the last takes 2 ms and up, in three environments that begin with it, the last of
/// them by a proactive init. An open loop sends each `late_ns` after it was due.
fn add_load(run: &mut Run, load: LoadRecord, late_ns: u64) {
    let model = run.invocations[1].clone();
    let first = run.launches.iter().map(|launch| launch.launch).max().map_or(0, |last| last + 1);
    let is_open = load.kind == LoadKind::Open;
    for n in 0..load.invocations {
        let due = load.started_offset_ns + n * 20_000 * MS / load.invocations;
        let throttled = n + 1 == load.invocations;
        let mut row = InvocationRecord {
            launch: (!throttled).then_some(first + n % 3),
            function: throttled.then_some(load.function),
            index: n / 3,
            load: Some(load.load),
            start: [Start::Cold, Start::Cold, Start::ProactiveInit]
                .get(usize::try_from(n).expect("a few"))
                .copied()
                .unwrap_or(Start::Warm),
            at_ns: due + late_ns,
            intended_ns: is_open.then_some(due),
            latency_ns: late_ns + 2 * MS + n * 10_000 + load.load * 20_000,
            ..model.clone()
        };
        if throttled {
            row.status = Status::Throttled;
            row.error_type = Some("TooManyRequestsException".to_owned());
            row.expected = true;
        }
        run.invocations.push(row);
    }
    for n in 0..3 {
        let rows = run.invocations.iter().filter(|row| row.launch == Some(first + n));
        run.launches.push(LaunchRecord {
            launch: first + n,
            function: load.function,
            block: None,
            position: None,
            invocations: rows.count() as u64,
            ..run.launches[0].clone()
        });
    }
    run.record.recorded.loads += 1;
    run.loads.push(load);
}

/// The same, with two loads of one kind and one of another.
pub(crate) fn under_load() -> Run {
    let mut run = recorded();
    add_load(&mut run, load(0, LoadKind::Open, 400), 50_000);
    add_load(&mut run, load(1, LoadKind::Closed, 61), 0);
    add_load(&mut run, load(2, LoadKind::Open, 400), 3 * MS);
    run
}

/// A run of which loads are all there is.
pub(crate) fn only_loads() -> Run {
    let mut run = under_load();
    run.invocations.retain(|row| row.load.is_some());
    run.launches.drain(..40);
    run
}

/// The same as that which was recorded, with chains of functions and thresholds.
pub(crate) fn chained() -> Run {
    let mut run = recorded();
    let pipe = |n: u64, cold, ok| PipeRecord {
        functions: if ok { vec![0, 1] } else { vec![0] },
        at_ns: Vec::new(),
        latency_ns: if ok { vec![(2 + n) * MS, MS] } else { vec![MS] },
        cold,
        whole_ns: (3 + n) * MS + 40_000,
        ok,
        block: None,
        position: None,
    };
    run.pipes = (0..8).map(|n| pipe(n, u64::from(n < 1), n < 7)).collect();
    let measure = |value| MeasureRecord {
        value,
        ci95: None,
        below: Some(5.0),
        above: None,
        unit: "ms".to_owned(),
        n: Some(20),
        launches: Some(20),
        undecided: value.is_none(),
        reason: value.is_none().then(|| "needs 36 launches, has 20".to_owned()),
    };
    let warm = MeasureRecord { ci95: Some([0.455, 0.461]), n: Some(200), ..measure(Some(0.458)) };
    let above = MeasureRecord { below: None, above: Some(5.0), ..measure(Some(6.43)) };
    // As it stands in records that are older than intervals.
    let old = MeasureRecord { launches: None, undecided: false, ..measure(None) };
    let share = MeasureRecord {
        ci95: Some([0.0, 0.0362]),
        below: Some(0.001),
        unit: "share".to_owned(),
        n: Some(100),
        launches: None,
        undecided: true,
        reason: Some(
            "the interval contains the limit; it takes 3688 invocations at least, has 100"
                .to_owned(),
        ),
        ..measure(Some(0.0))
    };
    let check = |name: &str, passed, measure| CheckRecord {
        name: name.to_owned(),
        passed,
        measure: Some(measure),
    };
    run.record.checks = vec![
        check("warm p50", true, warm),
        check("cold p50", false, measure(Some(7.56))),
        check("cold p90", false, measure(None)),
        check("old cold p90", false, old),
        check("INIT is work", true, above),
        check("hardly any fails", false, share),
    ];
    run.record.status = RunStatus::ChecksFailed;
    run
}
