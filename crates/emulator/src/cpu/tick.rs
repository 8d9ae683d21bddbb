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

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn short_work_back_to_back_is_held_back_as_if_it_were_one() {
        let mut limit = TickLimit::new(MemorySize::MIN);
        let (begun_at, mut now, mut cpu_ns, mut held_ns) = (1_000 * MS, 1_000 * MS, 0, 0);
        for _ in 0..60 {
            let mut held = limit.begin(now, cpu_ns);
            while held {
                now = limit.next_event().unwrap();
                held = limit.advance(now, cpu_ns);
            }
            // A millisecond of work, too short for a tick to fall into most of them.
            (now, cpu_ns) = (now + MS, cpu_ns + MS);
            limit.advance(now, cpu_ns);
            held_ns += limit.holds().iter().map(|hold| hold.ns()).sum::<u64>();
        }
        // As much as the quota of 128/1769 allows, but for the last debt.
        let linear = cpu_ns * 1769 / 128;
        let wall = now - begun_at;
        assert!(wall.abs_diff(linear) < linear / 10, "{wall} ns, of which {held_ns} ns held");
        assert_eq!(wall, cpu_ns + held_ns);
    }

    #[test]
    fn after_a_whole_idle_period_the_books_begin_anew() {
        let mut limit = TickLimit::new(MemorySize::MIN);
        limit.begin(0, 0);
        limit.advance(4 * MS, 4 * MS);
        assert!(limit.begin(5 * MS, 4 * MS), "there is a debt to pay");
        assert!(!limit.begin(100 * MS, 4 * MS), "it is forgotten");
    }
}
