//! The workload `thumbnail`: makes a thumbnail of a photograph, as a function does behind an upload to a bucket.
//!
//! It decodes a JPEG, scales it down and encodes a smaller JPEG.
//! The photographs are inside the program (`cases/README.md` has source and licence), so an invocation's input costs no
//! transfer; its output does, as it would in earnest.

mod check;
mod jpeg;
mod photos;
mod scale;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kelvin_workload::{Answer, Case, Compute, WorkloadError};
use serde::{Deserialize, Serialize};

use crate::check::check;
use crate::photos::{BOATS, LAUNCH, Photo, RETINA};

pub use jpeg::LARGEST_PHOTO;

/// The longest side, in pixels, that a thumbnail can be asked to have.
pub const LONGEST_SIDE: u32 = 1024;

/// Makes thumbnails.
#[derive(Clone, Copy, Debug)]
pub struct Thumbnail;

/// Which photograph, and what is to become of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Name of a photograph: `boats`, `launch` or `retina`.
    pub photo: String,
    /// How many pixels the thumbnail's longer side may have: 1 to [`LONGEST_SIDE`]. A smaller photograph keeps its size.
    pub longest_side: u32,
    /// Quality of the thumbnail's JPEG, as libjpeg counts it: 1 to 100.
    pub quality: u8,
}

/// The thumbnail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// What an HTTP response has as `Content-Type`: `image/jpeg`.
    pub content_type: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The JPEG, in Base64.
    pub body: String,
}

impl Compute for Thumbnail {
    const NAME: &'static str = "thumbnail";
    type Event = Event;
    type Response = Response;

    fn init() -> Thumbnail {
        Thumbnail
    }

    fn compute(&self, event: &Event) -> Result<Response, WorkloadError> {
        let photo = photos::find(&event.photo)?;
        within("longest_side", event.longest_side, LONGEST_SIDE)?;
        within("quality", event.quality.into(), 100)?;
        let thumbnail = scale::to_fit(jpeg::decode(photo.jpeg)?, event.longest_side)?;
        Ok(Response {
            content_type: "image/jpeg".to_owned(),
            width: thumbnail.width,
            height: thumbnail.height,
            body: STANDARD.encode(jpeg::encode(&thumbnail, event.quality)?),
        })
    }

    fn cases() -> Vec<Case<Event>> {
        let case = |name, photo: &Photo, longest_side, quality, answer| {
            let event = Event { photo: photo.name.to_owned(), longest_side, quality };
            Case::new(name, event, Answer::Check(answer)).with_bytes(photo.jpeg.len())
        };
        vec![
            case("medium", &BOATS, 256, 80, |response| check(response, &BOATS)),
            case("small", &LAUNCH, 200, 80, |response| check(response, &LAUNCH)),
            case("large", &RETINA, 256, 90, |response| check(response, &RETINA)),
        ]
    }
}

fn within(field: &str, value: u32, most: u32) -> Result<(), WorkloadError> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(WorkloadError::invalid_event(format!("{field} is {value}; it must be from 1 to {most}")))
}

/// Pixels, row by row from the top: three bytes each, red, green and blue.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_answered_rightly() {
        assert_eq!(kelvin_workload::check_cases::<Thumbnail>(), Ok(()));
    }

    #[test]
    fn wrong_events_are_refused_with_a_reason() {
        let check = |photo: &str, longest_side, quality, expected: &str| {
            let event = Event { photo: photo.to_owned(), longest_side, quality };
            let error = Thumbnail.compute(&event).unwrap_err();
            assert_eq!(
                (error.error_type(), error.error_message().as_str()),
                ("InvalidEvent", expected)
            );
        };
        let unknown = "there is no photo \"cat\"; the photos are boats, launch, retina";
        check("cat", 256, 80, unknown);
        check("boats", 0, 80, "longest_side is 0; it must be from 1 to 1024");
        check("boats", 1025, 80, "longest_side is 1025; it must be from 1 to 1024");
        check("boats", u32::MAX, 80, "longest_side is 4294967295; it must be from 1 to 1024");
        check("boats", 256, 0, "quality is 0; it must be from 1 to 100");
        check("boats", 256, 101, "quality is 101; it must be from 1 to 100");
    }

    #[test]
    fn events_of_another_shape_are_refused_with_a_reason() {
        let check = |event: &str, expected: &str| {
            let error = serde_json::from_str::<Event>(event).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check("{}", "missing field `photo` at line 1 column 2");
        check(
            r#"{"photo": "boats", "longest_side": -1, "quality": 80}"#,
            "invalid value: integer `-1`, expected u32 at line 1 column 37",
        );
        check(
            r#"{"photo": "boats", "longest_side": 256, "quality": 256}"#,
            "invalid value: integer `256`, expected u8 at line 1 column 54",
        );
        check(
            r#"{"photo": "boats", "width": 256}"#,
            "unknown field `width`, expected one of `photo`, `longest_side`, `quality` at line 1 column 26",
        );
    }
}
