//! The errors that a caller of a function sees, with AWS's own types and messages.
//!
//! AWS answers them with HTTP 200 and the header `X-Amz-Function-Error`; the wording is that of responses recorded from
//! AWS in November 2025.

use serde::{Deserialize, Serialize};

use crate::{MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, Timeout};

/// Type and message of a failed invocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionError {
    /// For instance `Sandbox.Timedout`, or whatever the runtime said.
    #[serde(rename = "errorType", default)]
    pub error_type: String,
    /// For people.
    #[serde(rename = "errorMessage", default)]
    pub message: String,
}

impl FunctionError {
    /// The function's timeout passed.
    pub fn timed_out(request_id: &str, timeout: Timeout) -> FunctionError {
        let seconds = timeout.seconds();
        Self::sandbox(
            "Sandbox.Timedout",
            request_id,
            format_args!("Task timed out after {seconds}.00 seconds"),
        )
    }

    /// The process ended with an exit code; code 0 gives no reason.
    pub fn exited(request_id: &str, code: i32) -> FunctionError {
        if code == 0 {
            let reason = format_args!("Runtime exited without providing a reason");
            return Self::sandbox("Runtime.ExitError", request_id, reason);
        }
        let reason = format_args!("Runtime exited with error: exit status {code}");
        Self::sandbox("Runtime.ExitError", request_id, reason)
    }

    /// The process was ended by a signal.
    pub fn killed(request_id: &str, signal: i32) -> FunctionError {
        let name = signal_name(signal);
        let reason = format_args!("Runtime exited with error: signal: {name}");
        Self::sandbox("Runtime.ExitError", request_id, reason)
    }

    /// The memory limit was reached; AWS's REPORT has this type, with the message of a killed process.
    pub fn out_of_memory(request_id: &str) -> FunctionError {
        let killed = Self::killed(request_id, 9);
        FunctionError { error_type: "Runtime.OutOfMemory".to_owned(), ..killed }
    }

    /// The bootstrap is missing or cannot be executed.
    pub fn invalid_entrypoint(request_id: &str) -> FunctionError {
        let reason =
            format_args!("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]");
        Self::sandbox("Runtime.InvalidEntrypoint", request_id, reason)
    }

    /// The response is over [`MAX_RESPONSE_BYTES`].
    pub fn response_too_large() -> FunctionError {
        FunctionError {
            error_type: "Function.ResponseSizeTooLarge".to_owned(),
            message: format!(
                "Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
            ),
        }
    }

    /// The request is over [`MAX_REQUEST_BYTES`]. AWS refuses it with HTTP 413 before any function runs.
    pub fn request_too_large() -> FunctionError {
        FunctionError {
            error_type: "RequestTooLargeException".to_owned(),
            message: format!(
                "Request must be smaller than {MAX_REQUEST_BYTES} bytes for the InvokeFunction operation"
            ),
        }
    }

    /// What a runtime posted to `/error` or `/init/error`, read as leniently as AWS reads it.
    ///
    /// The caller gets `body` verbatim; this is for the record. `header` is `Lambda-Runtime-Function-Error-Type`.
    pub fn reported(body: &[u8], header: Option<&str>) -> FunctionError {
        let unknown = FunctionError { error_type: String::new(), message: String::new() };
        let mut error: FunctionError = serde_json::from_slice(body).unwrap_or(unknown);
        if error.error_type.is_empty() {
            header.unwrap_or("Runtime.Unknown").clone_into(&mut error.error_type);
        }
        error
    }

    /// The payload that the caller gets.
    pub fn to_payload(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("two strings can always be written as JSON")
    }

    fn sandbox(
        error_type: &str,
        request_id: &str,
        reason: std::fmt::Arguments<'_>,
    ) -> FunctionError {
        FunctionError {
            error_type: error_type.to_owned(),
            message: format!("RequestId: {request_id} Error: {reason}"),
        }
    }
}

/// The names that AWS prints, which are those of Go's `syscall.Signal` on Linux.
fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        10 => "user defined signal 1",
        11 => "segmentation fault",
        12 => "user defined signal 2",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_those_that_aws_sends() {
        let check = |error: FunctionError, expected: &str| {
            assert_eq!(String::from_utf8(error.to_payload()).unwrap(), expected);
        };
        check(
            FunctionError::timed_out("id", Timeout::new(3).unwrap()),
            r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: id Error: Task timed out after 3.00 seconds"}"#,
        );
        check(
            FunctionError::exited("id", 0),
            r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: id Error: Runtime exited without providing a reason"}"#,
        );
        check(
            FunctionError::exited("id", 127),
            r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: id Error: Runtime exited with error: exit status 127"}"#,
        );
        check(
            FunctionError::killed("id", 9),
            r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: id Error: Runtime exited with error: signal: killed"}"#,
        );
        check(
            FunctionError::response_too_large(),
            r#"{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."}"#,
        );
    }

    #[test]
    fn a_runtimes_own_error_is_read_leniently() {
        let check = |body: &str, header, error_type: &str, message: &str| {
            let error = FunctionError::reported(body.as_bytes(), header);
            assert_eq!((error.error_type.as_str(), error.message.as_str()), (error_type, message));
        };
        check(r#"{"errorType":"T","errorMessage":"m","stackTrace":[]}"#, Some("H"), "T", "m");
        check(r#"{"errorMessage":"m"}"#, Some("Runtime.H"), "Runtime.H", "m");
        check("not json", None, "Runtime.Unknown", "");
    }
}
