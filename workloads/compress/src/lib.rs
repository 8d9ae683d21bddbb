//! The workload `compress`: compresses a text with gzip and encodes it in Base64, as a function does whose HTTP response
//! goes through API Gateway.
//!
//! The texts are a stylesheet and chapters of a novel (`cases/README.md` has source and licence).
//! They are inside the program, so an invocation's input costs no transfer; its output does, as it would in earnest.

mod check;
mod documents;

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use kelvin_workload::{Answer, Case, Compute, WorkloadError};
use serde::{Deserialize, Serialize};

use crate::check::check;
use crate::documents::{BOOTSTRAP_CSS, MOBY_DICK, SERMON};

/// Compresses a document.
#[derive(Clone, Copy, Debug)]
pub struct Compress;

/// Which document, and how hard to try.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Name of a text: `bootstrap-css`, `moby-dick` or `sermon`.
    pub document: String,
    /// The level of gzip: 1 (fast) to 9 (small).
    pub level: u32,
}

/// The compressed document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// What an HTTP response has as `Content-Encoding`: `gzip`.
    pub encoding: String,
    /// Length of the text.
    pub original_bytes: usize,
    /// Length of what became of it, before Base64.
    pub compressed_bytes: usize,
    /// What became of it, in Base64.
    pub body: String,
}

impl Compute for Compress {
    const NAME: &'static str = "compress";
    type Event = Event;
    type Response = Response;

    fn init() -> Compress {
        Compress
    }

    fn compute(&self, event: &Event) -> Result<Response, WorkloadError> {
        let text = documents::find(&event.document)?.text;
        let level = event.level;
        if !(1..=9).contains(&level) {
            return Err(WorkloadError::invalid_event(format!(
                "level is {level}; it must be from 1 to 9"
            )));
        }
        let compressed = gzip(text, Compression::new(level))
            .map_err(|error| WorkloadError::work_failed("could not compress the text", error))?;
        Ok(Response {
            encoding: "gzip".to_owned(),
            original_bytes: text.len(),
            compressed_bytes: compressed.len(),
            body: STANDARD.encode(compressed),
        })
    }

    fn cases() -> Vec<Case<Event>> {
        let case = |name, document: &documents::Document, level, answer| {
            let event = Event { document: document.name.to_owned(), level };
            Case::new(name, event, Answer::Check(answer)).with_bytes(document.text.len())
        };
        // The bounds are what GNU gzip 1.12 makes of the text at that level, and a fifth more.
        vec![
            case("chapter", &SERMON, 6, |response| check(response, &SERMON, 10_426)),
            case("chapters", &MOBY_DICK, 6, |response| check(response, &MOBY_DICK, 54_001)),
            case("chapters-fast", &MOBY_DICK, 1, |response| check(response, &MOBY_DICK, 62_077)),
            case("stylesheet", &BOOTSTRAP_CSS, 6, |response| {
                check(response, &BOOTSTRAP_CSS, 40_648)
            }),
            case("stylesheet-small", &BOOTSTRAP_CSS, 9, |response| {
                check(response, &BOOTSTRAP_CSS, 39_714)
            }),
        ]
    }
}

/// A gzip member (RFC 1952) without name and time: the same text makes the same bytes.
fn gzip(text: &[u8], level: Compression) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 2), level);
    encoder.write_all(text)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_answered_rightly() {
        assert_eq!(kelvin_workload::check_cases::<Compress>(), Ok(()));
    }

    #[test]
    fn wrong_events_are_refused_with_a_reason() {
        let check = |document: &str, level, expected: &str| {
            let event = Event { document: document.to_owned(), level };
            let error = Compress.compute(&event).unwrap_err();
            assert_eq!(
                (error.error_type(), error.error_message().as_str()),
                ("InvalidEvent", expected)
            );
        };
        check(
            "hamlet",
            6,
            "there is no document \"hamlet\"; the documents are bootstrap-css, moby-dick, sermon",
        );
        check(
            "",
            6,
            "there is no document \"\"; the documents are bootstrap-css, moby-dick, sermon",
        );
        check("moby-dick", 0, "level is 0; it must be from 1 to 9");
        check("moby-dick", 10, "level is 10; it must be from 1 to 9");
        check("moby-dick", u32::MAX, "level is 4294967295; it must be from 1 to 9");
    }

    #[test]
    fn events_of_another_shape_are_refused_with_a_reason() {
        let check = |event: &str, expected: &str| {
            let error = serde_json::from_str::<Event>(event).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check("{}", "missing field `document` at line 1 column 2");
        check(
            r#"{"document": "moby-dick", "level": -1}"#,
            "invalid value: integer `-1`, expected u32 at line 1 column 37",
        );
        check(
            r#"{"document": "moby-dick", "levle": 6}"#,
            "unknown field `levle`, expected `document` or `level` at line 1 column 33",
        );
    }
}
