//! A request: one value that goes from its caller through the function to the execution environment that serves it.

use std::time::Duration;

use kelvin_platform::{Gaps, InvokeRequest, RepeatPlan};
use tokio::sync::oneshot;

use crate::client::Records;
use crate::clock::now_ns;
use crate::spin::{InFlight, Spin};

/// An invocation, or several one after another, each of which is sent when the environment is ready for it.
#[derive(Debug)]
pub(crate) struct Request {
    /// The request id of the invocation that is next.
    pub id: String,
    pub invoke: InvokeRequest,
    /// How many invocations, at most: a long loop ends with a batch.
    pub invocations: u64,
    /// What lies before each of them, in an environment that has served before.
    pub gaps: Gaps,
    /// When the invocation that is next was sent.
    pub sent_at: u64,
    /// When it was due, if it had a time of its own.
    pub intended_at: Option<u64>,
    /// When the function took it.
    pub accepted_at: u64,
    pub release: Release,
    /// Is told when the first response is there.
    pub answered: Option<oneshot::Sender<()>>,
    /// Gets the records when the environment is ready for somebody else. Closed by a caller who has stopped waiting.
    pub done: oneshot::Sender<Records>,
    /// Keeps the thread polling and the cores awake as long as somebody waits.
    pub in_flight: Option<InFlight>,
}

/// When the environment can be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    /// At once: the gap of a closed loop contains the delay.
    AtOnce,
    /// After a delay, which the function draws when it gives the request to an environment.
    Delayed,
    After(Duration),
}

/// Where the answers to one request arrive.
#[derive(Debug)]
pub(crate) struct Replies {
    answered: oneshot::Receiver<()>,
    pub done: oneshot::Receiver<Records>,
}

impl Request {
    /// A closed loop, whose first request is sent now.
    pub(crate) fn new(plan: RepeatPlan, spin: &Spin) -> (Request, Replies) {
        let RepeatPlan { request: invoke, invocations, gaps } = plan;
        let (answered_to, answered) = oneshot::channel();
        let (done_to, done) = oneshot::channel();
        // First, because it may take some microseconds to wake the cores.
        let in_flight = Some(spin.begin());
        let id = request_id();
        let sent_at = now_ns();
        let request = Request {
            id,
            invoke,
            invocations,
            gaps,
            sent_at,
            intended_at: None,
            accepted_at: sent_at,
            release: Release::AtOnce,
            answered: Some(answered_to),
            done: done_to,
            in_flight,
        };
        (request, Replies { answered, done })
    }

    /// One request of a load, which nothing lies before, and which was due at `intended_at` if it had a time of its own.
    pub(crate) fn of_load(
        invoke: InvokeRequest,
        release: Release,
        intended_at: Option<u64>,
        spin: &Spin,
    ) -> (Request, Replies) {
        let plan = RepeatPlan { request: invoke, invocations: 1, gaps: Gaps::NONE };
        let (request, replies) = Request::new(plan, spin);
        (Request { release, intended_at, ..request }, replies)
    }

    /// The next of a loop is sent now, and taken at once: its caller does nothing else, and nobody stands between it and the
    /// environment.
    pub(crate) fn send_next(&mut self) {
        self.id = request_id();
        self.sent_at = now_ns();
        self.accepted_at = self.sent_at;
        self.intended_at = None;
    }
}

impl Replies {
    /// Waits for the first response. An invocation that fails has none; its end is its answer. Cancel safe.
    pub(crate) async fn answered(&mut self) {
        (&mut self.answered).await.ok();
    }
}

fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
