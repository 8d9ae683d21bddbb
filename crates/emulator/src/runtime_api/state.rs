//! The states of a runtime, and what each request means in each of them.
//!
//! ```text
//! Started ──/next──▶ Ready ──event──▶ Running ──/response or /error──▶ ResponseSent ──/next──▶ Ready
//!    └──/init/error──▶ InitError
//! ```

use bytes::Bytes;
use kelvin_lambda::FunctionError;
use tokio::sync::oneshot;

use super::{ApiCall, Body, NextEvent, Reply, Route};

/// The runtime of one process, seen from the Runtime API.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    state: State,
    /// The invocation in flight, or the last one.
    request_id: Option<String>,
    /// Requests to `/next` that wait for an event.
    waiting: Vec<oneshot::Sender<Reply>>,
    /// The event that was handed over: a `/next` before the answer gets it again.
    event: Option<NextEvent>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Started,
    InitError,
    Ready,
    Running,
    ResponseSent,
}

/// What a request means for the invocation in flight.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The runtime asked for an event, at this time: INIT is complete, or the invocation is.
    Ready { at: u64 },
    /// The runtime answered the invocation. The function still waits for the reply to its request.
    Answered { begun_at: u64, ended_at: u64, answer: Answer },
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

impl State {
    /// The names in error messages, those of AWS's runtime interface emulator.
    fn name(self) -> &'static str {
        match self {
            State::Started => "Started",
            State::InitError => "InitError",
            State::Ready => "Ready",
            State::Running => "Running",
            State::ResponseSent => "RuntimeResponseSentState",
        }
    }
}

impl RuntimeApi {
    pub(crate) fn new() -> RuntimeApi {
        RuntimeApi { state: State::Started, request_id: None, waiting: Vec::new(), event: None }
    }

    /// Hands an event to the runtime, which must be ready.
    pub(crate) fn hand_over(&mut self, event: NextEvent) {
        debug_assert_eq!(self.state, State::Ready);
        self.state = State::Running;
        self.request_id = Some(event.request_id.clone());
        for waiting in self.waiting.drain(..) {
            // A request whose connection is gone has nobody to answer.
            waiting.send(Reply::Event(event.clone())).ok();
        }
        self.event = Some(event);
    }

    /// Takes one request. Replies at once, except to a `/next` that has to wait.
    ///
    /// The reply to an answer is returned beside the outcome, so that the caller can pass the answer on first.
    pub(crate) fn take(&mut self, call: ApiCall) -> Option<(Outcome, Option<PendingReply>)> {
        match &call.route {
            Route::Next => self.next(call).map(|outcome| (outcome, None)),
            Route::InitError => self.init_error(call),
            Route::Response(id) | Route::Error(id) => {
                if self.request_id.as_ref() != Some(id) {
                    refuse(call, Reply::InvalidRequestId);
                    return None;
                }
                let to = match call.route {
                    Route::Response(_) => "InvocationResponse",
                    _ => "InvocationErrorResponse",
                };
                if self.state != State::Running {
                    let from = self.state.name();
                    refuse(call, Reply::InvalidTransition { from, to });
                    return None;
                }
                self.state = State::ResponseSent;
                self.event = None;
                Some(answered(call))
            }
        }
    }

    fn next(&mut self, call: ApiCall) -> Option<Outcome> {
        match self.state {
            State::InitError => {
                refuse(call, Reply::InvalidTransition { from: "InitError", to: "Ready" });
                None
            }
            State::Running => {
                let event = self.event.clone().expect("an event is kept while it is in flight");
                refuse(call, Reply::Event(event));
                None
            }
            State::Ready => {
                self.waiting.push(call.reply);
                None
            }
            State::Started | State::ResponseSent => {
                self.state = State::Ready;
                self.waiting.push(call.reply);
                Some(Outcome::Ready { at: call.begun_at })
            }
        }
    }

    fn init_error(&mut self, call: ApiCall) -> Option<(Outcome, Option<PendingReply>)> {
        if self.state != State::Started {
            let from = self.state.name();
            refuse(call, Reply::InvalidTransition { from, to: "InitError" });
            return None;
        }
        self.state = State::InitError;
        let body = match call.body {
            Body::Whole(body) => body,
            Body::TooLarge | Body::Truncated => Bytes::new(),
        };
        let error = FunctionError::reported(&body, call.error_type.as_deref());
        let reply = PendingReply { to: call.reply, reply: Reply::Accepted };
        Some((Outcome::InitFailed { body, error }, Some(reply)))
    }
}

