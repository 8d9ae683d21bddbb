//! The caller's side of an invocation: the clock that measures latency.

use kelvin_lambda::Invocation;
use kelvin_platform::{InvokeRequest, PlatformError, RepeatPlan};
use tokio::sync::{mpsc, oneshot};

use crate::clock::now_ns;
use crate::function::Command;
use crate::spin::Spin;

/// A batch ends after so many invocations …
const BATCH_INVOCATIONS: u64 = 1000;
/// … or so many bytes of responses, so that memory stays bounded.
const BATCH_BYTES: usize = 8 << 20;

/// Invokes in a closed loop: at most a batch, and no more once `wanted` says that nobody waits for it.
pub(crate) async fn call(
    function: &mpsc::UnboundedSender<Command>,
    plan: &RepeatPlan,
    spin: &Spin,
    wanted: impl Fn() -> bool,
) -> Result<Vec<Invocation>, PlatformError> {
    let in_flight = spin.begin();
    let mut batch = Vec::new();
    let mut bytes = 0;
    for _ in 0..plan.invocations.min(BATCH_INVOCATIONS) {
        if bytes >= BATCH_BYTES || !wanted() {
            break;
        }
        in_flight.count();
        let invocation = invoke(function, plan.request.clone()).await?;
        bytes += invocation.response.len();
        batch.push(invocation);
    }
    Ok(batch)
}

async fn invoke(
    function: &mpsc::UnboundedSender<Command>,
    request: InvokeRequest,
) -> Result<Invocation, PlatformError> {
    let (answered, answer) = oneshot::channel();
    let (done, complete) = oneshot::channel();
    let command = Command::Invoke { request, answered, done };
    let sent_at_ns = now_ns();
    function.send(command).map_err(|_| PlatformError::Stopped)?;
    // An invocation that fails has no answer; its end is its answer.
    let answer = answer.await;
    let answered_at_ns = now_ns();
    let mut invocation = complete.await.map_err(|_| PlatformError::Stopped)??;
    if let Ok(response) = answer {
        invocation.response = response;
    }
    invocation.sent_at_ns = sent_at_ns;
    invocation.timing.latency_ns = answered_at_ns - sent_at_ns;
    Ok(invocation)
}
