//! How a workload fails, in words that the caller of the function sees.

use std::error::Error;

/// Why a workload could not answer.
///
/// The name of the variant is the `errorType` that the caller of the function gets.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// The event is not one that this workload can work on; another event would have succeeded.
    #[error("{message}")]
    InvalidEvent {
        /// What is wrong with which field, and what would be right.
        message: String,
    },
    /// The init phase cannot be completed.
    #[error("{message}")]
    InitFailed {
        /// What could not be prepared.
        message: String,
        /// Why.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// A value that is made once per execution environment could not be made, whenever that was tried.
    #[error("{message}")]
    PreparationFailed {
        /// Which value.
        message: String,
        /// Why.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// A service that the workload calls did not answer, or answered with an error.
    #[error("{message}")]
    ServiceFailed {
        /// Which service and which call.
        message: String,
        /// Why.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The work itself failed on a valid event.
    #[error("{message}")]
    WorkFailed {
        /// Which step.
        message: String,
        /// Why.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

impl WorkloadError {
    /// The event is wrong.
    pub fn invalid_event(message: impl Into<String>) -> WorkloadError {
        WorkloadError::InvalidEvent { message: message.into() }
    }

    /// The init phase failed because of `source`.
    pub fn init_failed(
        message: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> WorkloadError {
        WorkloadError::InitFailed { message: message.into(), source: Some(source.into()) }
    }

    /// A [`Prepared`](crate::Prepared) value could not be made because of `source`.
    pub fn preparation_failed(
        message: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> WorkloadError {
        WorkloadError::PreparationFailed { message: message.into(), source: Some(source.into()) }
    }

    /// A call of a service failed because of `source`.
    pub fn service_failed(
        message: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> WorkloadError {
        WorkloadError::ServiceFailed { message: message.into(), source: Some(source.into()) }
    }

    /// A step of the work failed because of `source`.
    pub fn work_failed(
        message: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> WorkloadError {
        WorkloadError::WorkFailed { message: message.into(), source: Some(source.into()) }
    }

    /// The `errorType` that the caller of the function gets.
    pub fn error_type(&self) -> &'static str {
        match self {
            WorkloadError::InvalidEvent { .. } => "InvalidEvent",
            WorkloadError::InitFailed { .. } => "InitFailed",
            WorkloadError::PreparationFailed { .. } => "PreparationFailed",
            WorkloadError::ServiceFailed { .. } => "ServiceFailed",
            WorkloadError::WorkFailed { .. } => "WorkFailed",
        }
    }

    /// The `errorMessage` that the caller of the function gets: this error and its causes, one after the other.
    pub fn error_message(&self) -> String {
        let causes = std::iter::successors(self.source(), |&cause| cause.source());
        causes.fold(self.to_string(), |message, cause| format!("{message}: {cause}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_see_the_type_and_all_causes() {
        let check = |error: WorkloadError, error_type: &str, message: &str| {
            assert_eq!((error.error_type(), error.error_message().as_str()), (error_type, message));
        };
        check(WorkloadError::invalid_event("top is 0"), "InvalidEvent", "top is 0");
        let refused = || std::io::Error::other("connection refused");
        check(
            WorkloadError::service_failed("could not get item 7", refused()),
            "ServiceFailed",
            "could not get item 7: connection refused",
        );
        check(
            WorkloadError::init_failed("could not read the key", refused()),
            "InitFailed",
            "could not read the key: connection refused",
        );
        check(
            WorkloadError::preparation_failed("could not build the keys", "no exponent"),
            "PreparationFailed",
            "could not build the keys: no exponent",
        );
        check(
            WorkloadError::work_failed("could not resize", "no pixels"),
            "WorkFailed",
            "could not resize: no pixels",
        );
    }
}
