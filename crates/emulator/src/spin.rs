//! Polling instead of sleeping while a measured invocation is in flight.
//!
//! A thread that sleeps in the kernel wakes up late: tens of microseconds on a quiet machine, milliseconds on a busy virtual
//! one. A task that always yields keeps tokio from sleeping; its driver then only looks whether something is ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;
use tokio::time::{Duration, timeout};

use crate::awake::AwakeCores;
use crate::cores::Cores;

/// Cores may sleep again when nobody has waited for so long.
const LINGER: Duration = Duration::from_millis(100);

/// Decides whether the serving thread may poll, and keeps it polling.
#[derive(Clone, Debug)]
pub(crate) struct Spin {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Who has which.
    cores: Cores,
    /// Callers that wait, or loops of them.
    in_flight: AtomicUsize,
    /// Environments in their init phase or in an invocation.
    working: AtomicUsize,
    /// Invocations that were served without a free core.
    blocked: AtomicUsize,
    begun: Notify,
    /// Of all cores, as what is waited for runs on others than this thread.
    awake: Option<AwakeCores>,
}

impl Spin {
    pub(crate) fn new(cores: Cores, awake: Option<AwakeCores>) -> Spin {
        let shared = Shared {
            cores,
            in_flight: AtomicUsize::new(0),
            working: AtomicUsize::new(0),
            blocked: AtomicUsize::new(0),
            begun: Notify::new(),
            awake,
        };
        Spin { shared: Arc::new(shared) }
    }

    /// Marks a request, or a loop of them, as in flight until the returned value is dropped.
    pub(crate) fn begin(&self) -> InFlight {
        self.shared.in_flight.fetch_add(1, Ordering::Relaxed);
        if self.shared.awake.as_ref().is_some_and(AwakeCores::hold) {
            // Also where the thread must not poll: it has to let the cores sleep again.
            self.shared.begun.notify_one();
        }
        self.look();
        InFlight { spin: self.clone() }
    }

    /// Marks an environment as working until the returned value is dropped, and gives it its cores.
    pub(crate) fn work(&self, environment: u64) -> Working {
        self.shared.working.fetch_add(1, Ordering::Relaxed);
        self.shared.cores.begin(environment);
        Working { spin: self.clone(), environment }
    }

    /// Marks an environment as working on an invocation, and counts it if there is no core for this thread besides.
    pub(crate) fn serve(&self, environment: u64) -> Working {
        let working = self.work(environment);
        if !self.has_a_core() {
            self.shared.blocked.fetch_add(1, Ordering::Relaxed);
        }
        working
    }

    /// The task that keeps the thread awake. Never ends.
    pub(crate) async fn run(self) {
        loop {
            self.shared.begun.notified().await;
            self.spin_until_quiet().await;
            if let Some(awake) = &self.shared.awake {
                awake.release();
            }
        }
    }

    /// Returns when nobody has waited for a while.
    async fn spin_until_quiet(&self) {
        loop {
            while self.is_spinning() {
                // Whoever else has to run on this core does so at once, and not at the kernel's next tick.
                rustix::thread::sched_yield();
                tokio::task::yield_now().await;
            }
            let is_quiet = timeout(LINGER, self.shared.begun.notified()).await.is_err();
            if is_quiet && self.shared.in_flight.load(Ordering::Relaxed) == 0 {
                return;
            }
        }
    }

    /// Who has which core.
    pub(crate) fn cores(&self) -> &Cores {
        &self.shared.cores
    }

    /// How many invocations began when no core was free for the serving thread.
    pub(crate) fn blocked(&self) -> usize {
        self.shared.blocked.load(Ordering::Relaxed)
    }

    /// Whether the thread polls now, so that whoever waits for a moment may simply yield until then.
    pub(crate) fn is_spinning(&self) -> bool {
        self.shared.in_flight.load(Ordering::Relaxed) > 0 && self.has_a_core()
    }

    /// Whether there is a core for this thread to poll on: every environment that works needs one, and this thread one more.
    pub(crate) fn has_a_core(&self) -> bool {
        self.shared.working.load(Ordering::Relaxed).max(1) < self.shared.cores.at_once()
    }

    /// How many environments have to share a core, at least one.
    pub(crate) fn crowd(&self) -> u32 {
        let working = self.shared.working.load(Ordering::Relaxed).max(1);
        u32::try_from(working.div_ceil(self.shared.cores.at_once().max(1))).unwrap_or(u32::MAX)
    }

    /// Begins to poll if that is right now.
    fn look(&self) {
        if self.is_spinning() {
            self.shared.begun.notify_one();
        }
    }
}

/// One request, or one loop of them, in flight.
#[derive(Debug)]
pub(crate) struct InFlight {
    spin: Spin,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.spin.shared.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One environment that works.
#[derive(Debug)]
pub(crate) struct Working {
    spin: Spin,
    environment: u64,
}

impl Drop for Working {
    fn drop(&mut self) {
        self.spin.shared.working.fetch_sub(1, Ordering::Relaxed);
        self.spin.shared.cores.end(self.environment);
        // With one fewer there may be a core again.
        self.spin.look();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_polls_while_somebody_waits_and_a_core_is_free() {
        let spin = Spin::new(Cores::numbered(2), None);
        assert!(!spin.is_spinning(), "nobody waits");
        let requests = [spin.begin(), spin.begin(), spin.begin()];
        assert!(spin.is_spinning(), "those in line need no core");
        let first = spin.serve(1);
        assert!(spin.is_spinning());
        let initializing = spin.work(2);
        assert_eq!(spin.crowd(), 1);
        assert!(!spin.is_spinning() && spin.blocked() == 0);
        let third = spin.serve(3);
        assert_eq!((spin.blocked(), spin.crowd()), (1, 2));
        drop(third);
        drop(initializing);
        assert!(spin.is_spinning());
        drop((first, requests));
        assert!(!spin.is_spinning());
        let alone = Spin::new(Cores::numbered(1), None);
        let _request = alone.begin();
        assert!(!alone.is_spinning(), "the only core is the environment's");
    }
}
