//! Polling instead of sleeping while a measured invocation is in flight.
//!
//! A thread that sleeps in the kernel wakes up late: tens of microseconds on a quiet machine, milliseconds on a busy virtual
//! one. A task that always yields keeps tokio from sleeping; its driver then only looks whether something is ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Decides whether the serving thread may poll, and keeps it polling.
#[derive(Clone, Debug)]
pub(crate) struct Spin {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Cores that this process may use at once, by affinity and by its own CPU quota.
    cores: usize,
    in_flight: AtomicUsize,
    /// Invocations that were served without a free core.
    blocked: AtomicUsize,
    begun: Notify,
}

impl Spin {
    pub(crate) fn new(cores: usize) -> Spin {
        let shared = Shared {
            cores,
            in_flight: AtomicUsize::new(0),
            blocked: AtomicUsize::new(0),
            begun: Notify::new(),
        };
        Spin { shared: Arc::new(shared) }
    }

    /// Marks an invocation, or a loop of them, as in flight until the returned value is dropped.
    pub(crate) fn begin(&self) -> InFlight {
        let in_flight = self.shared.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        if self.may_spin(in_flight) {
            self.shared.begun.notify_one();
        }
        InFlight { spin: self.clone() }
    }

    /// The task that keeps the thread awake. Never ends.
    pub(crate) async fn run(self) {
        loop {
            self.shared.begun.notified().await;
            while self.is_spinning() {
                std::hint::spin_loop();
                tokio::task::yield_now().await;
            }
        }
    }

    /// How many invocations began when no core was free for the serving thread.
    pub(crate) fn blocked(&self) -> usize {
        self.shared.blocked.load(Ordering::Relaxed)
    }

    /// Whether the thread polls now, so that whoever waits for a moment may simply yield until then.
    pub(crate) fn is_spinning(&self) -> bool {
        let in_flight = self.shared.in_flight.load(Ordering::Relaxed);
        in_flight > 0 && self.may_spin(in_flight)
    }

    /// Whether there is a core for this thread to poll on, besides those of the invocations in flight.
    pub(crate) fn has_a_core(&self) -> bool {
        self.may_spin(self.shared.in_flight.load(Ordering::Relaxed))
    }

    /// Every environment that works needs a core, and the serving thread one more.
    fn may_spin(&self, in_flight: usize) -> bool {
        in_flight < self.shared.cores
    }
}

/// One invocation, or one loop of them, in flight.
#[derive(Debug)]
pub(crate) struct InFlight {
    spin: Spin,
}

impl InFlight {
    /// Counts one invocation, so that those served by a sleeping thread are known.
    pub(crate) fn count(&self) {
        if !self.spin.may_spin(self.spin.shared.in_flight.load(Ordering::Relaxed)) {
            self.spin.shared.blocked.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let before = self.spin.shared.in_flight.fetch_sub(1, Ordering::Relaxed);
        if before > 1 {
            // With one fewer there may be a core again.
            self.spin.shared.begun.notify_one();
        }
    }
}
