//! What failed, by kinds: bounded in text and in JSON, whatever functions say.

use kelvin_lambda::{Start, Status};
use kelvin_record::{FailureKinds, FailuresSummary, InvocationRecord, MOST_FAILURE_KINDS, Run};
use kelvin_report::{Style, render_text, summarise};

use crate::sample::{failed, recorded};

fn text(run: &Run) -> String {
    render_text(run, &summarise(run), &Style { color: false, unicode: true, width: None })
}

fn failures(run: &Run) -> FailuresSummary {
    summarise(run).failures.expect("something failed")
}

/// A run in which all invocations of the first launch and so many more fail, as a recorder of this version writes them or as
/// older ones did.
fn with_failures(
    messages: impl IntoIterator<Item = (Status, String, String)>,
    with_kinds: bool,
) -> Run {
    let mut run = recorded();
    let model = run.invocations[1].clone();
    let mut kinds = FailureKinds::default();
    let function = run.function_of(&model).expect("it has one");
    for (at, (status, error_type, message)) in (0..).zip(messages) {
        let id = format!("00000000-0000-4000-8000-{at:012x}");
        let mut row = InvocationRecord {
            status,
            error_message: Some(message.replace("ID", &id)),
            error_type: Some(error_type),
            log_tail: Some(format!("START RequestId: {id} Version: $LATEST\nline {at}\n")),
            request_id: Some(id),
            ..model.clone()
        };
        if with_kinds {
            kinds.number(function, &mut row);
        }
        run.invocations.push(row);
    }
    run
}

#[test]
fn kinds_are_the_same_in_new_records_and_in_old_ones() {
    let exit = |reason: &str| format!("RequestId: ID Error: Runtime exited with error: {reason}");
    let rows = [
        (Status::Error, "Error", "no item 3".to_owned()),
        (Status::Crash, "Runtime.ExitError", exit("exit status 1")),
        (Status::Error, "Error", "no item 4\nat a place".to_owned()),
        (Status::Crash, "Runtime.ExitError", exit("exit status 127")),
        (Status::Error, "Error", "no connection".to_owned()),
        (Status::Crash, "Runtime.ExitError", exit("exit status 1")),
    ];
    let rows = rows.map(|(status, error_type, message)| (status, error_type.to_owned(), message));
    let [new, old] =
        [true, false].map(|with_kinds| failures(&with_failures(rows.clone(), with_kinds)));
    assert_eq!(new, old);
    let seen: Vec<_> =
        new.of_kinds.iter().map(|kind| (kind.message.as_deref(), kind.invocations)).collect();
    let id = |at: u32| format!("00000000-0000-4000-8000-{at:012x}");
    let crash =
        |at: u32, status: u32| exit(&format!("exit status {status}")).replace("ID", &id(at));
    let (one, other) = (crash(1, 1), crash(3, 127));
    assert_eq!(
        seen,
        [
            (Some("no item 3"), 2),
            (Some(one.as_str()), 2),
            (Some(other.as_str()), 1),
            (Some("no connection"), 1),
        ]
    );
}

#[test]
fn ten_thousand_kinds_are_counted_and_a_few_shown() {
    let rows = |n: usize| (0..n).map(|at| (Status::Error, format!("Error{at}"), "x".repeat(1000)));
    for with_kinds in [true, false] {
        let run = with_failures(rows(MOST_FAILURE_KINDS), with_kinds);
        let failures = failures(&run);
        assert_eq!((failures.kinds, failures.of_kinds.len()), (10_000, 100));
        let text = text(&run);
        assert!(text.contains("and 9988 more kinds: 9988 invocations\n"), "{text}");
        assert!(text.contains("and 95 more in summary.json\n"), "{text}");
        assert!(text.lines().count() < 150, "{text}");
    }
    // What comes after them is one more.
    let run = with_failures(rows(MOST_FAILURE_KINDS + 50), true);
    assert_eq!(failures(&run).kinds, 10_001);
}

#[test]
fn messages_of_one_type_that_never_repeat_are_one_kind_in_the_end() {
    let words = (0..100_u32).map(|at| {
        let word: String = format!("{at:08b}").replace('0', "a").replace('1', "b");
        (Status::Error, "Error".to_owned(), format!("no user called {word}"))
    });
    let failures = failures(&with_failures(words, true));
    assert_eq!((failures.kinds, failures.invocations), (17, 100));
    assert_eq!(failures.of_kinds[16].invocations, 84);
}

