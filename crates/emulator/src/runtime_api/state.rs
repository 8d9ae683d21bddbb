//! The states of a runtime, and what each request means in each of them.
//!
//! ```text
//! Started ──/next──▶ Ready ──event──▶ Running ──/response or /error──▶ ResponseSent ──/next──▶ Ready
//!    └──/init/error──▶ InitError
//! ```

use std::sync::Arc;

use bytes::Bytes;
use kelvin_lambda::FunctionError;

use super::{Body, NextEvent, Reply, Request, Route};

/// The runtime of one process, seen from the Runtime API.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    state: State,
    /// Requests to `/next` that wait for an event.
    waiting: Vec<CallId>,
    /// The event that was handed over last: a `/next` before its answer gets it again.
    event: Option<Arc<NextEvent>>,
}

/// A request's number: no two requests of a process have the same.
pub(crate) type CallId = u64;

/// What happens to a Runtime API.
#[derive(Debug)]
pub(crate) enum Input {
    /// A request is there, with its body.
    Request(CallId, Request),
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
    pub(crate) fn new() -> RuntimeApi {
        RuntimeApi { state: State::Started, waiting: Vec::new(), event: None }
    }

    /// What follows from `input`, which came at `now`.
    pub(crate) fn on(&mut self, input: Input, now: u64) -> Effects {
        match input {
            Input::Event(event) => self.hand_over(Arc::new(event)),
            Input::Request(call, request) => match request.route {
                Route::Next => self.next(call, now),
                Route::InitError => self.init_error(call, request),
                Route::Response(_) | Route::Error(_) => self.answer(call, request, now),
            },
        }
    }

    fn hand_over(&mut self, event: Arc<NextEvent>) -> Effects {
        debug_assert_eq!(self.state, State::Ready);
        self.state = State::Running;
        let mut waiting = self.waiting.drain(..);
        let told = |call| (call, Reply::Event(Arc::clone(&event)));
        let effects = Effects {
            reply: waiting.next().map(told),
            others: waiting.map(told).collect(),
            ..Effects::NONE
        };
        self.event = Some(event);
        effects
    }

    fn next(&mut self, call: CallId, now: u64) -> Effects {
        match self.state {
            State::InitError => {
                Effects::reply(call, Reply::InvalidTransition { from: "InitError", to: "Ready" })
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
                Effects::outcome(Outcome::Ready { at: now })
            }
        }
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
        if self.state != State::Running {
            let from = self.state.name();
            return Effects::reply(call, Reply::InvalidTransition { from, to });
        }
        self.state = State::ResponseSent;
        let begun_at = request.begun_at;
        let (answer, reply) = answered(request);
        Effects::passed_on(Outcome::Answered { begun_at, ended_at: now, answer }, call, reply)
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
mod tests {
    use super::super::StreamedError;
    use super::*;

    fn request(route: Route) -> Request {
        let body = Body::Whole(Bytes::from_static(b"{}"));
        Request {
            route,
            begun_at: 1,
            body,
            error_type: None,
            response_mode: None,
            streamed_error: None,
        }
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

    fn told(reply: &Reply) -> String {
        match reply {
            Reply::Event(event) => format!("event {}", event.request_id),
            Reply::InvalidTransition { from, to } => format!("403 {from} to {to}"),
            Reply::InvalidRequestId => "400".to_owned(),
            Reply::Accepted => "202".to_owned(),
            other => format!("{other:?}"),
        }
    }

    fn outcome(outcome: &Outcome) -> &'static str {
        match outcome {
            Outcome::Ready { .. } => "ready",
            Outcome::Answered { .. } => "answered",
            Outcome::InitFailed { .. } => "init failed",
        }
    }

    /// Plays requests, numbered from 0: `next`, `hand:ID`, `response:ID`, `error:ID`, `init-error`, and what follows: replies
    /// and the outcome, with what comes after it.
    fn check(steps: &[(&str, &str)]) {
        let mut api = RuntimeApi::new();
        for (at, (step, expected)) in steps.iter().enumerate() {
            let (verb, id) = step.split_once(':').unwrap_or((step, ""));
            let route = match verb {
                "next" => Some(Route::Next),
                "response" => Some(Route::Response(id.to_owned())),
                "error" => Some(Route::Error(id.to_owned())),
                "init-error" => Some(Route::InitError),
                _ => None,
            };
            let input = match route {
                Some(route) => Input::Request(at as CallId, request(route)),
                None => Input::Event(event(id)),
            };
            let effects = api.on(input, at as u64);
            let replies = effects.reply.iter().chain(&effects.others).chain(&effects.reply_after);
            let replies = replies.map(|(call, reply)| format!("{call}: {}", told(reply)));
            let outcome = effects.outcome.iter().map(|found| outcome(found).to_owned());
            let all: Vec<String> = outcome.chain(replies).collect();
            assert_eq!(all.join(", "), *expected, "step {at}: {step}");
        }
    }

    #[test]
    fn an_error_after_a_part_of_a_streamed_response_is_the_answer() {
        let check = |mode: Option<&str>, expected: Answer| {
            let told = StreamedError {
                error_type: "Stream.Broke".to_owned(),
                body: Bytes::from_static(b"{\"errorMessage\":\"half way\"}"),
            };
            let request = Request {
                response_mode: mode.map(str::to_owned),
                streamed_error: Some(Box::new(told)),
                ..request(Route::Response("a".to_owned()))
            };
            let (answer, reply) = answered(request);
            assert_eq!((answer, super::tests::told(&reply)), (expected, "202".to_owned()));
        };
        let error =
            FunctionError { error_type: "Stream.Broke".to_owned(), message: "half way".to_owned() };
        let body = Bytes::from_static(b"{\"errorMessage\":\"half way\"}");
        check(Some("streaming"), Answer::Error { body, error });
        check(None, Answer::Response(Bytes::from_static(b"{}")));
    }

    #[test]
    fn follows_aws_states() {
        check(&[
            ("next", "ready"),
            ("hand:a", "0: event a"),
            ("next", "2: event a"),
            ("response:b", "3: 400"),
            ("response:a", "answered, 4: 202"),
            ("response:a", "5: 403 RuntimeResponseSentState to InvocationResponse"),
            ("error:a", "6: 403 RuntimeResponseSentState to InvocationErrorResponse"),
            ("next", "ready"),
            ("response:a", "8: 403 Ready to InvocationResponse"),
            ("next", ""),
            ("hand:b", "7: event b, 9: event b"),
            ("response:a", "11: 400"),
            ("error:b", "answered, 12: 202"),
            ("init-error", "13: 403 RuntimeResponseSentState to InitError"),
        ]);
        check(&[
            ("response:a", "0: 400"),
            ("init-error", "init failed, 1: 202"),
            ("next", "2: 403 InitError to Ready"),
            ("init-error", "3: 403 InitError to InitError"),
        ]);
    }
}
