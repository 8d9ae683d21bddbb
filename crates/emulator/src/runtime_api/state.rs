//! The states of a runtime, and what each request means in each of them.
//!
//! ```text
//! Started ──/next──▶ Ready ──event──▶ Running ──/response or /error──▶ ResponseSent ──/next──▶ Ready
//!    └──/init/error──▶ InitError                    └──head──▶ Responding ──end──▶ ResponseSent
//! ```
//!
//! An environment is ready when its runtime is and every extension that takes part has asked for its next event, too.

use std::sync::Arc;

use bytes::Bytes;
use kelvin_lambda::{FunctionConfig, FunctionError};

use super::extensions::{Extensions, Registering};
use super::{Begun, Body, CallId, NextEvent, Reply, Request, Route};

/// The runtime of one process, seen from the Runtime API.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    state: State,
    /// Requests to `/next` that wait for an event.
    waiting: Vec<CallId>,
    /// The event that was handed over last: a `/next` before its answer gets it again.
    event: Option<Arc<NextEvent>>,
    extensions: Extensions,
    /// When the runtime asked for an event, as long as extensions still have to.
    asked_at: Option<u64>,
    /// INIT waits for all extensions, an invocation for those that hear of it.
    is_initialized: bool,
}

/// What happens to a Runtime API.
#[derive(Debug)]
pub(crate) enum Input {
    /// A request is there, with its body.
    Request(CallId, Request),
    /// A response begins that is streamed. Its request comes when its body has ended.
    Begun(CallId, Begun),
    /// More of that body.
    Part(CallId, Bytes),
    /// There is an event for the runtime, which must be ready.
    Event(NextEvent),
}

/// What is to be done about it.
#[derive(Debug)]
pub(crate) struct Effects {
    /// An answer.
    pub reply: Option<(CallId, Reply)>,
    /// Further ones, where several requests waited for the same.
    pub others: Vec<(CallId, Reply)>,
    /// What it means for the invocation in flight.
    pub outcome: Option<Outcome>,
    /// An answer that goes out when the outcome has been passed on.
    pub reply_after: Option<(CallId, Reply)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Started,
    InitError,
    Ready,
    Running,
    /// A response is streamed by this request.
    Responding(CallId),
    ResponseSent,
}

/// What a request means for the invocation in flight.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The runtime asked for an event, and extensions did: INIT is complete, or the invocation is.
    Ready {
        /// When the runtime asked.
        runtime_at: u64,
        /// When the last of all did.
        at: u64,
    },
    /// The runtime answered the invocation. The function still waits for the reply to its request.
    Answered {
        begun_at: u64,
        ended_at: u64,
        answer: Answer,
        /// Whether its parts were told before.
        begun: bool,
    },
    /// The runtime has begun to stream its answer.
    Begun { content_type: Option<String> },
    /// The next part of it.
    Part(Bytes),
    /// The runtime reported that INIT failed.
    InitFailed { body: Bytes, error: FunctionError },
}

/// How the runtime answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Response(Bytes),
    Error { body: Bytes, error: FunctionError },
    TooLarge,
}

impl Answer {
    /// All of a response, unless it is none.
    pub(crate) fn whole(&self) -> Option<Bytes> {
        match self {
            Answer::Response(whole) => Some(whole.clone()),
            Answer::Error { .. } | Answer::TooLarge => None,
        }
    }
}

impl State {
    /// The names in error messages, those of AWS's runtime interface emulator.
    fn name(self) -> &'static str {
        match self {
            State::Started => "Started",
            State::InitError => "InitError",
            State::Ready => "Ready",
            State::Running => "Running",
            State::Responding(_) => "InvocationResponse",
            State::ResponseSent => "RuntimeResponseSentState",
        }
    }
}

impl Effects {
    const NONE: Effects =
        Effects { reply: None, others: Vec::new(), outcome: None, reply_after: None };

    fn reply(call: CallId, reply: Reply) -> Effects {
        Effects { reply: Some((call, reply)), ..Effects::NONE }
    }

    fn outcome(outcome: Outcome) -> Effects {
        Effects { outcome: Some(outcome), ..Effects::NONE }
    }

    /// The outcome first, then the answer.
    fn passed_on(outcome: Outcome, call: CallId, reply: Reply) -> Effects {
        Effects { outcome: Some(outcome), reply_after: Some((call, reply)), ..Effects::NONE }
    }
}

impl RuntimeApi {
    pub(crate) fn new(config: &FunctionConfig) -> RuntimeApi {
        RuntimeApi {
            state: State::Started,
            waiting: Vec::new(),
            event: None,
            extensions: Extensions::of(config),
            asked_at: None,
            is_initialized: false,
        }
    }

    pub(crate) fn has_extensions(&self) -> bool {
        !self.extensions.is_empty()
    }

