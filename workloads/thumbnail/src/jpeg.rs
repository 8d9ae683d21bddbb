//! Decoding and encoding JPEG.

use std::io::Cursor;

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use kelvin_workload::WorkloadError;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::Picture;

/// How many pixels a photograph may have: those of a camera with 24 megapixels, which need 72 MB of memory.
///
/// A JPEG of a few kilobytes can claim 65,535 × 65,535 pixels, so its size is looked at before memory is asked for.
pub const LARGEST_PHOTO: usize = 24_000_000;

/// Decodes a JPEG. What is not one, is damaged or has more pixels than [`LARGEST_PHOTO`] is refused.
pub(crate) fn decode(jpeg: &[u8]) -> Result<Picture, WorkloadError> {
    // Strict: a file that ends early is refused, not filled up with grey.
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(jpeg), options);
    let failed = |cause: &str| {
        WorkloadError::work_failed("could not decode the photo as a JPEG", cause.trim_end())
    };
    decoder.decode_headers().map_err(|error| failed(&error.to_string()))?;
    let info = decoder.info().ok_or_else(|| failed("it has no header"))?;
    let (width, height) = (info.width, info.height);
    let n_pixels = usize::from(width) * usize::from(height);
    if n_pixels > LARGEST_PHOTO {
        return Err(WorkloadError::invalid_event(format!(
            "the photo has {width} × {height} pixels; it may have {LARGEST_PHOTO} in all"
        )));
    }
    let rgb = decoder.decode().map_err(|error| failed(&error.to_string()))?;
    if n_pixels == 0 || rgb.len() != n_pixels * 3 {
        return Err(failed(&format!("{width} × {height} pixels were {} bytes", rgb.len())));
    }
    Ok(Picture { width: width.into(), height: height.into(), rgb })
}

/// Encodes a picture, with colour in full resolution.
pub(crate) fn encode(picture: &Picture, quality: u8) -> Result<Vec<u8>, WorkloadError> {
    let mut jpeg = Vec::with_capacity(picture.rgb.len() / 8);
    JpegEncoder::new_with_quality(&mut jpeg, quality)
        .encode(&picture.rgb, picture.width, picture.height, ExtendedColorType::Rgb8)
        .map_err(|error| WorkloadError::work_failed("could not encode the thumbnail", error))?;
    Ok(jpeg)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photos::{LAUNCH, Photo, RETINA};

    fn refused(jpeg: &[u8]) -> String {
        let picture = decode(jpeg).map(|picture| (picture.width, picture.height));
        picture.expect_err("it is not a whole JPEG").error_message()
    }

    #[test]
    fn what_is_not_a_jpeg_is_refused_with_a_reason() {
        let check = |bytes: &[u8], reason: &str| {
            assert_eq!(refused(bytes), format!("could not decode the photo as a JPEG: {reason}"));
        };
        check(b"", "I/O errors Not enough bytes, expected 2 but found 0");
        check(b"\x89PNG\r\n\x1a\n", "Error parsing image. Illegal start bytes:8950");
        check(b"\xff\xd8\xff\xd9", "\"Premature End of image\"");
    }

    #[test]
    fn a_file_that_ends_early_is_refused() {
        let check = |photo: &Photo, percent: usize| {
            let end = photo.jpeg.len() * percent / 100;
            let reason = refused(&photo.jpeg[..end]);
            let expected = "could not decode the photo as a JPEG: ";
            assert!(reason.starts_with(expected), "{} to {end}: {reason}", photo.name);
        };
        check(&LAUNCH, 1);
        check(&LAUNCH, 50);
        check(&LAUNCH, 99);
        check(&RETINA, 50);
    }

    #[test]
    fn a_photo_that_claims_too_many_pixels_is_refused_before_it_is_decoded() {
        let check = |height: u16, width: u16, expected: &str| {
            let reason = refused(&claiming(height, width));
            assert!(reason.starts_with(expected), "{reason}");
        };
        check(65_535, 65_535, "the photo has 65535 × 65535 pixels; it may have 24000000 in all");
        check(4_000, 6_001, "the photo has 6001 × 4000 pixels; it may have 24000000 in all");
        check(0, 640, "could not decode the photo as a JPEG: ");
        check(427, 0, "could not decode the photo as a JPEG: ");
    }

    /// The photograph of the launch with other dimensions in its frame header (ITU-T T.81, B.2.2).
    fn claiming(height: u16, width: u16) -> Vec<u8> {
        let mut jpeg = LAUNCH.jpeg.to_vec();
        let frame = [0xff, 0xc0, 0x00, 0x11, 0x08, 0x01, 0xab, 0x02, 0x80];
        let at = jpeg.windows(frame.len()).position(|window| window == frame);
        let dimensions = at.expect("it is a baseline JPEG of 427 lines of 640") + 5;
        jpeg[dimensions..dimensions + 2].copy_from_slice(&height.to_be_bytes());
        jpeg[dimensions + 2..dimensions + 4].copy_from_slice(&width.to_be_bytes());
        jpeg
    }
}
