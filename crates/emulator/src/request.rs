//! A request: one value that goes from its caller through the function to the execution environment that serves it.

use std::time::Duration;

use kelvin_lambda::FunctionError;
use kelvin_platform::{Gaps, InvokeRequest, RepeatPlan};
use tokio::sync::{mpsc, oneshot};

use crate::client::Records;
use crate::clock::now_ns;
use crate::frame::Frame;
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
    /// Gets the first response, if its caller wants it before the environment is ready for somebody else.
    pub frames: Option<mpsc::UnboundedSender<Frame>>,
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

impl Request {
    /// A closed loop, whose first request is sent now.
    pub(crate) fn new(plan: RepeatPlan, spin: &Spin) -> (Request, oneshot::Receiver<Records>) {
        let RepeatPlan { request: invoke, invocations, gaps } = plan;
        let (done, records) = oneshot::channel();
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
            frames: None,
            done,
            in_flight,
        };
        (request, records)
    }

    /// One request of a load, which nothing lies before, and which was due at `intended_at` if it had a time of its own.
    pub(crate) fn of_load(
        invoke: InvokeRequest,
        release: Release,
        intended_at: Option<u64>,
        spin: &Spin,
    ) -> (Request, oneshot::Receiver<Records>) {
        let plan = RepeatPlan { request: invoke, invocations: 1, gaps: Gaps::NONE };
        let (request, records) = Request::new(plan, spin);
        (Request { release, intended_at, ..request }, records)
    }

    /// Where the first response arrives, part by part.
    pub(crate) fn frames(&mut self) -> mpsc::UnboundedReceiver<Frame> {
        let (frames_to, frames) = mpsc::unbounded_channel();
        self.frames = Some(frames_to);
        frames
    }

    /// Passes a part of the response on. A caller who has gone away needs none.
    pub(crate) fn pass_on(&self, frame: Frame) {
        if let Some(frames) = &self.frames {
            frames.send(frame).ok();
        }
    }

    /// Tells the caller that its response has ended, unless that has been told.
    pub(crate) fn end(&mut self, result: Result<(), FunctionError>) {
        self.pass_on(Frame::End(result));
        self.frames = None;
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

/// Waits until the caller has its response, or the request has ended without one.
pub(crate) async fn answered(mut frames: mpsc::UnboundedReceiver<Frame>) {
    while let Some(frame) = frames.recv().await {
        if matches!(frame, Frame::End(_)) {
            return;
        }
    }
}

fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
