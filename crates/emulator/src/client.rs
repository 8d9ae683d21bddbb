//! The caller's side of an invocation: the clock that measures latency.

use kelvin_lambda::Invocation;
use kelvin_platform::{FunctionId, InvokeRequest, PlatformError, RepeatPlan};
use tokio::sync::{mpsc, oneshot};

use crate::clock::now_ns;
use crate::function::Command;
use crate::spin::Spin;

/// A batch ends after so many invocations …
pub(crate) const BATCH_INVOCATIONS: u64 = 1000;
/// … or after so long, so that an interruption loses no more than that …
const BATCH_NS: u64 = 250_000_000;
/// … or so many bytes of responses, so that memory stays bounded.
pub(crate) const BATCH_BYTES: usize = 8 << 20;

/// Where requests to one function go.
#[derive(Clone, Debug)]
pub(crate) struct Callee {
    pub id: FunctionId,
    pub commands: mpsc::UnboundedSender<Command>,
}

/// Invokes in a closed loop: at most a batch, and no more once `wanted` says that nobody waits for it.
pub(crate) async fn call(
    function: &Callee,
    plan: &RepeatPlan,
    spin: &Spin,
    wanted: impl Fn() -> bool,
) -> Result<Vec<Invocation>, PlatformError> {
    let _in_flight = spin.begin();
    let mut batch = Vec::new();
    let mut bytes = 0;
    let began_ns = now_ns();
    for _ in 0..plan.invocations.min(BATCH_INVOCATIONS) {
        let is_full = bytes >= BATCH_BYTES || now_ns() - began_ns >= BATCH_NS;
        if is_full || !wanted() {
            break;
        }
        let sent = function.send(plan.request.clone(), None)?;
        let invocation = sent.answered().await.complete().await?;
        bytes += invocation.response.len();
        batch.push(invocation);
    }
    Ok(batch)
}

impl Callee {
    /// Sends a request, which was due at `intended_at_ns` if it had a time of its own.
    pub(crate) fn send(
        &self,
        request: InvokeRequest,
        intended_at_ns: Option<u64>,
    ) -> Result<Sent, PlatformError> {
        let (answered, answer) = oneshot::channel();
        let (done, complete) = oneshot::channel();
        let command = Command::Invoke { request, answered, done };
        let sent_at_ns = now_ns();
        self.commands.send(command).map_err(|_| gone(self.id))?;
        Ok(Sent { function: self.id, sent_at_ns, intended_at_ns, answer, complete })
    }
}

/// A function that neither takes nor ends an invocation has been removed.
fn gone(function: FunctionId) -> PlatformError {
    PlatformError::NoSuchFunction { id: function.0 }
}

/// A request under way.
#[derive(Debug)]
pub(crate) struct Sent {
    function: FunctionId,
    sent_at_ns: u64,
    intended_at_ns: Option<u64>,
    answer: oneshot::Receiver<bytes::Bytes>,
    complete: oneshot::Receiver<Result<Invocation, PlatformError>>,
}

/// A request whose response the caller has.
#[derive(Debug)]
pub(crate) struct Answered {
    function: FunctionId,
    sent_at_ns: u64,
    intended_at_ns: Option<u64>,
    answered_at_ns: u64,
    response: Option<bytes::Bytes>,
    complete: oneshot::Receiver<Result<Invocation, PlatformError>>,
}

impl Sent {
    /// Waits for the response. An invocation that fails has none; its end is its answer.
    pub(crate) async fn answered(self) -> Answered {
        let Sent { function, sent_at_ns, intended_at_ns, answer, complete } = self;
        let response = answer.await.ok();
        let answered_at_ns = now_ns();
        Answered { function, sent_at_ns, intended_at_ns, answered_at_ns, response, complete }
    }
}

impl Answered {
    /// Waits until the environment is ready for the next invocation. Cancel safe.
    pub(crate) async fn ready(&mut self) -> Result<Invocation, PlatformError> {
        let mut invocation = (&mut self.complete).await.map_err(|_| gone(self.function))??;
        if let Some(response) = self.response.take() {
            invocation.response = response;
        }
        invocation.sent_at_ns = self.sent_at_ns;
        invocation.intended_at_ns = self.intended_at_ns;
        let from = self.intended_at_ns.unwrap_or(self.sent_at_ns);
        invocation.timing.latency_ns = self.answered_at_ns.saturating_sub(from);
        Ok(invocation)
    }

    /// The record, when the environment is ready for the next invocation.
    pub(crate) async fn complete(mut self) -> Result<Invocation, PlatformError> {
        self.ready().await
    }
}
