//! What follows from requests, one after another.

use uuid::Uuid;

use super::super::{ExtensionRequest, StreamedError};
use super::*;

fn request(route: Route) -> Request {
    let body = Body::Whole(Bytes::from_static(b"{}"));
    Request {
        route,
        begun_at: 1,
        body,
        error_type: None,
        response_mode: None,
        streamed_error: None,
    }
}

fn told(reply: &Reply) -> String {
    match reply {
        Reply::Event(event) => format!("event {}", event.request_id),
        Reply::InvalidTransition { from, to } => format!("403 {from} to {to}"),
        Reply::InvalidRequestId => "400".to_owned(),
        Reply::Accepted => "202".to_owned(),
        Reply::Invoke(event) => format!("invoke {}", event.request_id),
        Reply::Registered(_) => "200".to_owned(),
        Reply::Forbidden { error_type, .. } => format!("403 {error_type}"),
        other => format!("{other:?}"),
    }
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ready { runtime_at, at } if runtime_at == at => "ready".to_owned(),
        Outcome::Ready { runtime_at, at } => format!("ready {runtime_at} {at}"),
        Outcome::Answered { begun: false, .. } => "answered".to_owned(),
        Outcome::Answered { begun: true, .. } => "end".to_owned(),
        Outcome::Begun { .. } => "head".to_owned(),
        Outcome::Part(data) => String::from_utf8_lossy(data).into_owned(),
        Outcome::InitFailed { .. } => "init failed".to_owned(),
    }
}

/// The number of a request that streams.
const STREAMED: CallId = 100;

fn extension(name: &str) -> Uuid {
    Uuid::from_u128(if name == "listener" { 1 } else { 2 })
}

/// Plays requests, numbered from 0: `next`, `hand:ID`, `response:ID`, `error:ID`, `init-error`, those of two extensions; a
/// streamed response, whose request has always the number 100: `head:ID`, `part:DATA`, `end:ID`; and what follows: replies and the outcome, with what comes after it. A step takes a nanosecond.
fn check(steps: &[(&str, &str)]) {
    let mut api = RuntimeApi::new(&FunctionConfig::new("function"));
    for (at, (step, expected)) in steps.iter().enumerate() {
        let (verb, id) = step.split_once(':').unwrap_or((step, ""));
        let route = match verb {
            "next" => Some(Route::Next),
            "response" | "end" => Some(Route::Response(id.to_owned())),
            "error" => Some(Route::Error(id.to_owned())),
            "init-error" => Some(Route::InitError),
            "register" => Some(Route::Extension(ExtensionRequest::Register {
                name: id.to_owned(),
                id: extension(id),
                wants_account: false,
            })),
            "event-next" => Some(Route::Extension(ExtensionRequest::Next { id: extension(id) })),
            _ => None,
        };
        let input = match route {
            Some(route) if id == "listener" => {
                let body = Bytes::from_static(b"{\"events\":[\"INVOKE\"]}");
                let request = Request { body: Body::Whole(body), ..request(route) };
                Input::Request(at as CallId, request)
            }
            Some(route) if verb == "end" => Input::Request(STREAMED, request(route)),
            Some(route) => Input::Request(at as CallId, request(route)),
            None if verb == "head" => {
                let request_id = id.to_owned();
                Input::Begun(STREAMED, Begun { request_id, content_type: None })
            }
            None if verb == "part" => Input::Part(STREAMED, Bytes::copy_from_slice(id.as_bytes())),
            None => Input::Event(NextEvent::of_test(id)),
        };
        let effects = api.on(input, at as u64);
        let replies = effects.reply.iter().chain(&effects.others).chain(&effects.reply_after);
        let replies = replies.map(|(call, reply)| format!("{call}: {}", told(reply)));
        let outcome = effects.outcome.iter().map(outcome);
        let all: Vec<String> = outcome.chain(replies).collect();
        assert_eq!(all.join(", "), *expected, "step {at}: {step}");
    }
}

#[test]
fn an_error_after_a_part_of_a_streamed_response_is_the_answer() {
    let check = |mode: Option<&str>, expected: Answer| {
        let error = StreamedError {
            error_type: "Stream.Broke".to_owned(),
            body: Bytes::from_static(b"{\"errorMessage\":\"half way\"}"),
        };
        let request = Request {
            response_mode: mode.map(str::to_owned),
            streamed_error: Some(Box::new(error)),
            ..request(Route::Response("a".to_owned()))
        };
        let (answer, reply) = answered(request);
        assert_eq!((answer, told(&reply)), (expected, "202".to_owned()));
    };
    let error =
        FunctionError { error_type: "Stream.Broke".to_owned(), message: "half way".to_owned() };
    let body = Bytes::from_static(b"{\"errorMessage\":\"half way\"}");
    check(Some("streaming"), Answer::Error { body, error });
    check(None, Answer::Response(Bytes::from_static(b"{}")));
}

#[test]
fn follows_aws_states() {
    check(&[
        ("next", "ready"),
        ("hand:a", "0: event a"),
        ("next", "2: event a"),
        ("response:b", "3: 400"),
        ("response:a", "answered, 4: 202"),
        ("response:a", "5: 403 RuntimeResponseSentState to InvocationResponse"),
        ("error:a", "6: 403 RuntimeResponseSentState to InvocationErrorResponse"),
        ("next", "ready"),
        ("response:a", "8: 403 Ready to InvocationResponse"),
        ("next", ""),
        ("hand:b", "7: event b, 9: event b"),
        ("response:a", "11: 400"),
        ("error:b", "answered, 12: 202"),
        ("init-error", "13: 403 RuntimeResponseSentState to InitError"),
    ]);
    check(&[
        ("response:a", "0: 400"),
        ("init-error", "init failed, 1: 202"),
        ("next", "2: 403 InitError to Ready"),
        ("init-error", "3: 403 InitError to InitError"),
    ]);
}

#[test]
fn init_waits_for_all_extensions_and_an_invocation_for_those_that_hear_of_it() {
    check(&[
        ("register:listener", "0: 200"),
        ("register:other", "1: 200"),
        ("event-next:listener", ""),
        ("next", ""),
        ("register:late", "4: 403 Extension.RegistrationClosed"),
        ("event-next:other", "ready 3 5"),
        ("hand:a", "3: event a, 2: invoke a"),
        ("response:a", "answered, 7: 202"),
        ("next", ""),
        ("event-next:listener", "ready 8 9"),
        ("hand:b", "8: event b, 9: invoke b"),
        ("event-next:listener", ""),
        ("error:b", "answered, 12: 202"),
        ("next", "ready"),
    ]);
}

#[test]
fn a_streamed_response_is_passed_on_part_by_part_and_ends_once() {
    check(&[
        ("next", "ready"),
        ("hand:a", "0: event a"),
        ("head:b", ""),
        ("part:of another", ""),
        ("end:b", "100: 400"),
        ("head:a", "head"),
        ("part:one", "one"),
        ("next", "7: 403 InvocationResponse to Ready"),
        ("response:a", "8: 403 InvocationResponse to InvocationResponse"),
        ("error:a", "9: 403 InvocationResponse to InvocationErrorResponse"),
        ("part:two", "two"),
        ("end:a", "end, 100: 202"),
        ("part:late", ""),
        ("head:a", ""),
        ("end:a", "100: 403 RuntimeResponseSentState to InvocationResponse"),
        ("next", "ready"),
        ("hand:b", "15: event b"),
        ("head:a", ""),
        ("response:b", "answered, 18: 202"),
    ]);
}
