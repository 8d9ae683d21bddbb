//! Facts about a bootstrap's file.

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::ArtifactError;

/// What identifies a binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BinaryFacts {
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

impl BinaryFacts {
    /// Reads the file whole, which also brings it into the page cache.
    pub fn of(path: &Path) -> Result<BinaryFacts, ArtifactError> {
        let read = fs::read(path);
        let content =
            read.map_err(|source| ArtifactError::Read { path: path.to_owned(), source })?;
        let digest = Sha256::digest(&content);
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(BinaryFacts { bytes: content.len() as u64, sha256 })
    }
}
