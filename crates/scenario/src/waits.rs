//! How long a script waits whatever is measured: in pauses, in gaps, and in loads that last so long.

use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::parallel;
use crate::session::{Fault, Halt, Session};

thread_local! {
    /// Of the closure of `parallel()` that this thread runs.
    static OF_CLOSURE: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// How long the closure on this thread has waited.
pub(crate) fn of_closure() -> Duration {
    OF_CLOSURE.get()
}

impl Session {
    /// The script waits so long, whatever is measured. Fails if a run cannot be so long.
    ///
    /// A run waits for real, and is told only of a wait that is longer than all of it may be. An evaluation adds up what the run
    /// will wait; if that depends on what the script has read of measurements, it is no more than likely.
    pub(crate) fn will_wait(&self, length: Duration) -> Result<(), Fault> {
        let limit = self.limits.run_time;
        let waited = match self.nominal {
            None => length,
            Some(_) => self.add_wait(length),
        };
        if waited <= limit {
            return Ok(());
        }
        if self.nominal.is_some() && self.has_read.load(Ordering::Relaxed) {
            self.state().outcome.waits_too_long = true;
            return Ok(());
        }
        Err(Halt::TooLong { limit }.into())
    }

    /// The waits of closures at the same time do not add up.
    fn add_wait(&self, length: Duration) -> Duration {
        if parallel::is_closure() {
            OF_CLOSURE.set(OF_CLOSURE.get().saturating_add(length));
            return self.state().waited.saturating_add(OF_CLOSURE.get());
        }
        let waited = &mut self.state().waited;
        *waited = waited.saturating_add(length);
        *waited
    }

    /// The closures of a `parallel()` have ended, the longest of which has waited so long.
    pub(crate) fn closures_waited(&self, longest: Duration) {
        let waited = &mut self.state().waited;
        *waited = waited.saturating_add(longest);
    }

    /// From here on what the script does may depend on what was measured.
    pub(crate) fn reads(&self) {
        self.has_read.store(true, Ordering::Relaxed);
    }
}
