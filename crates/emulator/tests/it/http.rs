//! The Runtime API as an HTTP server: what AWS's own, written in Go, serves, whoever asks.
//!
//! What it answers was read from the sources of aws-lambda-runtime-interface-emulator, its router and Go's `net/http`.

use kelvin_lambda::{Invocation, Start, Status};
use kelvin_platform::FunctionId;

use crate::kit::{Kit, kit};

/// A path of an invocation that there is not.
const WRONG: &str = "/2018-06-01/runtime/invocation/wrong-id/response";
const PING: &str = "GET /2018-06-01/ping HTTP/1.1\r\nHost: a\r\n";
const LAST: &str = "Connection: close\r\n";

/// The event that has the function send a text.
fn event(verb: &str, text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("a text is JSON");
    format!("{verb} {}", &quoted[1..quoted.len() - 1])
}

fn send(kit: &Kit, function: FunctionId, verb: &str, text: &str) -> String {
    let invocation = kit.invoke(function, &event(verb, text));
    assert_eq!(invocation.status, Status::Ok, "{text}: {:?}", invocation.error);
    serde_json::from_slice(&invocation.response).expect("a text")
}

/// The status codes of answers, in their order.
fn statuses(answers: &str) -> String {
    let lines = answers.split("HTTP/1.").skip(1);
    let codes: Vec<&str> = lines.map(|line| line.get(2..5).unwrap_or(line)).collect();
    codes.join(" ")
}

/// A request that answers no invocation, and so gets 400.
fn post(headers: &str, body: &str) -> String {
    let size = body.len();
    format!("POST {WRONG} HTTP/1.1\r\nHost: a\r\n{headers}Content-Length: {size}\r\n\r\n{body}")
}

fn many_headers(count: usize) -> String {
    (0..count).map(|number| format!("X-{number}: y\r\n")).collect()
}

#[test]
fn legal_requests_are_served_however_odd() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let check = |text: &str, expected: &str| {
        let shown: String = text.chars().take(300).collect();
        for verb in ["send", "send-and-shut-down"] {
            let answers = send(&kit, function, verb, text);
            assert_eq!(statuses(&answers), expected, "{verb}: {shown}");
            // It was understood, and is no answer to the invocation.
            let wrong_ids = answers.matches("InvalidRequestID").count();
            assert_eq!(wrong_ids, expected.matches("400").count(), "{verb}: {shown}");
        }
    };
    check(&format!("{PING}{LAST}\r\n"), "200");
    // Names in any case, and whatever is no error in HTTP.
    check(
        &format!(
            "POST {WRONG} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}"
        ),
        "400",
    );
    check(
        &format!(
            "POST {WRONG} HTTP/1.1\r\nHOST: a\r\nCONNECTION: CLOSE\r\nCONTENT-LENGTH: 2\r\n\r\n{{}}"
        ),
        "400",
    );
    check(
        &format!("POST {WRONG}?a=b HTTP/1.1\r\nHost: a\r\n{LAST}Content-Length: 2\r\n\r\n{{}}"),
        "400",
    );
    check(
        &format!(
            "POST http://{{api}}{WRONG} HTTP/1.1\r\nHost: a\r\n{LAST}Content-Length: 2\r\n\r\n{{}}"
        ),
        "400",
    );
    check(&post(&format!("{LAST}Content-Length: 2\r\n"), "{}"), "400");
    check(
        &format!("POST {WRONG} HTTP/1.1\nHost: a\nConnection: close\nContent-Length: 2\n\n{{}}"),
        "400",
    );
    // Bodies in chunks, with extensions and trailers.
    let chunked =
        format!("POST {WRONG} HTTP/1.1\r\nHost: a\r\n{LAST}Transfer-Encoding: Chunked\r\n");
    check(&format!("{chunked}\r\n2;a=b\r\n{{}}\r\n0\r\n\r\n"), "400");
    check(&format!("{chunked}Trailer: X\r\n\r\n2\r\n{{}}\r\n0\r\nX: y\r\n\r\n"), "400");
    check(&format!("{chunked}Content-Length: 4\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"), "400");
    // HTTP/1.0, and with connections that are kept.
    check("GET /2018-06-01/ping HTTP/1.0\r\n\r\n", "200");
    check(&format!("POST {WRONG} HTTP/1.0\r\nContent-Length: 2\r\n\r\n{{}}"), "400");
    check(
        "GET /2018-06-01/ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2018-06-01/ping HTTP/1.0\r\n\r\n",
        "200 200",
    );
    // One after another without waiting.
    let post_and_ping = format!("{}{PING}{LAST}\r\n", post("", "{}"));
    check(&post_and_ping, "400 200");
    check(&format!("{}{post_and_ping}", post("", "{}")), "400 400 200");
    // The server asks for the body.
    check(&post(&format!("{LAST}Expect: 100-continue\r\n"), "{}"), "100 400");
    // More headers than hyper takes by itself, also after another request on the same connection.
    for count in [99, 150, 3_000] {
        check(&post(&format!("{LAST}{}", many_headers(count)), "{}"), "400");
    }
    check(
        &format!("{}{}{PING}{LAST}\r\n", post("", "{}"), post(&many_headers(150), "{}")),
        "400 400 200",
    );
    for size in [1_000, 500_000, 1_000_000] {
        check(&post(&format!("{LAST}X: {}\r\n", "x".repeat(size)), "{}"), "400");
    }
}

