//! The clocks of the emulator.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) use kelvin_sandbox::now_ns;

/// A length in nanoseconds.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The moment at `at_ns` by [`now_ns`]; now if it has passed.
pub(crate) fn instant(at_ns: u64) -> Instant {
    Instant::now() + Duration::from_nanos(at_ns.saturating_sub(now_ns()))
}

/// Now, in milliseconds since 1970: for deadlines that are told to functions.
pub(crate) fn epoch_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
