//! Requests that AWS refuses for lack of concurrency: HTTP 429, `TooManyRequestsException`.

use serde::{Deserialize, Serialize};

use crate::FunctionError;

/// Why a request was throttled, by the names of the field `Reason` (botocore's service model of Lambda).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ThrottleReason {
    /// The account's concurrency is used up.
    ConcurrentInvocationLimitExceeded,
    /// The function's reserved concurrency is used up.
    ReservedFunctionConcurrentInvocationLimitExceeded,
    /// The function grew by more environments than its scaling rate allows. Which reason AWS gives then is not documented;
    /// this one names the rate.
    FunctionInvocationRateLimitExceeded,
}

impl ThrottleReason {
    /// AWS's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            ThrottleReason::ConcurrentInvocationLimitExceeded => {
                "ConcurrentInvocationLimitExceeded"
            }
            ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded => {
                "ReservedFunctionConcurrentInvocationLimitExceeded"
            }
            ThrottleReason::FunctionInvocationRateLimitExceeded => {
                "FunctionInvocationRateLimitExceeded"
            }
        }
    }

    /// The body of the answer, as recorded from AWS.
    pub fn to_payload(self) -> Vec<u8> {
        let reason = self.as_str();
        format!(r#"{{"Reason":"{reason}","Type":"User","message":"Rate Exceeded."}}"#).into_bytes()
    }

    /// For the record: the reason is the message.
    pub fn to_error(self) -> FunctionError {
        FunctionError {
            error_type: "TooManyRequestsException".to_owned(),
            message: format!("Rate Exceeded. Reason: {}", self.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_that_which_aws_sends() {
        let reason = ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded;
        assert_eq!(
            String::from_utf8(reason.to_payload()).unwrap(),
            r#"{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}"#
        );
    }
}
