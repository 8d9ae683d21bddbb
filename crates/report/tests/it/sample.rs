//! The recorded run that is checked in, and what could have become of it.

use std::path::Path;

use kelvin_lambda::{Start, Status};
use kelvin_record::{CheckRecord, InvocationRecord, Run, RunStatus};

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
