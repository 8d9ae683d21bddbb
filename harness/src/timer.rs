//! The noise of the harness's own clock readings.

use std::time::{Duration, Instant};

use kelvin_record::TimerLateness;

/// How many moments are waited for.
const MOMENTS: u32 = 2_000;
const STEP: Duration = Duration::from_micros(100);

/// Polls the clock for a fifth of a second.
pub(crate) fn lateness() -> TimerLateness {
    let begin = Instant::now();
    let mut late_ns: Vec<u64> = (1..=MOMENTS)
        .map(|moment| {
            let due = begin + STEP * moment;
            let mut now = Instant::now();
            while now < due {
                std::hint::spin_loop();
                now = Instant::now();
            }
            u64::try_from((now - due).as_nanos()).unwrap_or(u64::MAX)
        })
        .collect();
    late_ns.sort_unstable();
    let at = |percent: usize| late_ns[(late_ns.len() - 1) * percent / 100];
    TimerLateness { p50_ns: at(50), p99_ns: at(99), max_ns: at(100) }
}

/// For people.
pub(crate) fn describe(late: TimerLateness) -> String {
    let us = |ns: u64| ns as f64 / 1e3;
    format!(
        "a polling thread is late by {:.1} µs (p50), {:.0} µs (p99), {:.0} µs at most",
        us(late.p50_ns),
        us(late.p99_ns),
        us(late.max_ns)
    )
}
