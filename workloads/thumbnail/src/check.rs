//! Whether a thumbnail is right.
//!
//! Which bytes an encoder makes depends on its version, so they are no answer. What another decoder sees in them must be
//! as close to the reference (the photograph scaled down by Pillow, without loss) as Pillow's own JPEG of the reference
//! at the same quality is.
//! - Both are limited by the same quantization, so the signal-to-noise ratios are nearly equal; half a decibel (an eighth
//!   more noise) is for other rounding in decoding, scaling and encoding. No filter costs several decibels.
//! - The mean of each channel may be off by 1 of 255: noise averages out, a cast of colour does not.
//! - It may need a fifth more bytes than Pillow's.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jpeg_decoder::{Decoder, PixelFormat};
use serde::Deserialize;
use serde_json::Value;

use crate::photos::Photo;
use crate::{Picture, Response};

const MOST_BELOW_DB: f64 = 0.5;
const MOST_CAST: f64 = 1.0;

/// What Pillow's JPEG of the reference is like.
#[derive(Deserialize)]
struct Expected {
    width: u32,
    height: u32,
    jpeg_psnr_db: f64,
    jpeg_bytes: usize,
}

/// Checks a response; says what is wrong with it.
pub(crate) fn check(response: &Value, photo: &Photo) -> Result<(), String> {
    let response = Response::deserialize(response)
        .map_err(|error| format!("expected another response: {error}"))?;
    let expected: Expected = serde_json::from_str(photo.answer)
        .map_err(|error| format!("the answer cannot be read: {error}"))?;
    if response.content_type != "image/jpeg" {
        return Err(format!("expected image/jpeg, got {}", response.content_type));
    }
    let jpeg = STANDARD
        .decode(&response.body)
        .map_err(|error| format!("the body is not Base64: {error}"))?;
    let thumbnail = decode(&jpeg)?;
    let wanted = (expected.width, expected.height);
    for (what, size) in [
        ("the response", (response.width, response.height)),
        ("the thumbnail", (thumbnail.width, thumbnail.height)),
    ] {
        if size != wanted {
            let ((width, height), (w, h)) = (wanted, size);
            return Err(format!("expected {width} × {height} pixels, {what} has {w} × {h}"));
        }
    }
    compare(&thumbnail.rgb, reference(photo, wanted)?, expected.jpeg_psnr_db)?;
    let most_bytes = expected.jpeg_bytes + expected.jpeg_bytes / 5;
    if jpeg.len() > most_bytes {
        return Err(format!("expected at most {most_bytes} bytes, got {}", jpeg.len()));
    }
    Ok(())
}

fn decode(jpeg: &[u8]) -> Result<Picture, String> {
    let mut decoder = Decoder::new(jpeg);
    let rgb = decoder.decode().map_err(|error| format!("the body is not a JPEG: {error}"))?;
    match decoder.info() {
        Some(info) if info.pixel_format == PixelFormat::RGB24 => {
            Ok(Picture { width: info.width.into(), height: info.height.into(), rgb })
        }
        info => Err(format!("expected a JPEG with colours, got {info:?}")),
    }
}

/// The samples of the pixmap, whose header has its size.
fn reference(photo: &Photo, (width, height): (u32, u32)) -> Result<&[u8], String> {
    let header = format!("P6\n{width} {height}\n255\n");
    photo
        .reference
        .strip_prefix(header.as_bytes())
        .ok_or_else(|| format!("the reference does not begin with {header:?}"))
}

fn compare(samples: &[u8], reference: &[u8], other_psnr_db: f64) -> Result<(), String> {
    if samples.len() != reference.len() {
        return Err(format!("expected {} samples, got {}", reference.len(), samples.len()));
    }
    let differences = || {
        samples.iter().zip(reference).map(|(&sample, &right)| f64::from(sample) - f64::from(right))
    };
    for (channel, name) in ["red", "green", "blue"].into_iter().enumerate() {
        let cast = mean(differences().skip(channel).step_by(3));
        if cast.abs() > MOST_CAST {
            return Err(format!("the mean of {name} is off by {cast:.2} of 255"));
        }
    }
    let psnr = 10.0 * (255.0 * 255.0 / mean(differences().map(|d| d * d))).log10();
    let least = other_psnr_db - MOST_BELOW_DB;
    if psnr < least {
        return Err(format!("expected at least {least:.2} dB to the reference, got {psnr:.2} dB"));
    }
    Ok(())
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (n, sum) = values.fold((0.0, 0.0), |(n, sum), value| (n + 1.0, sum + value));
    sum / n
}

