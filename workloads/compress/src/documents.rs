//! The documents, inside the program.

use kelvin_workload::WorkloadError;

/// A text that can be compressed.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) name: &'static str,
    pub(crate) text: &'static [u8],
    /// What `sha256sum` prints of the text.
    checksum: &'static str,
}

impl Document {
    /// SHA-256 of the text in lower-case hexadecimal.
    pub(crate) fn sha256(&self) -> &'static str {
        self.checksum.split(' ').next().unwrap_or_default()
    }
}

pub(crate) const BOOTSTRAP_CSS: Document = Document {
    name: "bootstrap-css",
    text: include_bytes!("../cases/bootstrap.css"),
    checksum: include_str!("../cases/bootstrap.css.sha256"),
};

pub(crate) const MOBY_DICK: Document = Document {
    name: "moby-dick",
    text: include_bytes!("../cases/moby-dick.txt"),
    checksum: include_str!("../cases/moby-dick.txt.sha256"),
};

pub(crate) const SERMON: Document = Document {
    name: "sermon",
    text: include_bytes!("../cases/sermon.txt"),
    checksum: include_str!("../cases/sermon.txt.sha256"),
};

/// The document of this name; the error lists the names that there are.
pub(crate) fn find(name: &str) -> Result<&'static Document, WorkloadError> {
    const DOCUMENTS: [&Document; 3] = [&BOOTSTRAP_CSS, &MOBY_DICK, &SERMON];
    DOCUMENTS.into_iter().find(|document| document.name == name).ok_or_else(|| {
        let known = DOCUMENTS.map(|document| document.name).join(", ");
        WorkloadError::invalid_event(format!(
            "there is no document \"{name}\"; the documents are {known}"
        ))
    })
}
