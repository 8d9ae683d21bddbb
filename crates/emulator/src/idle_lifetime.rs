//! How long an idle execution environment lives on AWS, as published.

use std::time::Duration;

/// Share of environments that were gone after so many seconds without a request: `reference/idle_lifetime.csv`, made
/// monotonic, since a hundred probes for each time let it go down once by two.
const GONE: [(f64, f64); 10] = [
    (60.0, 0.0),
    (120.0, 0.02),
    (180.0, 0.02),
    (240.0, 0.02),
    (270.0, 0.03),
    (300.0, 0.08),
    (315.0, 0.43),
    (330.0, 0.68),
    (345.0, 0.94),
    (360.0, 1.0),
];

/// The lifetime that a share of environments does not reach; linear between the published points.
pub(crate) fn at(share: f64) -> Duration {
    let later = GONE.iter().position(|&(_, gone)| gone > share).unwrap_or(GONE.len() - 1).max(1);
    let ((from, low), (to, high)) = (GONE[later - 1], GONE[later]);
    let part = if high > low { ((share - low) / (high - low)).clamp(0.0, 1.0) } else { 1.0 };
    Duration::from_secs_f64(from + part * (to - from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_that_of_the_reference() {
        let text = include_str!("../reference/idle_lifetime.csv");
        let mut most = 0.0_f64;
        let rows = text.lines().skip(1).map(|line| {
            let (seconds, gone) = line.split_once(',').expect("two columns");
            most = most.max(gone.parse::<f64>().expect("a number"));
            (seconds.parse::<f64>().expect("a number"), most)
        });
        assert_eq!(rows.collect::<Vec<_>>(), GONE);
    }

    #[test]
    fn lifetimes_follow_the_published_shares() {
        let check = |share, seconds: f64| {
            assert!((at(share).as_secs_f64() - seconds).abs() < 1e-6, "{share}: {:?}", at(share));
        };
        check(0.0, 60.0);
        check(0.01, 90.0);
        check(0.02, 240.0);
        check(0.255, 307.5);
        check(0.43, 315.0);
        check(0.97, 352.5);
        check(1.0, 360.0);
    }
}
