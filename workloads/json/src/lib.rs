//! The workload `json`: parses a real API document and answers questions about it.
//!
//! The documents are Amazon's own models of three of its APIs (`cases/README.md` has source and licence).
//! They are inside the program, so an invocation's time is parsing and querying, not moving the payload.

mod documents;
mod overview;

use kelvin_workload::{Answer, Case, Compute, WorkloadError};
use serde::{Deserialize, Serialize};

pub use overview::{Documentation, Overview, RaisedError, Referenced, Structure};

/// The longest list that can be asked for.
pub const LARGEST_TOP: usize = 100;

/// Parses a document and gives an overview of it.
#[derive(Clone, Copy, Debug)]
pub struct Json;

/// Which document, and how much of it to tell.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Name of an API: `lambda`, `s3` or `sts`.
    pub document: String,
    /// How long the lists of the overview may be: 1 to [`LARGEST_TOP`].
    pub top: usize,
}

impl Compute for Json {
    const NAME: &'static str = "json";
    type Event = Event;
    type Response = Overview;

    fn init() -> Json {
        Json
    }

    fn compute(&self, event: &Event) -> Result<Overview, WorkloadError> {
        let document = documents::find(&event.document)?;
        let top = event.top;
        if !(1..=LARGEST_TOP).contains(&top) {
            return Err(WorkloadError::invalid_event(format!(
                "top is {top}; it must be from 1 to {LARGEST_TOP}"
            )));
        }
        let model = serde_json::from_slice(document)
            .map_err(|error| WorkloadError::work_failed("the document is not JSON", error))?;
        Ok(overview::of(&model, top))
    }

    fn cases() -> Vec<Case<Event>> {
        let case = |name, document: &str, top, answer| {
            let bytes = documents::find(document).map_or(0, <[u8]>::len);
            let event = Event { document: document.to_owned(), top };
            Case::new(name, event, answer).with_bytes(bytes)
        };
        let json = |text| {
            Answer::Json(serde_json::from_str(text).expect("jq wrote the answer, and as JSON"))
        };
        let sha256 = |text: &str| Answer::Sha256(text.trim().to_owned());
        vec![
            case("medium", "lambda", 5, json(include_str!("../cases/medium.answer.json"))),
            case("small", "sts", 5, json(include_str!("../cases/small.answer.json"))),
            case("large", "s3", 20, sha256(include_str!("../cases/large.answer.sha256"))),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_answered_rightly() {
        assert_eq!(kelvin_workload::check_cases::<Json>(), Ok(()));
    }

    #[test]
    fn wrong_events_are_refused_with_a_reason() {
        let check = |document: &str, top, expected: &str| {
            let error = Json.compute(&Event { document: document.to_owned(), top }).unwrap_err();
            assert_eq!(
                (error.error_type(), error.error_message().as_str()),
                ("InvalidEvent", expected)
            );
        };
        check("ec2", 5, "there is no document \"ec2\"; the documents are lambda, s3, sts");
        check("", 5, "there is no document \"\"; the documents are lambda, s3, sts");
        check("sts", 0, "top is 0; it must be from 1 to 100");
        check("sts", 101, "top is 101; it must be from 1 to 100");
    }

    #[test]
    fn events_of_another_shape_are_refused_with_a_reason() {
        let check = |event: &str, expected: &str| {
            let error = serde_json::from_str::<Event>(event).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check("{}", "missing field `document` at line 1 column 2");
        check(
            r#"{"document": "sts", "top": -1}"#,
            "invalid value: integer `-1`, expected usize at line 1 column 29",
        );
        check(
            r#"{"document": "sts", "top": "5"}"#,
            "invalid type: string \"5\", expected usize at line 1 column 30",
        );
        check(
            r#"{"document": "sts", "n": 5}"#,
            "unknown field `n`, expected `document` or `top` at line 1 column 23",
        );
    }
}