#[test]
fn advice_fits_the_cause() {
    let mut run = recorded();
    let function = run.launches[0].function;
    let model = run.invocations[1].clone();
    run.launches.retain(|launch| launch.function == function);
    let launch = run.launches[0].launch;
    let advice = |run: &mut Run, init_failed, status, error_type: &str, message: &str| {
        run.invocations = vec![InvocationRecord {
            status,
            init_failed,
            launch: Some(launch),
            start: if init_failed { Start::SuppressedInit } else { Start::Warm },
            error_type: Some(error_type.to_owned()),
            error_message: Some(message.to_owned()),
            case: Some("small".to_owned()),
            ..model.clone()
        }];
        let advice = failures(run).of_kinds.remove(0).advice.unwrap_or_default();
        assert!(text(run).contains(advice.split(' ').next().unwrap_or_default()));
        advice
    };
    let mut check = |init_failed, status, error_type: &str, message: &str, expected: &str| {
        let found = advice(&mut run, init_failed, status, error_type, message);
        let fits = if expected.is_empty() { found.is_empty() } else { found.contains(expected) };
        assert!(fits, "{status:?} {error_type} {message}: {found:?}");
        let never = found.contains("INIT failed every time, so that no event reached the function");
        assert_eq!(never, init_failed, "{found}");
    };
    use Status::{Crash, Error, OutOfMemory, Throttled, Timeout, TooLarge, WrongAnswer};
    let no_reason = "RequestId: a Error: Runtime exited without providing a reason";
    let exit = "RequestId: a Error: Runtime exited with error: exit status 127";
    check(
        true,
        Crash,
        "Runtime.ExitError",
        no_reason,
        "asks the Runtime API for one event after another",
    );
    check(true, Crash, "Runtime.ExitError", exit, "does not find a command");
    check(true, Crash, "Runtime.InvalidEntrypoint", "", "its first line (#!)");
    check(true, Timeout, "Sandbox.Timedout", "", "longer than 10 s, and, when it was tried again");
    check(true, OutOfMemory, "Runtime.OutOfMemory", "", "`memory` in deploy() sets it");
    check(
        true,
        Error,
        "Runtime.ImportModuleError",
        "No module named 'x'",
        "more launches would not help",
    );
    check(false, Crash, "Runtime.ExitError", no_reason, "something in it exits");
    check(false, Crash, "Runtime.ExitError", exit, "");
    check(
        false,
        Crash,
        "Runtime.ExitError",
        "Runtime exited with error: signal: killed",
        "not the memory limit",
    );
    check(false, Crash, "Sandbox.Failure", "", "`kelvin doctor`");
    check(false, Timeout, "Sandbox.Timedout", "", "Its timeout is 3 s: `timeout` in deploy()");
    check(false, Timeout, "Sandbox.Timedout", "", "the 7 % of a core that it has with 128 MB");
    check(false, OutOfMemory, "Runtime.OutOfMemory", "", "It used more than its 128 MB");
    check(
        false,
        WrongAnswer,
        "Kelvin.WrongAnswer",
        "at /a: expected 1, got 2",
        "not as its case \"small\" says",
    );
    check(false, TooLarge, "Function.ResponseSizeTooLarge", "", "");
    check(false, Error, "ValueError", "bad card", "");
    let reason = |reason: &str| format!("Rate Exceeded. Reason: {reason}");
    let throttled = "TooManyRequestsException";
    check(
        false,
        Throttled,
        throttled,
        &reason("ConcurrentInvocationLimitExceeded"),
        "`--concurrency`",
    );
    check(
        false,
        Throttled,
        throttled,
        &reason("ReservedFunctionConcurrentInvocationLimitExceeded"),
        "`reserved_concurrency` allows",
    );
    check(false, Throttled, throttled, &reason("FunctionInvocationRateLimitExceeded"), "a ramp");
}

#[test]
fn older_records_without_texts_have_a_table_and_no_empty_section() {
    let mut run = failed();
    for row in &mut run.invocations {
        (row.error_message, row.log_tail) = (None, None);
    }
    let all = text(&run);
    assert!(all.contains("\nThe first of each kind\njson-release-128: timeout"), "{all}");
    assert!(!all.contains("own words"), "{all}");
    // Of what is left nothing more is known than the table says.
    run.invocations.retain(|row| matches!(row.status, Status::Ok | Status::Error));
    let some = text(&run);
    assert!(
        some.contains("Failed invocations\n") && !some.contains("The first of each kind"),
        "{some}"
    );
    let good = recorded();
    assert_eq!(summarise(&good).failures, None);
    assert!(!text(&good).contains("Failed") && !text(&good).contains("first of each kind"));
}

#[test]
fn failures_are_those_of_the_configuration_that_failed() {
    let mut run = recorded();
    // As if one function had been configured twice, the second time with another timeout.
    let first = run.record.functions[0].clone();
    for function in &mut run.record.functions {
        (function.name, function.memory_mb) = (first.name.clone(), first.memory_mb);
    }
    let row = run.invocations.iter().position(|row| run.function_of(row) == Some(1)).unwrap();
    run.invocations[row].status = Status::Timeout;
    run.invocations[row].error_type = Some("Sandbox.Timedout".to_owned());
    let kind = failures(&run).of_kinds.remove(0);
    assert_eq!((kind.function_index, kind.function), (Some(1), first.name.clone()));
    let text = text(&run);
    let (_, failed) = text.split_once("Failed invocations\n").expect("something failed");
    assert!(failed.contains(&format!("\n{}, configuration 2 ", first.name)), "{failed}");
    assert!(!failed.contains("configuration 1"), "{failed}");
}
