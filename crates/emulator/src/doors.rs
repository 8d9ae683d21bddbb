//! Services of the harness that functions reach in a network of their own: each environment has a socket inside for each of
//! them, on which the service itself accepts. No traffic crosses from one network to another.

use std::any::Any;
use std::fmt;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Takes a socket that listens inside of an environment. What it returns is dropped when the environment ends; the service
/// must let go of the socket then.
type Accept = dyn Fn(TcpListener) -> Box<dyn Any + Send + Sync> + Send + Sync;

/// The services that every environment with a network of its own can reach.
#[derive(Clone, Default)]
pub struct Doors(Arc<Mutex<Vec<Door>>>);

#[derive(Clone)]
struct Door {
    port: u16,
    accept: Arc<Accept>,
}

impl Doors {
    /// Opens a port of 127.0.0.1 in environments, those that live already included, from their next invocation on.
    pub fn open(
        &self,
        port: u16,
        accept: impl Fn(TcpListener) -> Box<dyn Any + Send + Sync> + Send + Sync + 'static,
    ) {
        self.lock().push(Door { port, accept: Arc::new(accept) });
    }

    /// How many there are; an environment that knows as many knows all.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// The ports, in the order in which they were opened, without the first `known`.
    pub(crate) fn ports_after(&self, known: usize) -> Vec<u16> {
        self.lock().iter().skip(known).map(|door| door.port).collect()
    }

    /// Hands a socket inside to the service whose port it has.
    pub(crate) fn accept(
        &self,
        port: u16,
        listener: TcpListener,
    ) -> Option<Box<dyn Any + Send + Sync>> {
        let door = self.lock().iter().find(|door| door.port == port).cloned();
        door.map(|door| (door.accept)(listener))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Door>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Doors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Doors").field(&self.ports_after(0)).finish()
    }
}