#[test]
fn others_get_the_answers_of_gos_server_and_its_router() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let check = |text: &str, expected: &str| {
        let shown: String = text.chars().take(300).collect();
        let answers = send(&kit, function, "send", text);
        assert_eq!(statuses(&answers), expected, "{shown}");
    };
    check(
        &format!("HEAD /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: a\r\n{LAST}\r\n"),
        "405",
    );
    check(
        &format!("PUT {WRONG} HTTP/1.1\r\nHost: a\r\n{LAST}Content-Length: 2\r\n\r\n{{}}"),
        "405",
    );
    check(
        &format!("POST /{WRONG} HTTP/1.1\r\nHost: a\r\n{LAST}Content-Length: 2\r\n\r\n{{}}"),
        "404",
    );
    check(
        &format!("POST {WRONG}/ HTTP/1.1\r\nHost: a\r\n{LAST}Content-Length: 2\r\n\r\n{{}}"),
        "404",
    );
    check(&format!("POST {WRONG} HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}"), "400");
    check(&post("Content-Length: 3\r\n", "{}"), "400");
    check(&format!("POST {WRONG} HTTP/1.1\r\nHost: a\r\nContent-Length: -2\r\n\r\n{{}}"), "400");
    check(&format!("POST {WRONG} HTTP/1.1\r\nHost: a\r\nContent-Length : 2\r\n\r\n{{}}"), "400");
    check(
        &format!(
            "POST {WRONG} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"
        ),
        "501",
    );
    // Over 1 MB, by one header or by many.
    check(&post(&format!("X: {}\r\n", "x".repeat(1_100_000)), "{}"), "431");
    check(&post(&many_headers(100_000), "{}"), "431");
    let missing = send(&kit, function, "send", "GET /2018-06-01/ping HTTP/1.1\r\n\r\n");
    assert!(
        missing.ends_with("\r\n\r\n400 Bad Request: missing required Host header"),
        "{missing}"
    );
}

#[test]
fn other_apis_say_that_they_are_closed_or_not_supported() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let check = |request: &str, headers: &str, body: &str, expected: &str| {
        let size = body.len();
        let text = format!(
            "{request} HTTP/1.1\r\nHost: a\r\n{LAST}{headers}Content-Length: {size}\r\n\r\n{body}"
        );
        let answers = send(&kit, function, "send", &text);
        let (_, body) = answers.split_once("\r\n\r\n").expect("an answer");
        assert_eq!(format!("{} {body}", statuses(&answers)), expected, "{text}");
    };
    let told = |message: &str, error_type: &str| {
        format!(r#"{{"errorMessage":"{message}","errorType":"{error_type}"}}"#)
    };
    let name = "Lambda-Extension-Name: late\r\n";
    let closed = told("Extension registration closed already", "Extension.RegistrationClosed");
    check("POST /2020-01-01/extension/register", name, "{}", &format!("403 {closed}"));
    let missing =
        told("Missing Lambda-Extension-Identifier header", "Extension.MissingExtensionIdentifier");
    check("GET /2020-01-01/extension/event/next", "", "", &format!("403 {missing}"));
    let telemetry = told("Telemetry API is not supported", "Telemetry.NotSupported");
    check("PUT /2022-07-01/telemetry", "", "{}", &format!("202 {telemetry}"));
    let logs = told("Logs API is not supported", "Logs.NotSupported");
    check("PUT /2020-08-15/logs", "", "{}", &format!("202 {logs}"));
}

