//! In which phase a function makes what it prepares, seen by what it logs when.

use crate::runtime_api::{Bootstrap, start};
use crate::{PREPARED, check_next, ready};

const TABLE: &str = "table made\n";

/// One invocation: the event, and what must be logged before the response, and after it.
struct Invocation {
    event: &'static str,
    before: &'static str,
    after: String,
}

const NEEDS_TABLE: &str = r#"{"number": 4}"#;
const NEEDS_NOTHING: &str = r#"{"number": 0}"#;

fn invocation(event: &'static str, before: &'static str, prepared_after: &str) -> Invocation {
    Invocation { event, before, after: format!("{prepared_after}after response\n") }
}

/// Invokes the function and returns the path that it posts to and what it posts.
fn invoke(bootstrap: &mut Bootstrap, invocation: &Invocation) -> (String, String) {
    bootstrap.answer_next("id-1", invocation.event);
    let posted = bootstrap.request();
    assert_eq!(bootstrap.log(), invocation.before, "before the response");
    bootstrap.accept();
    check_next(&bootstrap.request());
    assert_eq!(bootstrap.log(), invocation.after, "after the response");
    let (_, kind) = posted.line.rsplit_once('/').expect("a path has a slash");
    (kind.to_owned(), posted.body)
}

#[test]
fn each_policy_has_its_phase_and_everything_is_made_once() {
    let check = |policy: Option<&str>, in_init: &str, invocations: &[Invocation]| {
        let variables: Vec<_> =
            policy.map(|policy| ("KELVIN_PREPARE", policy)).into_iter().collect();
        let mut bootstrap = ready(&variables, in_init);
        for invocation in invocations {
            let (kind, _) = invoke(&mut bootstrap, invocation);
            assert_eq!(kind, "response", "{policy:?}");
        }
    };
    let nothing_more = || {
        [
            invocation(NEEDS_TABLE, "", ""),
            invocation(NEEDS_NOTHING, "", ""),
            invocation(NEEDS_TABLE, "", ""),
        ]
    };
    check(None, PREPARED, &nothing_more());
    check(Some("init"), PREPARED, &nothing_more());
    check(
        Some("first-use"),
        "",
        &[
            invocation(NEEDS_NOTHING, "", ""),
            invocation(NEEDS_TABLE, TABLE, ""),
            invocation(NEEDS_TABLE, "", ""),
        ],
    );
    check(
        Some("after-response"),
        "",
        &[
            invocation(NEEDS_NOTHING, "", PREPARED),
            invocation(NEEDS_TABLE, "", ""),
            invocation(NEEDS_NOTHING, "", ""),
        ],
    );
    // What the first invocation needs cannot wait for its response.
    check(
        Some("after-response"),
        "",
        &[invocation(NEEDS_TABLE, TABLE, "client made\n"), invocation(NEEDS_TABLE, "", "")],
    );
}

const FAILED: &str =
    r#"{"errorType":"PreparationFailed","errorMessage":"could not make the table: no wood"}"#;

#[test]
fn a_failure_in_init_is_one_of_init() {
    let check = |variables: &[(&str, &str)], error_type: &str, message: &str| {
        let mut bootstrap = start(variables);
        let posted = bootstrap.request();
        assert_eq!(posted.line, "POST /2018-06-01/runtime/init/error");
        let message_in_json = message.replace('"', "\\\"");
        assert_eq!(
            posted.body,
            format!(
                r#"{{"errorMessage":"{message_in_json}","errorType":"{error_type}","stackTrace":[]}}"#
            )
        );
        bootstrap.accept_and_close();
        let expected = format!("doubler: init failed: {message}\n");
        assert_eq!(bootstrap.exit(), (Some(1), expected));
    };
    check(&[("TEST_TABLE", "fail")], "PreparationFailed", "could not make the table: no wood");
    check(
        &[("KELVIN_PREPARE", "never")],
        "InitFailed",
        "KELVIN_PREPARE is \"never\"; it must be init, first-use or after-response",
    );
}

#[test]
fn a_failure_at_first_use_is_one_of_the_function() {
    let mut bootstrap = ready(&[("TEST_TABLE", "fail"), ("KELVIN_PREPARE", "first-use")], "");
    for _ in 0..2 {
        let (kind, body) = invoke(&mut bootstrap, &invocation(NEEDS_TABLE, TABLE, ""));
        assert_eq!((kind.as_str(), body.as_str()), ("error", FAILED));
        let (kind, _) = invoke(&mut bootstrap, &invocation(NEEDS_NOTHING, "", ""));
        assert_eq!(kind, "response");
    }
}

#[test]
fn a_failure_after_the_response_is_logged_and_meets_who_needs_the_value_next() {
    let variables = [("TEST_TABLE", "fail"), ("KELVIN_PREPARE", "after-response")];
    let mut bootstrap = ready(&variables, "");
    let (kind, _) = invoke(&mut bootstrap, &invocation(NEEDS_NOTHING, "", PREPARED));
    assert_eq!(kind, "response");
    let (kind, body) = invoke(&mut bootstrap, &invocation(NEEDS_TABLE, TABLE, ""));
    assert_eq!((kind.as_str(), body.as_str()), ("error", FAILED));
    assert_eq!(
        bootstrap.end(),
        "doubler: failed to prepare after the response: could not make the table: no wood\n"
    );
}
