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
pub(crate) use server::{Calls, serve};
pub(crate) use service::{PendingReply, Service};
pub(crate) use state::{Answer, Outcome};
pub(crate) use streamed_error::StreamedError;

use bytes::Bytes;
use tokio::sync::oneshot;

/// A request's number: no two requests of a process have the same.
pub(crate) type CallId = u64;

/// One request of the function's process, or a part of a response that it streams.
#[derive(Debug)]
pub(crate) struct ApiCall {
    pub id: CallId,
    /// When it was read, to its end, on the monotonic clock.
    pub at: u64,
    pub said: Said,
}

/// What comes with a request.
#[derive(Debug)]
pub(crate) enum Said {
    /// All of it, and who waits for its answer.
    Whole(Request, oneshot::Sender<Reply>),
    /// The head of a response that is streamed, before its body.
    Begun(Begun),
    /// The next part of that body.
    Part(Bytes),
}

/// The head of a streamed response.
#[derive(Debug)]
pub(crate) struct Begun {
    /// Of the invocation that is answered.
    pub request_id: String,
    pub content_type: Option<String>,
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
