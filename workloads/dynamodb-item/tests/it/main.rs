//! The function talks to an embedded DynamoDB: what it writes, whom it refuses, and what it says when DynamoDB fails.

mod kit;

use http::HeaderValue;
use kelvin_services::ServiceKind;
use kelvin_workload::{InitContext, InvokeContext, Workload, verify};
use serde_json::json;

use crate::kit::{Place, block_on, config, find, invoke, read};
use dynamodb_item::{DynamoDbItem, Settings};

fn header(text: &str) -> HeaderValue {
    text.parse().expect("it is a header")
}

#[test]
fn cases_are_answered_rightly_however_often_they_come() {
    let place = Place::new(|_| {});
    let function = place.function(&[]);
    for _ in 0..2 {
        for case in DynamoDbItem::cases() {
            let response = block_on(invoke(&function, case.event)).unwrap();
            let json = serde_json::to_value(&response).unwrap();
            assert_eq!(verify(&case.answer, &json), Ok(()), "{}", case.name);
        }
    }
}

#[test]
fn without_services_the_answers_are_the_same() {
    let ctx = InitContext::new(|name| (name == "KELVIN_IO").then(|| "none".to_owned()));
    assert_eq!(block_on(kelvin_workload::check_cases_with_io::<DynamoDbItem>(&ctx)), Ok(()));
    let function = DynamoDbItem::new(Settings::of(&ctx).unwrap(), config);
    let mut event = find("change").event;
    event.headers.insert("if-match", header("\"2\""));
    let (status, _) = read(&block_on(invoke(&function, event)).unwrap());
    assert_eq!(status, 412);
}

#[test]
fn of_two_who_know_the_same_version_one_is_refused() {
    let place = Place::new(|_| {});
    let function = place.function(&[]);
    let change = |token: &str, version: &str| {
        let mut event = find("change").event;
        event.headers.insert("idempotency-key", header(token));
        event.headers.insert("if-match", header(version));
        read(&block_on(invoke(&function, event)).unwrap())
    };
    let refused = (412, json!({ "message": "line 2 of invoice 2026-0118 has another version" }));
    let (status, body) = change("first", "\"1\"");
    assert_eq!((status, &body["version"]), (200, &json!(2)));
    assert_eq!(change("second", "\"1\""), refused);
    // The first one did not hear the answer and asks again.
    assert_eq!(change("first", "\"1\""), (200, body));
    let (status, body) = change("second", "\"2\"");
    assert_eq!((status, &body["version"]), (200, &json!(3)));
    assert_eq!(change("first", "\"1\""), refused);
    // What is not there has no version.
    let mut event = find("change").event;
    event.path_parameters.insert("line".to_owned(), "99".to_owned());
    assert_eq!(read(&block_on(invoke(&function, event)).unwrap()).0, 412);
}

#[test]
fn wrong_requests_are_answered_without_a_call() {
    let place = Place::failing("refuse=1");
    let function = place.function(&[]);
    let mut event = find("add").event;
    event.headers.remove("if-none-match");
    let (status, body) = read(&block_on(invoke(&function, event)).unwrap());
    let message = "send If-None-Match: * or If-Match with a version";
    assert_eq!((status, body), (428, json!({ "message": message })));
}

#[test]
fn waits_are_told_from_computation() {
    let place = Place::new(|spec| spec.latency = "20ms".parse().unwrap());
    let function = place.function(&[]);
    let ctx = InvokeContext::recording("id");
    block_on(function.handle(find("add").event, &ctx)).unwrap();
    let waits = ctx.into_parts().1;
    assert_eq!(waits.intervals.len(), 2, "one for writing and one for the query");
    assert!(waits.intervals.iter().all(|wait| wait.ns() >= 20_000_000), "{waits:?}");
}

#[test]
fn five_percent_of_errors_are_hidden_by_retries() {
    // What is reset has been carried out: the retry finds its own token.
    let place = Place::failing("error=2% throttle=1% reset=2%");
    let function = place.function(&[]);
    for call in 0..200 {
        let case = find(["add", "change", "conflict"][call % 3]);
        let response = block_on(invoke(&function, case.event));
        let response = response.unwrap_or_else(|error| panic!("{call}: {}", error.error_message()));
        let json = serde_json::to_value(&response).unwrap();
        assert_eq!(verify(&case.answer, &json), Ok(()));
    }
}

/// The message of an invocation that fails as it must, behind the words that all have.
fn failure(place: &Place, variables: &'static [(&'static str, &'static str)]) -> String {
    let function = place.function(variables);
    let error = block_on(invoke(&function, find("add").event)).expect_err("the service fails");
    assert_eq!(error.error_type(), "ServiceFailed");
    let message = error.error_message();
    let reason = message.strip_prefix("could not write line 13 of invoice 2026-0117: ");
    reason.unwrap_or_else(|| panic!("{message}")).to_owned()
}

#[test]
fn a_service_that_always_fails_is_named() {
    let check = |errors: &str, expected: &str| {
        let reason = failure(&Place::failing(errors), &[]);
        assert!(reason.contains(expected), "{reason}");
    };
    check("error=1", "InternalServerError");
    check("throttle=1", "ProvisionedThroughputExceededException");
    check("reset=1", "connection");
    check("refuse=1", "Connection refused");
}

#[test]
fn a_service_that_does_not_answer_is_not_waited_for() {
    let place = Place::new(|spec| spec.latency = "900s".parse().unwrap());
    let reason = failure(&place, &[("DYNAMODB_TIMEOUT_MS", "100")]);
    assert!(reason.contains("timeout"), "{reason}");
}

#[test]
fn a_table_that_is_not_there_is_named() {
    let place = Place::new(|_| {});
    let reason = failure(&place, &[("INVOICES_TABLE", "drafts")]);
    assert!(reason.contains("ResourceNotFoundException"), "{reason}");
}

#[test]
fn an_item_that_is_no_line_is_named() {
    let place = Place::new(|_| {});
    let item = json!({ "invoice": "2026-0117", "line": 14, "quantity": "many" });
    place.service.put_item("invoices", item.as_object().unwrap()).unwrap();
    let error = block_on(invoke(&place.function(&[]), find("add").event)).unwrap_err();
    assert_eq!(error.error_type(), "WorkFailed");
    assert_eq!(error.error_message(), "could not read line 14: quantity is not a number");
}

#[test]
fn settings_that_mean_nothing_fail_in_init() {
    let ctx = InitContext::new(|name| (name == "KELVIN_IO").then(|| "some".to_owned()));
    let error = block_on(DynamoDbItem::init(&ctx)).unwrap_err();
    assert_eq!(error.error_message(), "KELVIN_IO is \"some\"; it must be services or none");
    assert_eq!(ServiceKind::DynamoDb.endpoint_variable(), "AWS_ENDPOINT_URL_DYNAMODB");
}
