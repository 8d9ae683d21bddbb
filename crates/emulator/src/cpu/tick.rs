//! The tick model: the books of [`super::account`] kept for real processes, by stopping and continuing them.
//!
//! Needs no root and no cgroup.
//! At each tick of the books the CPU clocks of the processes are read and charged; while the books say "held", the processes
//! are stopped by signal.
//! The kernel tells the CPU time of another process up to one of its own ticks late, so time is charged also while the
//! environment is stopped.

use kelvin_lambda::{Interval, MemorySize};

use super::account::Account;
use super::{CgroupError, Limiter};

/// The CPU limit of one process and what it started, from one invocation to the next.
#[derive(Debug)]
pub(crate) struct TickLimit {
    account: Account,
    /// The reading of the CPU clocks up to which time was charged.
    charged_ns: u64,
    held_since: Option<u64>,
    /// When the environment was held in this invocation.
    holds: Vec<Interval>,
}

impl TickLimit {
    pub(crate) fn new(memory: MemorySize) -> TickLimit {
        TickLimit {
            account: Account::new(memory),
            charged_ns: 0,
            held_since: None,
            holds: Vec::new(),
        }
    }
}

impl Limiter for TickLimit {
    /// The account is opened by the first invocation, so there is nothing to do.
    fn enforce(&mut self) -> Result<(), CgroupError> {
        Ok(())
    }

    fn begin(&mut self, now: u64, cpu_ns: u64) -> bool {
        self.holds.clear();
        self.held_since = None;
        if self.account.wake(now) {
            // Whatever INIT, or an invocation long ago, used is forgotten with the old books.
            self.charged_ns = cpu_ns;
        }
        self.advance(now, cpu_ns)
    }

    fn next_event(&self) -> Option<u64> {
        Some(self.account.next_event())
    }

    fn advance(&mut self, now: u64, cpu_ns: u64) -> bool {
        let used_ns = cpu_ns.saturating_sub(self.charged_ns);
        self.charged_ns = self.charged_ns.max(cpu_ns);
        self.account.advance(now, used_ns);
        match (self.account.is_held(), self.held_since) {
            (true, None) => self.held_since = Some(now),
            (false, Some(since)) => {
                self.holds.push(Interval(since, now));
                self.held_since = None;
            }
            _ => {}
        }
        self.account.is_held()
    }

    fn holds(&self) -> &[Interval] {
        &self.holds
    }

    /// Every hold is known, so no total stands beside them.
    fn throttled_total_ns(&self) -> Option<u64> {
        None
    }
}