/// Runs a function whose `/next` and whose answer are these texts, twice.
fn served_by(next: Option<&str>, answer: &str) -> Vec<Invocation> {
    let kit = kit();
    let function = kit.deploy(|config| {
        let next = next.map(|next| ("NEXT".to_owned(), event("", next).trim_start().to_owned()));
        config.env_vars.extend(next);
    });
    let event = event("answer-by", answer);
    let invocations: Vec<Invocation> = (0..2).map(|_| kit.invoke(function, &event)).collect();
    let starts: Vec<Start> = invocations.iter().map(|invocation| invocation.start).collect();
    assert_eq!(starts, [Start::Cold, Start::Warm], "{answer} {:?}", invocations[0]);
    invocations
}

#[test]
fn a_runtime_is_served_however_it_asks_and_answers() {
    let next_11 = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: a\r\n\r\n";
    let next_10 = "GET /2018-06-01/runtime/invocation/next HTTP/1.0\r\n\r\n";
    let response = "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nHost: a\r\n";
    let sized = format!("{response}Content-Length: 8\r\n\r\n\"answer\"");
    let waiting = format!("{response}Expect: 100-continue\r\nContent-Length: 8\r\n\r\n\"answer\"");
    let chunked = format!(
        "{response}Transfer-Encoding: chunked\r\n\r\n5\r\n\"answ\r\n3\r\ner\"\r\n0\r\n\r\n"
    );
    let old = sized.replace("HTTP/1.1", "HTTP/1.0");
    let many = format!("{response}{}Content-Length: 8\r\n\r\n\"answer\"", many_headers(500));
    for next in [None, Some(next_11), Some(next_10)] {
        for answer in [&sized, &waiting, &chunked, &old, &many] {
            for invocation in served_by(next, answer) {
                let log = invocation.log_tail.expect("it was asked for");
                assert_eq!(
                    (invocation.status, &invocation.response[..]),
                    (Status::Ok, &b"\"answer\""[..]),
                    "{log}"
                );
                assert!(log.contains("202 Accepted"), "{log}");
            }
        }
    }
}

#[test]
fn an_error_in_the_trailers_of_a_streamed_response_fails_the_invocation() {
    let error = r#"{"errorType":"Stream.Broke","errorMessage":"half way"}"#;
    // In base64.
    let body = "eyJlcnJvclR5cGUiOiJTdHJlYW0uQnJva2UiLCJlcnJvck1lc3NhZ2UiOiJoYWxmIHdheSJ9";
    let answer = |headers: &str| {
        format!(
            "POST /2018-06-01/runtime/invocation/{{id}}/response HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n{headers}\r\n4\r\n{{}}{{}}\r\n0\r\nLambda-Runtime-Function-Error-Type: Function.StreamBroke\r\nLambda-Runtime-Function-Error-Body: {body}\r\n\r\n"
        )
    };
    let streaming = "Lambda-Runtime-Function-Response-Mode: streaming\r\n";
    let announced =
        "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n";
    for invocation in served_by(None, &answer(&format!("{streaming}{announced}"))) {
        let told = invocation.error.expect("it failed");
        let told = (told.error_type.as_str(), told.message.as_str());
        assert_eq!(told, ("Function.StreamBroke", "half way"));
        assert_eq!(
            (invocation.status, &invocation.response[..]),
            (Status::Error, error.as_bytes())
        );
        let log = invocation.log_tail.expect("it was asked for");
        assert!(log.contains("202 Accepted"), "{log}");
    }
    // AWS's server hears of no other trailers.
    for headers in ["", streaming, announced] {
        for invocation in served_by(None, &answer(headers)) {
            assert_eq!((invocation.status, &invocation.response[..]), (Status::Ok, &b"{}{}"[..]));
        }
    }
}

#[test]
fn the_header_with_the_cause_of_an_error_may_be_long() {
    for size in [1_000, 100_000, 900_000] {
        let cause = "x".repeat(size);
        let answer = format!(
            "POST /2018-06-01/runtime/invocation/{{id}}/error HTTP/1.1\r\nHost: a\r\nLambda-Runtime-Function-Error-Type: App.Error\r\nLambda-Runtime-Function-XRay-Error-Cause: {cause}\r\nContent-Length: 2\r\n\r\n{{}}"
        );
        for invocation in served_by(None, &answer) {
            let error = invocation.error.expect("it failed");
            assert_eq!(
                (invocation.status, error.error_type.as_str()),
                (Status::Error, "App.Error")
            );
        }
    }
}
