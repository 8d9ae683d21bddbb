//! The clock that is common to all processes of the machine.

use rustix::time::{ClockId, clock_gettime};

/// Now, in nanoseconds of `CLOCK_MONOTONIC`: the clock of every measurement, shared by all processes of the machine.
pub fn now_ns() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let part = |value: i64| u64::try_from(value).expect("the monotonic clock counts up from zero");
    part(time.tv_sec) * 1_000_000_000 + part(time.tv_nsec)
}
