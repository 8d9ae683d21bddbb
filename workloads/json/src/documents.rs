//! The documents, inside the program.

use kelvin_workload::WorkloadError;

const DOCUMENTS: [(&str, &[u8]); 3] = [
    ("lambda", include_bytes!("../cases/lambda.json")),
    ("s3", include_bytes!("../cases/s3.json")),
    ("sts", include_bytes!("../cases/sts.json")),
];

/// The document of this name; the error lists the names that there are.
pub(crate) fn find(name: &str) -> Result<&'static [u8], WorkloadError> {
    let found = DOCUMENTS.into_iter().find(|&(known, _)| known == name);
    found.map(|(_, document)| document).ok_or_else(|| {
        let known = DOCUMENTS.map(|(name, _)| name).join(", ");
        WorkloadError::invalid_event(format!(
            "there is no document \"{name}\"; the documents are {known}"
        ))
    })
}
