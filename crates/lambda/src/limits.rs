//! Limits that every function has, from the page "Lambda quotas" of the AWS Lambda developer guide.

use std::time::Duration;

/// Largest payload of a synchronous request, in bytes.
pub const MAX_REQUEST_BYTES: usize = 6_291_456;

/// Largest payload of a synchronous response, in bytes: 6 MiB and 100 bytes, as the Runtime API's own message says.
pub const MAX_RESPONSE_BYTES: usize = 6_291_556;

/// Largest client context of a request, in bytes of base64 ("Invoke", Lambda API reference).
pub const MAX_CLIENT_CONTEXT_BYTES: usize = 3_583;

/// How much of an invocation's log the caller gets with `LogType=Tail`, in bytes.
pub const LOG_TAIL_BYTES: usize = 4096;

/// The last [`LOG_TAIL_BYTES`] of a log, in whole characters.
pub fn log_tail(log: &str) -> &str {
    let from = log.len().saturating_sub(LOG_TAIL_BYTES);
    let from = (from..=log.len()).find(|&at| log.is_char_boundary(at)).unwrap_or(0);
    &log[from..]
}

/// Total size of a function's environment variables, names and values, in bytes.
pub const MAX_ENV_BYTES: usize = 4096;

/// How long the init phase of an on-demand function may take before it is tried again inside the invoke phase
/// ("Understanding the Lambda execution environment lifecycle").
pub const INIT_TIMEOUT: Duration = Duration::from_secs(10);
