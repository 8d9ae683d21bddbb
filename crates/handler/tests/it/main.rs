//! Drives a real bootstrap through the Runtime API, and looks at what it does in which order.

mod preparation;
mod runtime_api;

use kelvin_lambda::SpanLine;
use runtime_api::{Bootstrap, Request, describe_to_nobody, start, start_by_hand};

const SPANS: (&str, &str) = ("KELVIN_SPANS", "1");

/// What the bootstrap logs in its init phase, unless it is told to prepare later.
const PREPARED: &str = "client made\ntable made\n";

/// Starts the bootstrap and waits until it asks for its first event; `in_init` is what it must have logged by then.
fn ready(variables: &[(&str, &str)], in_init: &str) -> Bootstrap {
    let mut bootstrap = start(variables);
    check_next(&bootstrap.request());
    assert_eq!(bootstrap.log(), in_init, "in the init phase");
    bootstrap
}

/// Gives the bootstrap an event and returns what it posts, after a look at the log before the post is answered.
fn invoke(bootstrap: &mut Bootstrap, event: &str) -> Request {
    bootstrap.answer_next("id-1", event);
    let posted = bootstrap.request();
    assert_eq!(bootstrap.log(), "", "nothing is logged before the response was taken");
    bootstrap.accept();
    posted
}

fn check_next(request: &Request) {
    assert_eq!(request.line, "GET /2018-06-01/runtime/invocation/next");
}

#[test]
fn a_response_is_posted_then_logged_then_worked_after() {
    let mut bootstrap = ready(&[SPANS], PREPARED);
    for _ in 0..2 {
        let posted = invoke(&mut bootstrap, r#"{"number": 21}"#);
        assert_eq!(posted.line, "POST /2018-06-01/runtime/invocation/id-1/response");
        assert_eq!(posted.body, r#"{"doubled":42}"#);

        // Whatever it logs, it logs before it asks for the next invocation.
        check_next(&bootstrap.request());
        let log = bootstrap.log();
        let (line, rest) = log.split_once('\n').expect("a line of spans");
        assert_eq!(rest, "after response\n");
        let spans = SpanLine::parse(line.as_bytes()).expect("a line of spans");
        assert_eq!(spans.request_id, "id-1");
        assert_eq!(spans.io.len(), 1);
        assert_eq!(spans.io_ns, spans.io[0].ns());
        let (decode, io, encode) = (spans.decode, spans.io[0], spans.encode);
        let in_order = [decode.0, decode.1, io.0, io.1, encode.0, encode.1];
        assert!(in_order.is_sorted(), "{spans:?}");
        assert_eq!((spans.handle.0, spans.handle.1), (decode.1, encode.0));
    }
}

#[test]
fn a_line_of_spans_is_whole_although_the_workload_has_begun_one() {
    let mut bootstrap = ready(&[SPANS], PREPARED);
    invoke(&mut bootstrap, r#"{"number": 7}"#);
    check_next(&bootstrap.request());
    let log = bootstrap.log();
    let (line, rest) = log.split_once('\n').expect("a line of spans");
    assert!(SpanLine::parse(line.as_bytes()).is_some(), "{line}");
    assert_eq!(rest, "seven, after response\n");
}

#[test]
fn without_the_variable_no_spans_are_logged() {
    for variables in [&[][..], &[("KELVIN_SPANS", "0")]] {
        let mut bootstrap = ready(variables, PREPARED);
        assert_eq!(invoke(&mut bootstrap, r#"{"number": -3}"#).body, r#"{"doubled":-6}"#);
        check_next(&bootstrap.request());
        assert_eq!(bootstrap.log(), "after response\n");
    }
}

#[test]
fn errors_are_posted_with_their_type_and_the_function_goes_on() {
    let mut bootstrap = ready(&[SPANS], PREPARED);
    let mut check = |event, body| {
        let posted = invoke(&mut bootstrap, event);
        assert_eq!(posted.line, "POST /2018-06-01/runtime/invocation/id-1/error");
        assert_eq!(posted.body, body);
        check_next(&bootstrap.request());
        let log = bootstrap.log();
        assert!(log.starts_with(SpanLine::PREFIX) && log.ends_with("}\nafter response\n"), "{log}");
    };
    check(
        r#"{"number": "21"}"#,
        r#"{"errorType":"InvalidEvent","errorMessage":"the event is not one of workload doubler: invalid type: string \"21\", expected i32 at line 1 column 15"}"#,
    );
    check("{}", r#"{"errorType":"InvalidEvent","errorMessage":"the event has no \"number\""}"#);
    check(
        r#"{"number": 13}"#,
        r#"{"errorType":"WorkFailed","errorMessage":"could not double 13: bad luck"}"#,
    );
    assert_eq!(invoke(&mut bootstrap, r#"{"number": 1}"#).body, r#"{"doubled":2}"#);
}

#[test]
fn a_failed_init_is_reported_as_such() {
    let mut bootstrap = start(&[("TEST_INIT", "fail")]);
    let posted = bootstrap.request();
    assert_eq!(posted.line, "POST /2018-06-01/runtime/init/error");
    assert_eq!(posted.header("Lambda-Runtime-Function-Error-Type"), Some("Runtime.InitError"));
    assert_eq!(
        posted.body,
        r#"{"errorMessage":"could not read the table: no such file","errorType":"InitFailed","stackTrace":[]}"#
    );
    bootstrap.accept_and_close();
    let (code, stderr) = bootstrap.exit();
    assert_eq!(code, Some(1));
    assert_eq!(stderr, "doubler: init failed: could not read the table: no such file\n");
}

#[test]
fn started_by_hand_it_says_what_it_is() {
    let check = |variables: &[(&str, &str)], expected: &str| {
        let (code, stderr) = start_by_hand(variables);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains(expected), "{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    };
    check(&[], "this is the bootstrap of an AWS Lambda function, and no Lambda started it");
    check(
        &[("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")],
        "doubler: cannot run as a Lambda function: AWS_LAMBDA_FUNCTION_NAME is not set; Lambda sets it\n",
    );
}

#[test]
fn output_that_nobody_reads_is_no_failure() {
    assert_eq!(describe_to_nobody(), (Some(0), String::new()));
}
