//! CPU bandwidth control as AWS Lambda shows it: the books of one execution environment.
//!
//! Linux limits a group of processes to a quota of CPU time in each period (kernel documentation, "CFS Bandwidth Control").
//! On Lambda the period is 20 ms and the quota memory/1769 of it; the group draws its quota in slices of 5 ms.
//! What makes short work differ from the linear rule is that CPU time is accounted only at the kernel's tick, every 4 ms: a
//! group with 1.4 ms of quota runs for a whole tick, goes into debt, and pays in the periods that follow
//! ("Demystifying Serverless Costs on Public Platforms", EuroSys '26).

use kelvin_lambda::MemorySize;

/// One period of the quota.
pub(super) const PERIOD_NS: u64 = 20_000_000;
/// CPU time is accounted at this interval.
pub(super) const TICK_NS: u64 = 4_000_000;
/// What is drawn from the quota at once.
const SLICE_NS: i64 = 5_000_000;

/// The account of one environment. All times are nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct Account {
    quota_ns: i64,
    /// What is left of the quota in this period.
    pool_ns: i64,
    /// What was drawn and is not used yet; negative is debt.
    drawn_ns: i64,
    held: bool,
    next_tick: u64,
    next_period: u64,
}

impl Account {
    /// An account that has not been opened yet.
    pub(super) fn new(memory: MemorySize) -> Account {
        let quota =
            u128::from(PERIOD_NS) * u128::from(memory.mb()) / u128::from(MemorySize::ONE_VCPU.mb());
        let quota_ns = i64::try_from(quota).unwrap_or(i64::MAX);
        Account { quota_ns, pool_ns: 0, drawn_ns: 0, held: false, next_tick: 0, next_period: 0 }
    }

    /// The environment wakes up. After a whole idle period the books begin anew, and so does the period: the kernel's timer
    /// rests while the group is idle. Otherwise they go on. Returns whether they began anew.
    pub(super) fn wake(&mut self, now: u64) -> bool {
        // The period that ended while the environment slept, and a whole one after it.
        if now < self.next_period + PERIOD_NS {
            return false;
        }
        self.pool_ns = self.quota_ns;
        self.drawn_ns = 0;
        self.held = false;
        self.draw();
        self.next_tick = now + TICK_NS;
        self.next_period = now + PERIOD_NS;
        true
    }

    /// When [`Account::advance`] is due.
    pub(super) fn next_event(&self) -> u64 {
        self.next_tick.min(self.next_period)
    }

    /// Whether the environment must not run.
    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    /// Charges CPU time and does what is due until `now`: ticks before the period that ends with them.
    ///
    /// Time is charged also while the environment is held: what it used right before becomes known late.
    pub(super) fn advance(&mut self, now: u64, used_ns: u64) {
        self.drawn_ns -= i64::try_from(used_ns).unwrap_or(i64::MAX);
        while self.next_event() <= now {
            if self.next_tick <= self.next_period {
                self.next_tick += TICK_NS;
                self.tick();
            } else {
                self.next_period += PERIOD_NS;
                self.refill();
            }
        }
    }

    fn tick(&mut self) {
        if self.held || self.drawn_ns > 0 {
            return;
        }
        self.draw();
        self.held = self.drawn_ns <= 0;
    }

    fn refill(&mut self) {
        self.pool_ns = self.quota_ns;
        if self.held {
            // As much as makes the group runnable, and no more: it draws a slice at its next tick.
            let given = (1 - self.drawn_ns).min(self.pool_ns);
            self.drawn_ns += given;
            self.pool_ns -= given;
            self.held = self.drawn_ns <= 0;
        }
    }

    fn draw(&mut self) {
        let drawn = (SLICE_NS - self.drawn_ns).min(self.pool_ns);
        self.drawn_ns += drawn;
        self.pool_ns -= drawn;
    }
}
