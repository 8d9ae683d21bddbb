//! The Runtime API: what a function's process uses to take events and give answers.
//!
//! "Using the Lambda runtime API for custom runtimes" (AWS Lambda developer guide), and for what the page leaves open the
//! behaviour of AWS's own aws-lambda-runtime-interface-emulator: its states, error types and messages.
//!
//! [`server`] speaks HTTP and takes times; [`state`] decides, and knows neither.

mod reply;
mod server;
mod state;

pub(crate) use reply::{NextEvent, Reply};
pub(crate) use server::serve;
pub(crate) use state::{Answer, Outcome, PendingReply, RuntimeApi};

use bytes::Bytes;
use tokio::sync::oneshot;

/// One request of the function's process, complete.
#[derive(Debug)]
pub(crate) struct ApiCall {
    pub route: Route,
    /// When the request's head was read, on the monotonic clock.
    pub begun_at: u64,
    /// When its body was read.
    pub ended_at: u64,
    pub body: Body,
    /// `Lambda-Runtime-Function-Error-Type`.
    pub error_type: Option<String>,
    /// `Lambda-Runtime-Function-Response-Mode`.
    pub response_mode: Option<String>,
    pub reply: oneshot::Sender<Reply>,
}

/// Which endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Next,
    Response(String),
    Error(String),
    InitError,
}

/// A request's body.
#[derive(Debug)]
pub(crate) enum Body {
    Whole(Bytes),
    /// More than [`kelvin_lambda::MAX_RESPONSE_BYTES`].
    TooLarge,
    /// The connection ended before the body did.
    Truncated,
}
