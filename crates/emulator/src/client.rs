//! The caller's side: requests on their way to a function.

use kelvin_lambda::Invocation;
use kelvin_platform::{FunctionId, PlatformError, RepeatPlan};
use tokio::sync::{mpsc, oneshot};

use crate::frame::Frame;
use crate::function::Command;
use crate::request::Request;
use crate::spin::Spin;

/// What becomes of a request: at least one record.
pub(crate) type Records = Result<Vec<Invocation>, PlatformError>;

/// Where requests to one function go.
#[derive(Clone, Debug)]
pub(crate) struct Callee {
    pub id: FunctionId,
    pub commands: mpsc::UnboundedSender<Command>,
}

/// Invokes in a closed loop, and tells `done` the first batch of it. The first response goes to `frames` as it arrives.
pub(crate) async fn call(
    function: Callee,
    plan: RepeatPlan,
    frames: Option<mpsc::UnboundedSender<Frame>>,
    spin: Spin,
    mut done: oneshot::Sender<Records>,
) {
    let called = async {
        let (request, mut records) = Request::new(plan, &spin);
        function.send(Request { frames, ..request })?;
        function.complete(&mut records).await
    };
    tokio::select! {
        biased;
        records = called => drop(done.send(records)),
        () = done.closed() => {}
    }
}

impl Callee {
    /// Sends a request. Fails with [`PlatformError::NoSuchFunction`] where the function has been removed.
    pub(crate) fn send(&self, request: Request) -> Result<(), PlatformError> {
        self.commands.send(Command::Invoke(request)).map_err(|_| self.gone())
    }

    /// Waits for the records, which are there when the environment is ready for the next caller. Cancel safe.
    pub(crate) async fn complete(&self, records: &mut oneshot::Receiver<Records>) -> Records {
        records.await.unwrap_or_else(|_| Err(self.gone()))
    }

    /// A function that neither takes nor ends an invocation has been removed.
    fn gone(&self) -> PlatformError {
        PlatformError::NoSuchFunction { id: self.id.0 }
    }
}
