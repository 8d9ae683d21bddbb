//! Why an emulator could not be started.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use kelvin_sandbox::CgroupError;

/// The emulator could not be started.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is its message")]
pub enum StartError {
    #[error("failed to make a temporary folder in {}", folder.display())]
    Folder { folder: PathBuf, source: io::Error },
    #[error("failed to start the guard process {}", program.display())]
    Guard { program: PathBuf, source: io::Error },
    #[error("failed to limit the CPU by a cgroup")]
    Cgroup {
        #[from]
        source: CgroupError,
    },
    #[error("failed to start the serving thread")]
    Thread(#[source] io::Error),
}

impl From<kelvin_sandbox::StartError> for StartError {
    fn from(error: kelvin_sandbox::StartError) -> StartError {
        match error {
            kelvin_sandbox::StartError::Folder { folder, source } => {
                StartError::Folder { folder, source }
            }
            kelvin_sandbox::StartError::Guard { program, source } => {
                StartError::Guard { program, source }
            }
            kelvin_sandbox::StartError::Cgroup { source } => StartError::Cgroup { source },
        }
    }
}

/// The message and its cause, if there is one.
pub(crate) fn with_cause(error: &dyn Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}
