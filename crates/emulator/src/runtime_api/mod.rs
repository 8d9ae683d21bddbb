//! The Runtime API: what a function's process uses to take events and give answers; and the Extensions API, as far as
//! internal extensions use it.
//!
//! "Using the Lambda runtime API for custom runtimes" (AWS Lambda developer guide), and for what the page leaves open the
//! behaviour of AWS's own aws-lambda-runtime-interface-emulator: its states, error types and messages.
//!
//! [`server`] speaks HTTP and takes times, on [`stream`]s; [`route`] knows the endpoints; [`state`] and [`extensions`]
//! decide, and know neither; [`service`] keeps who waits for an answer.

mod extension_request;
mod extensions;
mod reply;
mod route;
mod server;
mod service;
mod state;
mod stream;
mod streamed_error;

pub(crate) use extension_request::{ExtensionRequest, ExtensionRoute};
pub(crate) use reply::{NextEvent, Reply};
pub(crate) use server::serve;
pub(crate) use service::{PendingReply, Service};
pub(crate) use state::{Answer, Outcome};
pub(crate) use streamed_error::StreamedError;

use bytes::Bytes;
use tokio::sync::oneshot;

/// One request of the function's process, complete, and who waits for its answer.
#[derive(Debug)]
pub(crate) struct ApiCall {
    pub request: Request,
    /// When its body was read, on the monotonic clock.
    pub ended_at: u64,
    pub reply: oneshot::Sender<Reply>,
}

/// What a request says.
#[derive(Debug)]
pub(crate) struct Request {
    pub route: Route,
    /// When its head was read.
    pub begun_at: u64,
    pub body: Body,
    /// `Lambda-Runtime-Function-Error-Type`.
    pub error_type: Option<String>,
    /// `Lambda-Runtime-Function-Response-Mode`.
    pub response_mode: Option<String>,
    /// What its trailers say, if they tell of an error.
    pub streamed_error: Option<Box<StreamedError>>,
}

/// Which endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Next,
    Response(String),
    Error(String),
    InitError,
    Extension(ExtensionRequest),
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
