//! Errors as texts, where no error can go.

use std::error::Error;

/// The message and its cause, if there is one.
pub fn with_cause(error: &dyn Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}
