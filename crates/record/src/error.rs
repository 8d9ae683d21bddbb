//! Why a run could not be written or read.

use std::io;
use std::path::PathBuf;

/// A run directory could not be written or read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is its message")]
pub enum RecordError {
    #[error("create run directory {}; choose another folder for results", path.display())]
    Create { path: PathBuf, source: io::Error },
    #[error("write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("read run {}: it has no run.json, so it is not a run directory", path.display())]
    NotARun { path: PathBuf },
    #[error("read {} line {line}: the data is damaged", path.display())]
    Damaged { path: PathBuf, line: u64, source: io::Error },
    #[error("read {}: not a document of this schema", path.display())]
    Document { path: PathBuf, source: serde_json::Error },
    #[error("read {} line {line}: not a record of this schema", path.display())]
    Line { path: PathBuf, line: u64, source: serde_json::Error },
    #[error("read {}: its schema is \"{found}\", not \"{expected}\"", path.display())]
    Schema { path: PathBuf, found: String, expected: &'static str },
    #[error(
        "read {}: it has schema version {found}, and this kelvin reads up to {known}; use a newer kelvin",
        path.display()
    )]
    NewerSchema { path: PathBuf, found: u32, known: u32 },
    #[error("read {} line {line}: there is no function {function} in run.json", path.display())]
    UnknownFunction { path: PathBuf, line: u64, function: u32 },
    #[error(
        "go on with function {function}, which is \"{known}\" on record and now \"{name}\", or is configured or built otherwise; start anew"
    )]
    OtherFunction { function: u32, known: String, name: String },
    #[error("read {} line {line}: launch {launch} is there already", path.display())]
    DuplicateLaunch { path: PathBuf, line: u64, launch: u64 },
}

impl RecordError {
    /// Whether it tells of a run that has lost records, or of which records have been changed.
    pub fn is_damage(&self) -> bool {
        match self {
            RecordError::Read { source, .. } => source.kind() == io::ErrorKind::NotFound,
            RecordError::Damaged { .. }
            | RecordError::Document { .. }
            | RecordError::Line { .. }
            | RecordError::UnknownFunction { .. }
            | RecordError::DuplicateLaunch { .. } => true,
            RecordError::Create { .. }
            | RecordError::Write { .. }
            | RecordError::NotARun { .. }
            | RecordError::Schema { .. }
            | RecordError::NewerSchema { .. }
            | RecordError::OtherFunction { .. } => false,
        }
    }
}
