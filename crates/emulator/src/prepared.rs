//! An environment's namespaces with their init, before there is a function in them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::time::Duration;

use kelvin_sandbox::{Heard, Network, RUNTIME_API_PORT, Tmp};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::sandboxes::Sandboxes;

/// What a process is started in. It ends when this is dropped, unless a process has taken its events.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub id: u64,
    pub network: Network,
    /// Of the Runtime API, as the function sees it.
    pub address: SocketAddr,
    /// The socket of the Runtime API, in the network of this machine; one inside is told of by an event.
    pub listener: Option<StdListener>,
    events: Option<Events>,
    sandboxes: Sandboxes,
}

/// What the guard tells of one environment.
#[derive(Debug)]
pub(crate) struct Events {
    /// Has been heard and not been taken yet.
    first: Option<Heard>,
    more: mpsc::UnboundedReceiver<Heard>,
}

impl Events {
    /// Waits for an event and leaves it where it is. Cancel safe.
    async fn wait(&mut self) {
        if self.first.is_none() {
            self.first = self.more.recv().await;
        }
    }

    /// The next event; `None` if there can be none any more. Cancel safe.
    pub(crate) async fn recv(&mut self) -> Option<Heard> {
        match self.first.take() {
            Some(first) => Some(first),
            None => self.more.recv().await,
        }
    }
}

/// How long the next start may be kept waiting for an init that does not say anything.
const PATIENCE: Duration = Duration::from_secs(1);

impl Prepared {
    /// Asks the guard for it, and waits for nothing. `id` must never have been used before.
    pub(crate) fn ask(
        sandboxes: &Sandboxes,
        id: u64,
        network: Network,
        tmp: Option<Tmp>,
    ) -> io::Result<Prepared> {
        let (listener, address) = match network {
            Network::Private | Network::Outside => {
                (None, SocketAddr::from((Ipv4Addr::LOCALHOST, RUNTIME_API_PORT)))
            }
            Network::Host => {
                let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?;
                listener.set_nonblocking(true)?;
                let address = listener.local_addr()?;
                (Some(listener), address)
            }
        };
        let (events_to, more) = mpsc::unbounded_channel();
        sandboxes.guard.prepare(id, network, tmp, events_to);
        if network != Network::Host {
            sandboxes.guard.listen(id, RUNTIME_API_PORT);
        }
        let (events, sandboxes) = (Some(Events { first: None, more }), sandboxes.clone());
        Ok(Prepared { id, network, address, listener, events, sandboxes })
    }

    /// Waits until its init is at work, or has failed: so that it takes no time from whatever is measured next.
    pub(crate) async fn ready(&mut self) {
        if let Some(events) = self.events.as_mut().filter(|_| self.network != Network::Host) {
            timeout(PATIENCE, events.wait()).await.ok();
        }
    }

    /// From now on it ends with the process that hears of it.
    pub(crate) fn take(mut self) -> Events {
        self.events.take().expect("they are taken once, with all of it")
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if self.events.is_some() {
            self.sandboxes.guard.kill(self.id);
        }
    }
}
