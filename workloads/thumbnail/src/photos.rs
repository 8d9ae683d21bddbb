//! The photographs, inside the program, and what is known of their thumbnails.

use kelvin_workload::WorkloadError;

/// A photograph, and what another tool made of it.
#[derive(Debug)]
pub(crate) struct Photo {
    pub(crate) name: &'static str,
    pub(crate) jpeg: &'static [u8],
    /// Scaled down by the other tool: a portable pixmap (PPM), without loss.
    pub(crate) reference: &'static [u8],
    /// What the other tool's own JPEG of that is like: JSON.
    pub(crate) answer: &'static str,
}

macro_rules! photo {
    ($name:literal) => {
        Photo {
            name: $name,
            jpeg: include_bytes!(concat!("../cases/", $name, ".jpg")),
            reference: include_bytes!(concat!("../cases/", $name, ".reference.ppm")),
            answer: include_str!(concat!("../cases/", $name, ".answer.json")),
        }
    };
}

pub(crate) const BOATS: Photo = photo!("boats");
pub(crate) const LAUNCH: Photo = photo!("launch");
pub(crate) const RETINA: Photo = photo!("retina");

/// The photograph of this name; the error lists the names that there are.
pub(crate) fn find(name: &str) -> Result<&'static Photo, WorkloadError> {
    const PHOTOS: [&Photo; 3] = [&BOATS, &LAUNCH, &RETINA];
    PHOTOS.into_iter().find(|photo| photo.name == name).ok_or_else(|| {
        let known = PHOTOS.map(|photo| photo.name).join(", ");
        WorkloadError::invalid_event(format!(
            "there is no photo \"{name}\"; the photos are {known}"
        ))
    })
}
