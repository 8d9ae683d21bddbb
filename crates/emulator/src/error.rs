//! Why an emulator could not be started.

use std::io;

/// The emulator could not be started.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is its message")]
pub enum StartError {
    #[error(transparent)]
    Sandbox(#[from] kelvin_sandbox::StartError),
    #[error("failed to start the serving thread")]
    Thread(#[source] io::Error),
}
