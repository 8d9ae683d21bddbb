//! What ends a run early that no call of the script fails with: the user, the limits, and a closure beside one that has failed.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rhai::Dynamic;

use crate::session::{Fault, Halt, Session};
use crate::{memory, parallel};

/// How often the interpreter looks for a stop, in operations.
const OPERATIONS_BETWEEN_LOOKS: u64 = 256;

impl Session {
    /// Called by the interpreter at every operation; `Some` ends the run.
    ///
    /// Operations are counted here because the interpreter forgets those of closures that native functions call.
    pub(crate) fn tick(&self) -> Option<Dynamic> {
        if self.over.load(Ordering::Relaxed) || parallel::is_ended() {
            return Some(Dynamic::UNIT);
        }
        let done = self.operations.fetch_add(1, Ordering::Relaxed) + 1;
        let halt = if done > self.limits.operations {
            self.unless_nominal(Halt::Operations)
        } else if done.is_multiple_of(OPERATIONS_BETWEEN_LOOKS) {
            self.interruption()?
        } else {
            return None;
        };
        self.state().halt.get_or_insert((halt, None));
        self.over.store(true, Ordering::Relaxed);
        Some(Dynamic::UNIT)
    }

    fn interruption(&self) -> Option<Halt> {
        let stop = self.outside.as_ref().is_some_and(|outside| *outside.stop.borrow());
        if stop {
            Some(Halt::Stopped)
        } else if self.started.elapsed() > self.may_take() {
            Some(if self.nominal.is_some() { Halt::Uncounted } else { Halt::Deadline })
        } else if self.has_too_much_memory() {
            Some(self.unless_nominal(Halt::Memory))
        } else {
            None
        }
    }

    /// How long it may take, in real time.
    pub(crate) fn may_take(&self) -> Duration {
        self.nominal.unwrap_or(self.limits.run_time)
    }

    /// Why a run would end, unless that depends on nominal figures.
    fn unless_nominal(&self, halt: Halt) -> Halt {
        let depends = self.nominal.is_some() && self.has_read.load(Ordering::Relaxed);
        if depends { Halt::Uncounted } else { halt }
    }

    /// What there is to say of [`Halt::Memory`].
    pub(crate) fn too_much_memory(&self) -> String {
        let most = self.limits.memory_bytes >> 20;
        format!(
            "the script, and what it keeps of its invocations, takes more than {most} MB of memory"
        )
    }

    pub(crate) fn has_too_much_memory(&self) -> bool {
        let most = self.memory_at_start.map(|bytes| bytes + self.limits.memory_bytes);
        memory::resident_bytes().zip(most).is_some_and(|(bytes, most)| bytes > most)
    }

    /// Fails if the user or the deadline ended the run, or a closure beside this one has failed.
    pub(crate) fn go_on(&self) -> Result<(), Fault> {
        if parallel::is_ended() {
            return Err(Fault::BesideFailed);
        }
        self.interruption().map_or(Ok(()), |halt| Err(halt.into()))
    }
}
