//! What can go wrong before a service answers its first request, and while its state is prepared.

use std::io;
use std::path::PathBuf;

use crate::ServiceKind;

/// A text or value that describes no service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Not one of the services.
    #[error("unknown service \"{name}\"; known: s3, dynamodb, http")]
    UnknownKind {
        /// As it was written.
        name: String,
    },
    /// Not a latency.
    #[error(
        "latency \"{text}\": {problem}; write a duration like \"4ms\", \"p50=4ms p99=20ms\" or \"same-zone\""
    )]
    Latency {
        /// As it was written.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A profile that the service does not have.
    #[error(
        "latency \"same-zone\": no figures are published for {kind}; write \"p50=4ms p99=20ms\""
    )]
    NoProfile {
        /// Of the service.
        kind: ServiceKind,
    },
    /// Not shares of requests.
    #[error(
        "errors \"{text}\": {problem}; write a share like 0.01 or \"1%\", or \"error=1% throttle=2% reset=1% refuse=1%\""
    )]
    Errors {
        /// As it was written.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Not the key of a table.
    #[error(
        "key \"{text}\" of a table: write a name, or a name and its type like \"id:N\"; types are S, N and B"
    )]
    Key {
        /// As it was written.
        text: String,
    },
    /// Nothing to keep in a folder.
    #[error("the service http keeps nothing, so it has no folder")]
    Folder,
}

/// A service could not be started, or its state not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// It cannot be as it was described.
    #[error("failed to configure the service {kind}")]
    Spec {
        /// Of the service.
        kind: ServiceKind,
        /// Why.
        #[source]
        source: SpecError,
    },
    /// The system did not give what a service needs: a port, a thread, a timer.
    #[error("failed to start the service {kind}")]
    Start {
        /// Of the service.
        kind: ServiceKind,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The folder of its state cannot be used.
    #[error("failed to keep the state of the service {kind} in {}", path.display())]
    Folder {
        /// Of the service.
        kind: ServiceKind,
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another service than the one that was asked has such things.
    #[error("the service {kind} has no {what}")]
    HasNo {
        /// Of the service that was asked.
        kind: ServiceKind,
        /// What it does not have.
        what: &'static str,
    },
    /// The service itself refused what was to be prepared.
    #[error("failed to {action}: {message}")]
    Refused {
        /// What was asked for.
        action: String,
        /// The service's answer.
        message: String,
    },
}
