//! What Lambda bills an invocation for.

/// Billed duration in milliseconds: the sum of duration and Init Duration, rounded up to the next millisecond.
///
/// `init_ns` is the Init Duration of a cold start and `None` otherwise; a suppressed init is inside the duration.
/// INIT is billed for every configuration since 2025-08-01, and was for custom runtimes before that (AWS Compute Blog,
/// "AWS Lambda standardizes billing for INIT Phase").
pub fn billed_ms(duration_ns: u64, init_ns: Option<u64>) -> u64 {
    (duration_ns + init_ns.unwrap_or(0)).div_ceil(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_the_sum_up() {
        let check = |duration_ns, init_ns, expected| {
            assert_eq!(billed_ms(duration_ns, init_ns), expected, "{duration_ns} + {init_ns:?}");
        };
        check(0, None, 0);
        check(1, None, 1);
        check(1_000_000, None, 1);
        check(1_001_000, None, 2);
        // Published REPORT lines: duration + Init Duration -> Billed Duration.
        check(1_293_830_000, Some(1_049_630_000), 2_344);
        check(133_610_000, Some(80_000_000), 214);
        check(3_016_780_000, Some(84_000_000), 3_101);
        check(3_010_000, Some(110_100_000), 114);
    }
}