/// A reply that is sent when the caller has its answer.
#[derive(Debug)]
pub(crate) struct PendingReply {
    to: oneshot::Sender<Reply>,
    reply: Reply,
}

impl PendingReply {
    pub(crate) fn send(self) {
        self.to.send(self.reply).ok();
    }
}

/// Answers a request that changes nothing.
fn refuse(call: ApiCall, reply: Reply) {
    call.reply.send(reply).ok();
}

fn answered(call: ApiCall) -> (Outcome, Option<PendingReply>) {
    let ApiCall { route, begun_at, ended_at, body, error_type, response_mode, reply } = call;
    let fault = |error_type: &str, message: &str| {
        let error =
            FunctionError { error_type: error_type.to_owned(), message: message.to_owned() };
        Answer::Error { body: error.to_payload().into(), error }
    };
    let mode_known =
        response_mode.as_deref().is_none_or(|mode| mode.eq_ignore_ascii_case("streaming"));
    let (answer, reply_with) = match (route, body) {
        (_, Body::TooLarge) => (Answer::TooLarge, Reply::TooLarge),
        (_, Body::Truncated) => {
            let answer = fault("Runtime.TruncatedResponse", "Response was truncated");
            (answer, Reply::Truncated)
        }
        (Route::Error(_), Body::Whole(body)) => {
            let error = FunctionError::reported(&body, error_type.as_deref());
            (Answer::Error { body, error }, Reply::Accepted)
        }
        (_, Body::Whole(_)) if !mode_known => {
            let answer =
                fault("Runtime.InvalidResponseModeHeader", "Invalid function response mode");
            (answer, Reply::InvalidResponseMode)
        }
        (_, Body::Whole(body)) => (Answer::Response(body), Reply::Accepted),
    };
    let outcome = Outcome::Answered { begun_at, ended_at, answer };
    (outcome, Some(PendingReply { to: reply, reply: reply_with }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(route: Route) -> (ApiCall, oneshot::Receiver<Reply>) {
        let (reply, replied) = oneshot::channel();
        let body = Body::Whole(Bytes::from_static(b"{}"));
        let call = ApiCall {
            route,
            begun_at: 1,
            ended_at: 2,
            body,
            error_type: None,
            response_mode: None,
            reply,
        };
        (call, replied)
    }

    fn event(id: &str) -> NextEvent {
        NextEvent {
            request_id: id.to_owned(),
            deadline_ms: 0,
            function_arn: String::new(),
            trace_id: String::new(),
            payload: Bytes::new(),
        }
    }

    /// Plays requests; `next`, `hand:ID`, `response:ID`, `error:ID`, `init-error` and what the runtime is told.
    fn check(steps: &[(&str, &str)]) {
        let mut api = RuntimeApi::new();
        for (at, (step, expected)) in steps.iter().enumerate() {
            let (verb, id) = step.split_once(':').unwrap_or((step, ""));
            let route = match verb {
                "next" => Route::Next,
                "response" => Route::Response(id.to_owned()),
                "error" => Route::Error(id.to_owned()),
                "init-error" => Route::InitError,
                _ => {
                    api.hand_over(event(id));
                    continue;
                }
            };
            let (call, mut replied) = call(route);
            if let Some((_, Some(reply))) = api.take(call) {
                reply.send();
            }
            let told = match replied.try_recv() {
                Err(_) => "waits".to_owned(),
                Ok(Reply::Event(event)) => format!("event {}", event.request_id),
                Ok(Reply::InvalidTransition { from, to }) => format!("403 {from} to {to}"),
                Ok(Reply::InvalidRequestId) => "400".to_owned(),
                Ok(Reply::Accepted) => "202".to_owned(),
                Ok(other) => format!("{other:?}"),
            };
            assert_eq!(told, *expected, "step {at}: {step}");
        }
    }

    #[test]
    fn follows_aws_states() {
        check(&[
            ("next", "waits"),
            ("hand:a", ""),
            ("next", "event a"),
            ("response:b", "400"),
            ("response:a", "202"),
            ("response:a", "403 RuntimeResponseSentState to InvocationResponse"),
            ("error:a", "403 RuntimeResponseSentState to InvocationErrorResponse"),
            ("next", "waits"),
            ("response:a", "403 Ready to InvocationResponse"),
            ("next", "waits"),
            ("hand:b", ""),
            ("response:a", "400"),
            ("error:b", "202"),
            ("init-error", "403 RuntimeResponseSentState to InitError"),
        ]);
        check(&[
            ("response:a", "400"),
            ("init-error", "202"),
            ("next", "403 InitError to Ready"),
            ("init-error", "403 InitError to InitError"),
        ]);
    }
}
