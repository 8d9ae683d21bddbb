//! The one clock of everything that is measured inside a function.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of the machine's monotonic clock (`CLOCK_MONOTONIC`), the same for all processes of the machine.
///
/// `std::time::Instant` reads the same clock, but does not give away its absolute value.
pub fn monotonic_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    // Neither part is ever negative: the clock starts at zero when the machine does.
    let part = |value: i64| u64::try_from(value).unwrap_or(0);
    part(now.tv_sec) * 1_000_000_000 + part(now.tv_nsec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn does_not_run_backwards() {
        let before = monotonic_ns();
        assert!(before > 0);
        assert!(monotonic_ns() >= before);
    }
}
