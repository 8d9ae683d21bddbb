//! Scaling down, with the Lanczos filter (three lobes).

use std::error::Error;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use kelvin_workload::WorkloadError;

use crate::Picture;

/// The picture in the same proportions with no side longer than `longest_side`, or as it is if none is.
pub(crate) fn to_fit(picture: Picture, longest_side: u32) -> Result<Picture, WorkloadError> {
    let (width, height) = fitting(picture.width, picture.height, longest_side);
    if (width, height) == (picture.width, picture.height) {
        return Ok(picture);
    }
    let failed = |error| WorkloadError::work_failed("could not scale the photo", error);
    let rgb = lanczos(&picture, width, height).map_err(failed)?;
    Ok(Picture { width, height, rgb })
}

/// Width and height that fit; no side vanishes.
fn fitting(width: u32, height: u32, longest_side: u32) -> (u32, u32) {
    let longer = width.max(height);
    if longer <= longest_side {
        return (width, height);
    }
    // Dimensions of a JPEG have 16 bits, so nothing overflows.
    let scaled = |side: u32| ((side * longest_side + longer / 2) / longer).max(1);
    (scaled(width), scaled(height))
}

fn lanczos(
    picture: &Picture,
    width: u32,
    height: u32,
) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
    let from = TypedImageRef::<U8x3>::from_buffer(picture.width, picture.height, &picture.rgb)?;
    let mut to = TypedImage::<U8x3>::new(width, height);
    let lanczos = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    Resizer::new().resize_typed(&from, &mut to, &lanczos)?;
    Ok(to.pixels().iter().flat_map(|pixel| pixel.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proportions_are_kept_and_nothing_is_enlarged() {
        let check = |size: (u32, u32), longest_side, expected: (u32, u32)| {
            assert_eq!(fitting(size.0, size.1, longest_side), expected);
        };
        check((1024, 819), 256, (256, 205));
        check((819, 1024), 256, (205, 256));
        check((256, 205), 256, (256, 205));
        check((100, 50), 256, (100, 50));
        check((300, 200), 1, (1, 1));
        check((65_535, 1), 1024, (1024, 1));
        check((1, 65_535), 1024, (1, 1024));
        check((65_535, 65_535), 1024, (1024, 1024));
    }

    #[test]
    fn one_colour_stays_that_colour() {
        let plain = |width, height| {
            let pixels = usize::try_from(width * height).expect("a few hundred");
            Picture { width, height, rgb: [10, 128, 250].repeat(pixels) }
        };
        assert_eq!(to_fit(plain(40, 20), 10).unwrap(), plain(10, 5));
        assert_eq!(to_fit(plain(40, 20), 40).unwrap(), plain(40, 20));
        assert_eq!(to_fit(plain(40, 1), 10).unwrap(), plain(10, 1));
    }
}