#[cfg(test)]
mod tests {
    use kelvin_workload::Compute;

    use super::*;
    use crate::photos::LAUNCH;
    use crate::{Event, Thumbnail, jpeg, scale};

    const EVENT: (u32, u8) = (200, 80);

    /// The response if the thumbnail were this picture.
    fn response(picture: &Picture) -> Response {
        Response {
            content_type: "image/jpeg".to_owned(),
            width: picture.width,
            height: picture.height,
            body: STANDARD.encode(jpeg::encode(picture, EVENT.1).unwrap()),
        }
    }

    fn verdict(response: &Response) -> Result<(), String> {
        super::check(&serde_json::to_value(response).unwrap(), &LAUNCH)
    }

    #[test]
    fn pictures_that_are_not_the_reference_are_refused() {
        let right = scale::to_fit(jpeg::decode(LAUNCH.jpeg).unwrap(), EVENT.0).unwrap();
        let check = |change: &dyn Fn(&mut Picture), expected: &str| {
            let mut picture = right.clone();
            change(&mut picture);
            let reason = verdict(&response(&picture)).err().unwrap_or_default();
            assert!(reason.starts_with(expected), "{reason}");
            assert_eq!(reason.is_empty(), expected.is_empty(), "{reason}");
        };
        check(&|_| {}, "");
        check(&sample, "expected at least 34.55 dB to the reference, got ");
        check(
            &|picture| picture.rgb.rotate_right(3),
            "expected at least 34.55 dB to the reference, got ",
        );
        let swap = |picture: &mut Picture| {
            picture.rgb.chunks_exact_mut(3).for_each(|pixel| pixel.swap(0, 2));
        };
        check(&swap, "the mean of red is off by ");
        let tint = |picture: &mut Picture| {
            let greens = picture.rgb.iter_mut().skip(1).step_by(3);
            greens.for_each(|green| *green = green.saturating_add(2));
        };
        check(&tint, "the mean of green is off by ");
        let transpose = |picture: &mut Picture| {
            std::mem::swap(&mut picture.width, &mut picture.height);
        };
        check(&transpose, "expected 200 × 133 pixels, the response has 133 × 200");
    }

    /// Scaled down without a filter: each pixel is one of the photograph's.
    fn sample(picture: &mut Picture) {
        let photo = jpeg::decode(LAUNCH.jpeg).unwrap();
        let (width, height) = (picture.width, picture.height);
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let pixels = places.map(|(x, y)| {
            let (x, y) = (x * photo.width / width, y * photo.height / height);
            let at = usize::try_from((y * photo.width + x) * 3).unwrap();
            &photo.rgb[at..at + 3]
        });
        picture.rgb = pixels.collect::<Vec<_>>().concat();
    }

    #[test]
    fn other_wrong_responses_are_refused_with_a_reason() {
        let (longest_side, quality) = EVENT;
        let event = Event { photo: "launch".to_owned(), longest_side, quality };
        let check = |change: &dyn Fn(&mut Response), expected: &str| {
            let mut response = Thumbnail.compute(&event).unwrap();
            change(&mut response);
            let reason = verdict(&response).unwrap_err();
            assert!(reason.starts_with(expected), "{reason}");
        };
        check(&|response| response.body.insert(0, '!'), "the body is not Base64: ");
        check(&|response| response.body.truncate(4_000), "the body is not a JPEG: ");
        check(&|response| response.body.clear(), "the body is not a JPEG: ");
        check(
            &|response| response.width += 1,
            "expected 200 × 133 pixels, the response has 201 × 133",
        );
        let as_png = |response: &mut Response| response.content_type = "image/png".to_owned();
        check(&as_png, "expected image/jpeg, got image/png");
        let better = Event { quality: 90, ..event.clone() };
        let better = Thumbnail.compute(&better).unwrap().body;
        check(&|response| response.body.clone_from(&better), "expected at most 6703 bytes, got ");
        let worse = Event { quality: 70, ..event.clone() };
        let worse = Thumbnail.compute(&worse).unwrap().body;
        check(
            &|response| response.body.clone_from(&worse),
            "expected at least 34.55 dB to the reference, got ",
        );
        let nothing = super::check(&Value::Null, &LAUNCH).unwrap_err();
        assert!(nothing.starts_with("expected another response: "), "{nothing}");
    }
}
