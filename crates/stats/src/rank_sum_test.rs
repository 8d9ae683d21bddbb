//! The test of Mann, Whitney and Wilcoxon: whether the values of one sample tend to be greater than those of another.

use crate::Alternative;
use crate::ranks::MidRanks;

/// Up to so many values in each sample the distribution is computed, beyond it is taken as normal.
pub(crate) const EXACT_UP_TO: usize = 50;

/// What a comparison of two samples found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankSum {
    /// In how many pairs of a value of each sample that of the second is greater; equal ones count as a half.
    pub u: f64,
    /// The same as a share of all pairs: 0.5 where neither tends to be greater. Unlike a p-value it does not grow with the
    /// samples.
    pub share: f64,
    /// How likely as much is, if both samples are from one distribution.
    pub p: f64,
}

/// Compares the values of `b` with those of `a`, which are not paired.
///
/// With at most 50 values in each the p-value is exact: the share of all ways to divide the values, given their ranks, whose
/// rank sum is as extreme; equal values share the mean of their ranks. Beyond that U is taken as normal, with the corrections
/// for ties and continuity (Hollander, Wolfe and Chicken, "Nonparametric Statistical Methods", §4.1). A two-sided p-value is
/// twice the smaller of the one-sided ones, and at most 1. `None` where a sample is empty. The values must be finite.
pub fn rank_sum_test(a: &[f64], b: &[f64], alternative: Alternative) -> Option<RankSum> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let ranks = MidRanks::of(&[b, a].concat());
    let found: u64 = ranks.doubled[..b.len()].iter().sum();
    let (n_a, n_b) = (a.len() as f64, b.len() as f64);
    let u = u(&ranks, b.len());
    let p = if a.len().max(b.len()) <= EXACT_UP_TO {
        let (at_most, at_least) = chances(&ranks.doubled, b.len(), found);
        alternative.p_value(at_most, at_least)
    } else {
        let n = n_a + n_b;
        let variance = n_a * n_b / 12.0 * (n + 1.0 - ranks.ties / (n * (n - 1.0)));
        alternative.p_value_of_normal(u, n_a * n_b / 2.0, variance.sqrt())
    };
    Some(RankSum { u, share: u / (n_a * n_b), p })
}

/// In which share of pairs of a value of each sample that of `b` is greater; equal ones count as a half. `None` where a sample
/// is empty.
pub fn share_greater(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let ranks = MidRanks::of(&[b, a].concat());
    Some(u(&ranks, b.len()) / (a.len() as f64 * b.len() as f64))
}

/// Mann and Whitney's U of the first values.
fn u(ranks: &MidRanks, first: usize) -> f64 {
    let sum: u64 = ranks.doubled[..first].iter().sum();
    let first = first as f64;
    sum as f64 / 2.0 - first * (first + 1.0) / 2.0
}

/// The chances that the sum of `size` of the ranks is at most and at least `found`, when each choice is as likely as any
/// other.
fn chances(ranks: &[u64], size: usize, found: u64) -> (f64, f64) {
    // Of the ranks that are left out, the sum is what is missing of all.
    let all: u64 = ranks.iter().sum();
    if size > ranks.len() / 2 {
        let (at_most, at_least) = chances(ranks, ranks.len() - size, all - found);
        return (at_least, at_most);
    }
    // Where no values are equal, all of them are even.
    let unit = if ranks.iter().all(|rank| rank % 2 == 0) { 2 } else { 1 };
    let mut units: Vec<u64> = ranks.iter().map(|rank| rank / unit).collect();
    // In this order the sums are the same to the last digit, whatever the order of the values.
    units.sort_unstable();
    let (sums, found) = (subset_sums(&units, size), found / unit);
    let found = usize::try_from(found).unwrap_or(usize::MAX).min(sums.len() - 1);
    let at_most: f64 = sums[..=found].iter().sum();
    let above: f64 = sums[found + 1..].iter().sum();
    let total = at_most + above;
    (at_most / total, (above + sums[found]) / total)
}

/// How many choices of `size` of the ranks have each sum.
pub(crate) fn subset_sums(ranks: &[u64], size: usize) -> Vec<f64> {
    let mut greatest = ranks.to_vec();
    greatest.sort_unstable_by(|a, b| b.cmp(a));
    let most: u64 = greatest[..size].iter().sum();
    let width = usize::try_from(most).expect("a sum of at most 50 ranks") + 1;
    // A row for each number of ranks chosen.
    let mut choices = vec![0.0_f64; (size + 1) * width];
    choices[0] = 1.0;
    for (seen, &rank) in ranks.iter().enumerate() {
        let rank = usize::try_from(rank).expect("at most twice the number of values");
        for chosen in (1..=size.min(seen + 1)).rev() {
            let (before, row) = choices.split_at_mut(chosen * width);
            let before = &before[(chosen - 1) * width..];
            for (count, fewer) in row[..width].iter_mut().skip(rank).zip(before) {
                *count += fewer;
            }
        }
    }
    choices.split_off(size * width)
}
