//! An environment's namespaces with their init, before there is a function in them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::time::Duration;

use kelvin_sandbox::{Heard, Network, RUNTIME_API_PORT, Tmp};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::sandboxes::Sandboxes;

/// What a process is started in. It ends when this is dropped, unless a process has taken it.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub id: u64,
    pub network: Network,
    /// Of the Runtime API, as the function sees it.
    pub address: SocketAddr,
    /// The socket of the Runtime API, in the network of this machine; one inside is told of by an event.
    pub listener: Option<StdListener>,
    pub events: mpsc::UnboundedReceiver<Heard>,
    /// What has been heard already.
    heard: Vec<Heard>,
    sandboxes: Sandboxes,
    taken: bool,
}

/// What a process has of it.
#[derive(Debug)]
pub(crate) struct Taken {
    pub listener: Option<StdListener>,
    pub heard: Vec<Heard>,
    pub events: mpsc::UnboundedReceiver<Heard>,
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
        let (events_to, events) = mpsc::unbounded_channel();
        sandboxes.guard.prepare(id, network, tmp, events_to);
        if network != Network::Host {
            sandboxes.guard.listen(id, RUNTIME_API_PORT);
        }
        let sandboxes = sandboxes.clone();
        Ok(Prepared {
            id,
            network,
            address,
            listener,
            events,
            heard: Vec::new(),
            sandboxes,
            taken: false,
        })
    }

    /// Waits until its init is at work, or has failed: so that it takes no time from whatever is measured next.
    pub(crate) async fn ready(&mut self) {
        if self.network != Network::Host && self.heard.is_empty() {
            self.heard.extend(timeout(PATIENCE, self.events.recv()).await.ok().flatten());
        }
    }

    /// From now on it ends with the process that is started in it.
    pub(crate) fn take(mut self) -> Taken {
        self.taken = true;
        let (_, none) = mpsc::unbounded_channel();
        Taken {
            listener: self.listener.take(),
            heard: std::mem::take(&mut self.heard),
            events: std::mem::replace(&mut self.events, none),
        }
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if !self.taken {
            self.sandboxes.guard.kill(self.id);
        }
    }
}
