//! The ways to limit the CPU, and what each of them does for one process.

use std::fmt::Debug;

use kelvin_lambda::Interval;

use super::CgroupError;

/// How a function gets memory/1769 of a core after INIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuLimit {
    /// It does not: every function runs at full speed.
    Off,
    /// AWS's accounts, kept by stopping and continuing the processes. Needs no privileges.
    Tick,
    /// A quota that the kernel keeps, in a cgroup of each process's own. Needs a cgroup that may be written.
    Cgroup,
}

/// One process, with all that it starts, under a CPU limit.
pub(crate) trait Limiter: Debug + Send + Sync {
    /// Ends the full speed of INIT, before the first event; does nothing when called again.
    fn enforce(&mut self) -> Result<(), CgroupError>;

    /// An invocation begins. `cpu_ns` is the CPU time of the processes so far. Returns whether they must be stopped for what
    /// earlier invocations used.
    fn begin(&mut self, now: u64, cpu_ns: u64) -> bool;

    /// When [`Limiter::advance`] is due; `None` if the limit is kept without it.
    fn next_event(&self) -> Option<u64>;

    /// Charges CPU time; then whether the processes must be stopped.
    fn advance(&mut self, now: u64, cpu_ns: u64) -> bool;

    /// When the processes were held in this invocation, as far as that can be told, in order.
    fn holds(&self) -> &[Interval];

    /// How long they were held in this invocation, where only that can be told: a sum over all CPUs.
    fn throttled_total_ns(&self) -> Option<u64>;
}
