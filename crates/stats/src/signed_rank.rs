//! The Hodges–Lehmann pseudo-median with the interval that inverts Wilcoxon's signed-rank test.

use std::sync::LazyLock;

use crate::signed_rank_test::sign_sums;
use crate::walsh::WalshAverages;
use crate::{Estimate, Interval, Sample, TooFew, critical_value};

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
    let ci95 = match critical_rank(sample.len()) {
        0 => Err(TooFew::new(PSEUDO_MEDIAN_NEEDS, sample.len())),
        c => Ok(Interval {
            low: averages.smallest(c),
            high: averages.smallest(averages.count() + 1 - c),
        }),
    };
    Ok(Estimate { value: averages.median(), ci95 })
}

/// The largest c with P(W⁺ ≤ c − 1) ≤ 2.5 %; 0 if there is none.
fn critical_rank(n: u64) -> u64 {
    static EXACT: LazyLock<Vec<u64>> =
        LazyLock::new(|| (0..=EXACT_UP_TO).map(exact_critical_value).collect());
    let exact = usize::try_from(n).ok().and_then(|n| EXACT.get(n).copied());
    exact.unwrap_or_else(|| normal_critical_value(n))
}

fn exact_critical_value(n: u64) -> u64 {
    critical_value::exact(&sign_sums(&(1..=n).collect::<Vec<u64>>()))
}

fn normal_critical_value(n: u64) -> u64 {
    let n = n as f64;
    let mean = n * (n + 1.0) / 4.0;
    let deviation = (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt();
    critical_value::normal(mean, deviation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn critical_values_are_those_of_scipy() {
        // From scipy.stats._wilcoxon.WilcoxonDistribution(n).cdf(c - 1) <= 0.025 < .cdf(c), scipy 1.17.1.
        let check = |n, expected| assert_eq!(critical_rank(n), expected, "{n}");
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
        assert!(critical_rank(51) > critical_rank(50));
    }

    #[test]
    fn few_values_have_no_interval() {
        assert_eq!(pseudo_median(&Sample::default()), Err(TooFew::new(1, 0)));
        let five = pseudo_median(&(1..=5).map(f64::from).collect()).unwrap();
        assert_eq!(five.value, 3.0);
        assert_eq!(five.ci95, Err(TooFew::new(6, 5)));
    }
}
