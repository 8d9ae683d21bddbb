//! The Hodges–Lehmann pseudo-median with the interval that inverts Wilcoxon's signed-rank test.

use std::sync::LazyLock;

use crate::walsh::WalshAverages;
use crate::{Estimate, Interval, Sample, TooFew};

/// How many independent values the interval needs: of five, even the most extreme signs have a chance of 1/16.
pub const PSEUDO_MEDIAN_NEEDS: u64 = 6;

/// Up to this many values the distribution of the test is computed, beyond it is taken as normal.
const EXACT_UP_TO: u64 = 50;

/// The Hodges–Lehmann pseudo-median of independent values: the median of all means of two of them, each with itself
/// included.
///
/// The interval runs from the c-th smallest to the c-th largest of these means, c being the critical value of the
/// signed-rank test (Hollander, Wolfe and Chicken, "Nonparametric Statistical Methods", §3.3).
/// Fails only on an empty sample; with fewer than [`PSEUDO_MEDIAN_NEEDS`] values the estimate has no interval.
pub fn pseudo_median(sample: &Sample) -> Result<Estimate, TooFew> {
    if sample.is_empty() {
        return Err(TooFew::new(1, 0));
    }
    let averages = WalshAverages::of(sample);
    let ci95 = match critical_value(sample.len()) {
        0 => Err(TooFew::new(PSEUDO_MEDIAN_NEEDS, sample.len())),
        c => Ok(Interval {
            low: averages.smallest(c),
            high: averages.smallest(averages.count() + 1 - c),
        }),
    };
    Ok(Estimate { value: averages.median(), ci95 })
}

/// The largest c with P(W⁺ ≤ c − 1) ≤ 2.5 %; 0 if there is none.
fn critical_value(n: u64) -> u64 {
    static EXACT: LazyLock<Vec<u64>> =
        LazyLock::new(|| (0..=EXACT_UP_TO).map(exact_critical_value).collect());
    let exact = usize::try_from(n).ok().and_then(|n| EXACT.get(n).copied());
    exact.unwrap_or_else(|| normal_critical_value(n))
}

/// By counting for every sum of ranks the sets of signs that have it. The counts stay below 2⁵³, so all sums are exact.
fn exact_critical_value(n: u64) -> u64 {
    let n = usize::try_from(n).expect("at most 50 values get here");
    let mut sets = vec![0.0_f64; n * (n + 1) / 2 + 1];
    sets[0] = 1.0;
    for rank in 1..=n {
        for sum in (rank..sets.len()).rev() {
            sets[sum] += sets[sum - rank];
        }
    }
    let limit = 0.025 * (1_u64 << n) as f64;
    let mut at_most = 0.0;
    let within = sets.iter().take_while(|&count| {
        at_most += count;
        at_most <= limit
    });
    within.count() as u64
}

fn normal_critical_value(n: u64) -> u64 {
    const Z_975: f64 = 1.959_963_984_540_054;
    let n = n as f64;
    let mean = n * (n + 1.0) / 4.0;
    let deviation = (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive for every n beyond 50; casts of floats saturate"
    )]
    let c = (mean - Z_975 * deviation + 0.5).floor() as u64;
    c
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn critical_values_are_those_of_scipy() {
        // From scipy.stats._wilcoxon.WilcoxonDistribution(n).cdf(c - 1) <= 0.025 < .cdf(c), scipy 1.17.1.
        let check = |n, expected| assert_eq!(critical_value(n), expected, "{n}");
        check(0, 0);
        check(1, 0);
        check(5, 0);
        check(6, 1);
        check(7, 3);
        check(8, 4);
        check(10, 9);
        check(12, 14);
        check(20, 53);
        check(30, 138);
        check(40, 265);
        check(50, 435);
    }

    #[test]
    fn the_normal_approximation_continues_the_exact_values() {
        assert!(exact_critical_value(50).abs_diff(normal_critical_value(50)) <= 1);
        assert!(critical_value(51) > critical_value(50));
    }

    #[test]
    fn few_values_have_no_interval() {
        assert_eq!(pseudo_median(&Sample::default()), Err(TooFew::new(1, 0)));
        let five = pseudo_median(&(1..=5).map(f64::from).collect()).unwrap();
        assert_eq!(five.value, 3.0);
        assert_eq!(five.ci95, Err(TooFew::new(6, 5)));
    }
}
