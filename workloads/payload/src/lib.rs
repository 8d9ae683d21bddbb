//! The workload `payload`: requests and responses of any size, and next to no work. What remains is what bytes cost on
//! their way: reading and writing JSON, and sending it.

mod text;

use kelvin_workload::{Answer, Case, Compute, WorkloadError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::text::text;

/// The largest response of a synchronous invocation, in bytes ("Lambda quotas", AWS Lambda developer guide).
const MOST_BYTES: usize = 6 * 1024 * 1024;

/// Answers with as many bytes as it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Payload;

/// What is sent, and how much is to come back.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The length of `data` in the response; at most what makes the whole response 6 MB.
    pub response_bytes: usize,
    /// Anything. Only its length is looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// The length of `data` in the event, in bytes of UTF-8.
    pub request_bytes: usize,
    /// Text that does not compress well.
    pub data: String,
}

/// How long a response is without its data.
fn overhead(request_bytes: usize) -> usize {
    let digits = request_bytes.checked_ilog10().unwrap_or(0) as usize + 1;
    r#"{"request_bytes":,"data":""}"#.len() + digits
}

impl Compute for Payload {
    const NAME: &'static str = "payload";
    type Event = Event;
    type Response = Response;

    fn init() -> Payload {
        Payload
    }

    fn compute(&self, event: &Event) -> Result<Response, WorkloadError> {
        let request_bytes = event.data.as_ref().map_or(0, String::len);
        let most = MOST_BYTES - overhead(request_bytes);
        if event.response_bytes > most {
            return Err(WorkloadError::invalid_event(format!(
                "response_bytes is {}; at most {most} fit into a response of {MOST_BYTES} bytes",
                event.response_bytes
            )));
        }
        Ok(Response { request_bytes, data: text(event.response_bytes) })
    }

    fn cases() -> Vec<Case<Event>> {
        // As much as comes back is sent.
        let case = |name, bytes: usize, answer| {
            let data = (bytes > 0).then(|| text(bytes));
            Case::new(name, Event { response_bytes: bytes, data }, answer).with_bytes(bytes)
        };
        let digest = |hex: &str| Answer::Sha256(hex.trim().to_owned());
        vec![
            case("nothing", 0, Answer::Json(json!({ "request_bytes": 0, "data": "" }))),
            case("1-kB", 1_000, digest(include_str!("../cases/1-kB.sha256"))),
            case("100-kB", 100_000, digest(include_str!("../cases/100-kB.sha256"))),
            case("1-MB", 1_000_000, digest(include_str!("../cases/1-MB.sha256"))),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(response_bytes: usize, data: Option<&str>) -> Result<Response, String> {
        let event = Event { response_bytes, data: data.map(str::to_owned) };
        Payload.compute(&event).map_err(|error| {
            assert_eq!(error.error_type(), "InvalidEvent");
            error.error_message()
        })
    }

    #[test]
    fn every_case_is_answered_rightly() {
        assert_eq!(kelvin_workload::check_cases::<Payload>(), Ok(()));
    }

    #[test]
    fn the_largest_response_has_six_megabytes_to_the_byte() {
        for data in [None, Some("123456789"), Some("1234567890"), Some("é")] {
            let most = MOST_BYTES - overhead(data.map_or(0, str::len));
            let response = answer(most, data).unwrap();
            assert_eq!(response.request_bytes, data.map_or(0, str::len));
            assert_eq!(serde_json::to_vec(&response).unwrap().len(), MOST_BYTES);
            let expected = format!(
                "response_bytes is {}; at most {most} fit into a response of 6291456 bytes",
                most + 1
            );
            assert_eq!(answer(most + 1, data), Err(expected));
        }
        assert!(answer(usize::MAX, None).is_err());
    }

    #[test]
    fn events_of_another_shape_are_refused_with_a_reason() {
        let check = |event: &str, expected: &str| {
            let error = serde_json::from_str::<Event>(event).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check("{}", "missing field `response_bytes` at line 1 column 2");
        check(
            r#"{"response_bytes": -1}"#,
            "invalid value: integer `-1`, expected usize at line 1 column 21",
        );
        check(
            r#"{"response_bytes": 1, "dta": ""}"#,
            "unknown field `dta`, expected `response_bytes` or `data` at line 1 column 27",
        );
    }
}
