//! Why a platform could not do what was asked.

use std::path::PathBuf;

use kelvin_lambda::InvalidConfig;

/// The platform could not carry out a call. A failed invocation is not one of these.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is its message")]
pub enum PlatformError {
    #[error("function \"{name}\" cannot be configured like that")]
    InvalidConfig { name: String, source: InvalidConfig },
    #[error("there is a function \"{name}\" already; give this one another name")]
    NameTaken { name: String },
    #[error("there is no function with id {id}; it may have been removed")]
    NoSuchFunction { id: u32 },
    #[error("bootstrap {} of function \"{name}\" cannot be used", path.display())]
    Bootstrap { name: String, path: PathBuf, source: std::io::Error },
    #[error("failed to {action}")]
    Io { action: String, source: std::io::Error },
    #[error(
        "function \"{name}\" cannot reserve a concurrency of {wanted}: at most {left} are left, since 100 of the account's must stay unreserved"
    )]
    ReservedConcurrency { name: String, wanted: u32, left: u32 },
    #[error("a load like that cannot be carried out: {why}")]
    InvalidLoad { why: &'static str },
    #[error("this platform has no {what}")]
    Unsupported { what: &'static str },
    #[error(
        "function \"{name}\" {what}; the script no longer does what is on record, so start anew"
    )]
    NotAsRecorded { name: String, what: String },
    #[error("the platform has stopped")]
    Stopped,
}
