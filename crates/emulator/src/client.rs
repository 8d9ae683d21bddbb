//! The caller's side: requests on their way to a function.

use kelvin_lambda::Invocation;
use kelvin_platform::{FunctionId, Gaps, InvokeRequest, PlatformError, RepeatPlan};
use tokio::sync::{mpsc, oneshot};

use crate::clock::now_ns;
use crate::function::Command;
use crate::spin::{InFlight, Spin};

/// One request after another, each sent when the environment is ready for it.
#[derive(Debug)]
pub(crate) struct Call {
    pub request: InvokeRequest,
    /// How often, at most: a long loop ends with a batch.
    pub invocations: u64,
    /// What lies before each of them, in an environment that has served before.
    pub gaps: Gaps,
    /// Whether the environment cannot be used again at once.
    pub releases: bool,
    /// When the first was sent.
    pub sent_at_ns: u64,
    /// When the first was due, if it had a time of its own.
    pub intended_at_ns: Option<u64>,
    /// Is told when the first response is there.
    pub answered: oneshot::Sender<()>,
    /// Gets the records when the environment is ready for somebody else. Closed by a caller who has stopped waiting.
    pub done: oneshot::Sender<Records>,
    /// Keeps the thread polling and the cores awake as long as somebody waits.
    pub in_flight: Option<InFlight>,
}

/// What becomes of a call: at least one record.
pub(crate) type Records = Result<Vec<Invocation>, PlatformError>;

/// What a caller wants of a function.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub request: InvokeRequest,
    pub invocations: u64,
    pub gaps: Gaps,
    pub releases: bool,
}

impl Wanted {
    /// One request of a load, which nothing lies before.
    pub(crate) fn of_load(request: InvokeRequest, releases: bool) -> Wanted {
        Wanted { request, invocations: 1, gaps: Gaps::NONE, releases }
    }
}

/// Where requests to one function go.
#[derive(Clone, Debug)]
pub(crate) struct Callee {
    pub id: FunctionId,
    pub commands: mpsc::UnboundedSender<Command>,
}

/// Invokes in a closed loop, and tells `done` the first batch of it.
pub(crate) async fn call(
    function: Callee,
    plan: RepeatPlan,
    spin: Spin,
    mut done: oneshot::Sender<Records>,
) {
    let RepeatPlan { request, invocations, gaps } = plan;
    // The gap contains the release delay.
    let wanted = Wanted { request, invocations, gaps, releases: false };
    let called = async { function.send(wanted, None, &spin)?.complete().await };
    tokio::select! {
        biased;
        records = called => drop(done.send(records)),
        () = done.closed() => {}
    }
}

impl Callee {
    /// Sends requests, the first of which was due at `intended_at_ns` if it had a time of its own.
    pub(crate) fn send(
        &self,
        wanted: Wanted,
        intended_at_ns: Option<u64>,
        spin: &Spin,
    ) -> Result<Sent, PlatformError> {
        let Wanted { request, invocations, gaps, releases } = wanted;
        let (answered, answer) = oneshot::channel();
        let (done, complete) = oneshot::channel();
        // First, because it may take some microseconds to wake the cores.
        let in_flight = Some(spin.begin());
        let call = Call {
            request,
            invocations,
            gaps,
            releases,
            sent_at_ns: now_ns(),
            intended_at_ns,
            answered,
            done,
            in_flight,
        };
        self.commands.send(Command::Invoke(call)).map_err(|_| gone(self.id))?;
        Ok(Sent { function: self.id, answer, complete })
    }
}

/// A function that neither takes nor ends an invocation has been removed.
fn gone(function: FunctionId) -> PlatformError {
    PlatformError::NoSuchFunction { id: function.0 }
}

/// Requests under way.
#[derive(Debug)]
pub(crate) struct Sent {
    function: FunctionId,
    answer: oneshot::Receiver<()>,
    complete: oneshot::Receiver<Records>,
}

impl Sent {
    /// Waits for the first response. An invocation that fails has none; its end is its answer. Cancel safe.
    pub(crate) async fn answered(&mut self) {
        (&mut self.answer).await.ok();
    }

    /// Waits until the environment is ready for the next caller. Cancel safe.
    pub(crate) async fn ready(&mut self) -> Records {
        (&mut self.complete).await.unwrap_or(Err(gone(self.function)))
    }

    /// The records, when the environment is ready for the next caller.
    pub(crate) async fn complete(mut self) -> Records {
        self.ready().await
    }
}
