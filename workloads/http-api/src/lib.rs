//! The workload `http-api`: a small API for a catalogue, behind API Gateway.
//!
//! Events and responses have payload format 2.0 ("Create AWS Lambda proxy integrations for HTTP APIs in API Gateway",
//! Amazon API Gateway Developer Guide), in the types of aws_lambda_events.
//! The catalogue is one of Amazon's own APIs (`cases/README.md` has source and licence); it is inside the program, and
//! reading it is work that can be done in INIT.

mod answer;
mod catalogue;
mod event;
mod request;
mod review;
mod routes;

use aws_lambda_events::event::apigw::ApiGatewayV2httpResponse;
use kelvin_workload::{Answer, Case, Compute, Prepared, WorkloadError};

use crate::catalogue::Catalogue;
use crate::request::Request;

pub use event::Event;

/// Answers requests to the catalogue.
///
/// | request | answer |
/// |---|---|
/// | `GET /services?protocol=…&q=…&page=…&page_size=…` | a page of services, with the addresses of its neighbours; the size of pages is remembered in a cookie |
/// | `GET /services/{id}` | one service, or 304 if the client has it already |
/// | `POST /services/{id}/reviews` | 201 with the review, or 400 with all that is wrong with it |
#[derive(Debug)]
pub struct HttpApi {
    catalogue: Prepared<Catalogue>,
}

impl Compute for HttpApi {
    const NAME: &'static str = "http-api";
    type Event = Event;
    type Response = ApiGatewayV2httpResponse;

    fn init() -> HttpApi {
        HttpApi { catalogue: Prepared::new(Catalogue::parse) }
    }

    fn prepare(&self) -> Result<(), WorkloadError> {
        self.catalogue.get().map(drop)
    }

    fn compute(&self, event: &Event) -> Result<ApiGatewayV2httpResponse, WorkloadError> {
        routes::answer(&Request::of(&event.0)?, self.catalogue.get()?)
    }

    fn cases() -> Vec<Case<Event>> {
        macro_rules! case {
            ($name:literal) => {
                case(
                    $name,
                    include_str!(concat!("../cases/", $name, ".event.json")),
                    include_str!(concat!("../cases/", $name, ".answer.json")),
                )
            };
        }
        vec![
            case!("list"),
            case!("search"),
            case!("service"),
            case!("not-modified"),
            case!("review"),
            case!("review-base64"),
            case!("review-invalid"),
            case!("review-malformed"),
            case!("review-too-large"),
            case!("review-as-form"),
            case!("bad-page"),
            case!("no-such-service"),
            case!("no-such-path"),
            case!("no-such-method"),
        ]
    }
}

fn case(name: &'static str, event: &str, answer: &str) -> Case<Event> {
    let event = serde_json::from_str(event).expect("the event is one of API Gateway");
    let answer = serde_json::from_str(answer).expect("Python wrote the answer, and as JSON");
    Case::new(name, event, Answer::Json(answer))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn every_case_is_answered_rightly() {
        assert_eq!(kelvin_workload::check_cases::<HttpApi>(), Ok(()));
    }

    /// The event of the default case with a change.
    fn changed(change: impl FnOnce(&mut Value)) -> Value {
        let mut event = serde_json::to_value(&HttpApi::cases()[0].event).unwrap();
        change(&mut event);
        event
    }

    #[test]
    fn what_no_api_gateway_sends_is_refused_with_a_reason() {
        let check = |change: fn(&mut Value), expected: &str| {
            let event = serde_json::from_value(changed(change)).unwrap();
            let error = HttpApi::init().compute(&event).unwrap_err();
            let got = (error.error_type(), error.error_message());
            assert_eq!(got, ("InvalidEvent", expected.to_owned()));
        };
        check(
            |event| event["version"] = json!("1.0"),
            "the payload format version is \"1.0\"; this function takes 2.0",
        );
        check(
            |event| drop(event.as_object_mut().unwrap().remove("version")),
            "the payload format version is missing; this function takes 2.0",
        );
        check(|event| event["rawPath"] = Value::Null, "rawPath is missing");
        check(
            |event| {
                event["requestContext"]["http"]["method"] = json!("POST");
                event["rawPath"] = json!("/services/lambda/reviews");
                event["headers"]["content-type"] = json!("application/json");
                event["body"] = json!("?");
                event["isBase64Encoded"] = json!(true);
            },
            "the body is said to be Base64 and is not: Invalid symbol 63, offset 0.",
        );
    }

    #[test]
    fn events_of_another_shape_are_refused_with_a_reason() {
        let check = |event: Value, expected: &str| {
            let error = serde_json::from_str::<Event>(&event.to_string()).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
        };
        check(json!({}), "missing field `requestContext`");
        check(json!({ "Records": [] }), "missing field `requestContext`");
        check(changed(|event| event["cookies"] = json!("a=b")), "invalid type: string \"a=b\"");
        let method = |method: Value| {
            changed(move |event| event["requestContext"]["http"]["method"] = method)
        };
        check(method(json!("G T")), "invalid value: string \"G T\", expected valid method name");
        check(method(Value::Null), "invalid type: null, expected valid method name");
    }
}
