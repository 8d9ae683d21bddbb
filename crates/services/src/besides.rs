//! A service on further sockets than its own, such as those in the networks of execution environments.

use std::net::TcpListener;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::front::Front;

/// Hands sockets to a service; outlives it harmlessly.
#[derive(Clone, Debug)]
pub struct Besides {
    pub(crate) front: Arc<Front>,
    pub(crate) runtime: Handle,
}

/// While this lives, a service accepts on a further socket; then that is closed.
#[derive(Debug)]
pub struct Accepting(AbortHandle);

impl Besides {
    /// Has the service accept on a socket that listens and does not block, with the same latency and faults as on its own.
    /// It must have been bound to a port by number, which it would lose otherwise while connections are refused.
    pub fn accept(&self, listener: TcpListener) -> Accepting {
        let front = Arc::clone(&self.front);
        Accepting(self.runtime.spawn(front.serve_besides(listener)).abort_handle())
    }
}

impl Drop for Accepting {
    fn drop(&mut self) {
        self.0.abort();
    }
}