    /// What an extension has reported before the process ended.
    pub(crate) fn extension_error(&self) -> Option<&'static str> {
        self.extensions.fatal_error()
    }

    /// What follows from `input`, which came at `now`.
    pub(crate) fn on(&mut self, input: Input, now: u64) -> Effects {
        match input {
            Input::Event(event) => self.hand_over(Arc::new(event)),
            Input::Begun(call, begun) => self.begun(call, begun),
            Input::Part(call, data) if self.state == State::Responding(call) => {
                Effects::outcome(Outcome::Part(data))
            }
            // Of an answer to nothing: its end is refused.
            Input::Part(..) => Effects::NONE,
            Input::Request(call, request) => match request.route {
                Route::Next => self.next(call, now),
                Route::InitError => self.init_error(call, request),
                Route::Response(_) | Route::Error(_) => self.answer(call, request, now),
                Route::Extension(asked) => {
                    let registering = match self.state {
                        State::Started => Registering::Open,
                        _ => Registering::Closed,
                    };
                    match self.extensions.on(call, asked, request.body, registering) {
                        Some(reply) => Effects::reply(call, reply),
                        None => self.ready(now),
                    }
                }
            },
        }
    }

    fn hand_over(&mut self, event: Arc<NextEvent>) -> Effects {
        debug_assert_eq!(self.state, State::Ready);
        self.state = State::Running;
        let waiting = self.waiting.drain(..);
        let runtime = waiting.map(|call| (call, Reply::Event(Arc::clone(&event))));
        let mut replies = runtime.chain(self.extensions.invoke(&event));
        let reply = replies.next();
        let effects = Effects { reply, others: replies.collect(), ..Effects::NONE };
        self.event = Some(event);
        effects
    }

    fn next(&mut self, call: CallId, now: u64) -> Effects {
        match self.state {
            State::InitError | State::Responding(_) => {
                let from = self.state.name();
                Effects::reply(call, Reply::InvalidTransition { from, to: "Ready" })
            }
            State::Running => {
                let event = self.event.clone().expect("an event is kept while it is in flight");
                Effects::reply(call, Reply::Event(event))
            }
            State::Ready => {
                self.waiting.push(call);
                Effects::NONE
            }
            State::Started | State::ResponseSent => {
                self.state = State::Ready;
                self.waiting.push(call);
                self.asked_at = Some(now);
                self.ready(now)
            }
        }
    }

    /// Whether nobody else has to ask for an event.
    fn ready(&mut self, now: u64) -> Effects {
        let all = match self.is_initialized {
            true => self.extensions.are_ready(),
            false => self.extensions.are_initialized(),
        };
        match self.asked_at {
            Some(runtime_at) if all => {
                self.asked_at = None;
                self.is_initialized = true;
                Effects::outcome(Outcome::Ready { runtime_at, at: now })
            }
            _ => Effects::NONE,
        }
    }

    /// A response that answers nothing is refused when it has ended.
    fn begun(&mut self, call: CallId, begun: Begun) -> Effects {
        let Begun { request_id, content_type } = begun;
        let is_answer = self.event.as_ref().is_some_and(|event| event.request_id == request_id);
        if self.state != State::Running || !is_answer {
            return Effects::NONE;
        }
        self.state = State::Responding(call);
        Effects::outcome(Outcome::Begun { content_type })
    }

    fn answer(&mut self, call: CallId, request: Request, now: u64) -> Effects {
        let (id, to) = match &request.route {
            Route::Response(id) => (id, "InvocationResponse"),
            Route::Error(id) => (id, "InvocationErrorResponse"),
            _ => return Effects::NONE,
        };
        if self.event.as_ref().is_none_or(|event| event.request_id != *id) {
            return Effects::reply(call, Reply::InvalidRequestId);
        }
        let begun = self.state == State::Responding(call);
        if self.state != State::Running && !begun {
            let from = self.state.name();
            return Effects::reply(call, Reply::InvalidTransition { from, to });
        }
        self.state = State::ResponseSent;
        let begun_at = request.begun_at;
        let (answer, reply) = answered(request);
        let outcome = Outcome::Answered { begun_at, ended_at: now, answer, begun };
        Effects::passed_on(outcome, call, reply)
    }

    fn init_error(&mut self, call: CallId, request: Request) -> Effects {
        if self.state != State::Started {
            let from = self.state.name();
            return Effects::reply(call, Reply::InvalidTransition { from, to: "InitError" });
        }
        self.state = State::InitError;
        let body = match request.body {
            Body::Whole(body) => body,
            Body::TooLarge | Body::Truncated => Bytes::new(),
        };
        let error = FunctionError::reported(&body, request.error_type.as_deref());
        Effects::passed_on(Outcome::InitFailed { body, error }, call, Reply::Accepted)
    }
}

/// What an answer to the invocation in flight says, and what the runtime is told.
fn answered(request: Request) -> (Answer, Reply) {
    let Request { route, body, error_type, response_mode, streamed_error, .. } = request;
    let fault = |error_type: &str, message: &str| {
        let error =
            FunctionError { error_type: error_type.to_owned(), message: message.to_owned() };
        Answer::Error { body: error.to_payload().into(), error }
    };
    let mode_known =
        response_mode.as_deref().is_none_or(|mode| mode.eq_ignore_ascii_case("streaming"));
    // The trailers of a response that is not streamed are nobody's.
    let streamed_error = streamed_error.filter(|_| response_mode.is_some());
    match (route, body) {
        (_, Body::TooLarge) => (Answer::TooLarge, Reply::TooLarge),
        (_, Body::Truncated) => {
            (fault("Runtime.TruncatedResponse", "Response was truncated"), Reply::Truncated)
        }
        (Route::Error(_), Body::Whole(body)) => {
            let error = FunctionError::reported(&body, error_type.as_deref());
            (Answer::Error { body, error }, Reply::Accepted)
        }
        (_, Body::Whole(_)) if !mode_known => {
            let message = "Invalid function response mode";
            (fault("Runtime.InvalidResponseModeHeader", message), Reply::InvalidResponseMode)
        }
        (_, Body::Whole(body)) => {
            let answer = match streamed_error {
                Some(told) => {
                    let (body, error) = told.into_parts();
                    Answer::Error { body, error }
                }
                None => Answer::Response(body),
            };
            (answer, Reply::Accepted)
        }
    }
}

#[cfg(test)]
mod tests;
