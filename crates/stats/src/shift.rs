//! The Hodges–Lehmann estimate of how far one sample lies from another, with the interval that inverts the rank-sum test.

use crate::order_key::kth_smallest;
use crate::rank_sum_test::{EXACT_UP_TO, subset_sums};
use crate::{Estimate, Interval, Sample, TooFew, critical_value};

/// By how much the values of `b` are greater than those of `a`, which are not paired: the median of all differences.
///
/// The interval runs from the c-th smallest to the c-th largest difference, c being the critical value of the rank-sum test
/// (Hollander, Wolfe and Chicken, "Nonparametric Statistical Methods", §4.3). Two samples of 4 values are the smallest that
/// have one; a smaller sample needs a larger other one. Fails only where a sample is empty.
pub fn shift(a: &Sample, b: &Sample) -> Result<Estimate, TooFew> {
    let smaller = a.len().min(b.len());
    if smaller == 0 {
        return Err(TooFew::new(1, 0));
    }
    let count = a.len() * b.len();
    let at = |k: u64| kth_difference(a.values(), b.values(), k);
    let value =
        if count % 2 == 1 { at(count / 2 + 1) } else { (at(count / 2) + at(count / 2 + 1)) / 2.0 };
    let ci95 = match critical_rank(a.len(), b.len()) {
        0 => Err(TooFew::new(4, smaller)),
        c => Ok(Interval { low: at(c), high: at(count + 1 - c) }),
    };
    Ok(Estimate { value, ci95 })
}

/// The k-th smallest (from 1) of the differences of each value of `b` and each of `a`; both are in ascending order.
fn kth_difference(a: &[f64], b: &[f64], k: u64) -> f64 {
    let (Some(first_a), Some(last_a)) = (a.first(), a.last()) else { return f64::NAN };
    let (Some(first_b), Some(last_b)) = (b.first(), b.last()) else { return f64::NAN };
    kth_smallest(first_b - last_a, last_b - first_a, k, |x| {
        // With a greater value of `b`, fewer of `a` are near enough.
        let mut taken_off = 0;
        let mut count = 0;
        for value in b {
            while taken_off < a.len() && value - a[taken_off] > x {
                taken_off += 1;
            }
            count += (a.len() - taken_off) as u64;
        }
        count
    })
}

/// The largest c with P(U ≤ c − 1) ≤ 2.5 %; 0 if there is none.
fn critical_rank(n_a: u64, n_b: u64) -> u64 {
    if n_a.max(n_b) > EXACT_UP_TO as u64 {
        let (n_a, n_b) = (n_a as f64, n_b as f64);
        let deviation = (n_a * n_b * (n_a + n_b + 1.0) / 12.0).sqrt();
        return critical_value::normal(n_a * n_b / 2.0, deviation);
    }
    let size = usize::try_from(n_a.min(n_b)).expect("at most 50");
    let ranks: Vec<u64> = (1..=n_a + n_b).collect();
    // The smallest sum is that of the first ranks: U is 0 there.
    critical_value::exact(&subset_sums(&ranks, size)[size * (size + 1) / 2..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn critical_values_are_those_of_the_exact_distribution() {
        // scipy 1.17.1: `scipy.stats._mannwhitneyu._MWU(m, n)`: cdf(c - 1) <= 0.025 < cdf(c).
        let check = |m, n, expected| assert_eq!(critical_rank(m, n), expected, "{m} {n}");
        check(3, 3, 0);
        check(4, 4, 1);
        check(5, 5, 3);
        check(6, 6, 6);
        check(10, 10, 24);
        check(20, 20, 128);
        check(2, 8, 1);
        check(8, 2, 1);
        check(10, 20, 56);
    }

    proptest! {
        #[test]
        fn the_kth_difference_is_that_of_the_list_of_all(
            a in prop::collection::vec(-50..50_i32, 1..20),
            b in prop::collection::vec(-50..50_i32, 1..20),
        ) {
            let sample = |values: &[i32]| values.iter().map(|&v| f64::from(v) / 7.0).collect::<Sample>();
            let (a, b) = (sample(&a), sample(&b));
            let mut all: Vec<f64> =
                b.values().iter().flat_map(|b| a.values().iter().map(move |a| b - a)).collect();
            all.sort_by(f64::total_cmp);
            for (k, expected) in (1..).zip(&all) {
                prop_assert_eq!(kth_difference(a.values(), b.values(), k), *expected);
            }
        }
    }
}
