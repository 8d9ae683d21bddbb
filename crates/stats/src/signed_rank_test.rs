//! Wilcoxon's signed-rank test: whether paired differences lie around 0.

use crate::Alternative;
use crate::ranks::MidRanks;

/// Up to so many differences the distribution is computed, beyond it is taken as normal.
const EXACT_UP_TO: usize = 50;

/// The p-value of Wilcoxon's signed-rank test of differences against 0.
///
/// Differences of equal size share the mean of their ranks; those that are 0 have a rank and no sign (Pratt, "Remarks on Zeros
/// and Ties in the Wilcoxon Signed Rank Procedures", 1959). With at most 50 differences the p-value is exact: the share of
/// all combinations of signs, given the ranks, whose sum is as extreme. Beyond that the sum is taken as normal, with the
/// corrections for ties and continuity. A two-sided p-value is twice the smaller of the one-sided ones, and at most 1.
///
/// Without differences, or where all are 0, it is 1. The differences must be finite.
///
/// # Examples
///
/// ```
/// use kelvin_stats::{Alternative, signed_rank_test};
///
/// let slower_by = [0.2, 0.1, 0.4, 0.3, 0.5, 0.6];
/// assert_eq!(signed_rank_test(&slower_by, Alternative::TwoSided), 1.0 / 32.0);
/// assert_eq!(signed_rank_test(&slower_by, Alternative::Greater), 1.0 / 64.0);
/// ```
pub fn signed_rank_test(differences: &[f64], alternative: Alternative) -> f64 {
    let sizes: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
    let ranks = MidRanks::of(&sizes);
    let signed = || differences.iter().zip(&ranks.doubled).filter(|(d, _)| **d != 0.0);
    let positive: u64 = signed().filter(|(d, _)| **d > 0.0).map(|(_, rank)| rank).sum();
    let doubled: Vec<u64> = signed().map(|(_, &rank)| rank).collect();
    if differences.len() <= EXACT_UP_TO {
        let (at_most, at_least) = chances(&doubled, positive);
        return alternative.p_value(at_most, at_least);
    }
    let rank = |doubled: &u64| *doubled as f64 / 2.0;
    let mean = doubled.iter().map(rank).sum::<f64>() / 2.0;
    let variance = doubled.iter().map(|doubled| rank(doubled).powi(2)).sum::<f64>() / 4.0;
    alternative.p_value_of_normal(rank(&positive), mean, variance.sqrt())
}

/// The chances that the sum of ranks with a positive sign is at most and at least `found`, when each sign is as likely as the
/// other.
fn chances(ranks: &[u64], found: u64) -> (f64, f64) {
    let sets = sign_sums(ranks);
    let all = 2.0_f64.powi(i32::try_from(ranks.len()).expect("at most 50 ranks"));
    let found = index(found);
    let at_most: f64 = sets[..=found].iter().sum();
    let at_least: f64 = sets[found..].iter().sum();
    (at_most / all, at_least / all)
}

/// How many sets of signs have each sum of ranks with a positive one. Of at most 50 ranks the counts stay below 2⁵³, so all
/// sums are exact.
pub(crate) fn sign_sums(ranks: &[u64]) -> Vec<f64> {
    let mut sets = vec![0.0_f64; index(ranks.iter().sum()) + 1];
    sets[0] = 1.0;
    let mut reached = 0;
    for rank in ranks.iter().copied().map(index) {
        reached += rank;
        for sum in (rank..=reached).rev() {
            sets[sum] += sets[sum - rank];
        }
    }
    sets
}

fn index(sum: u64) -> usize {
    usize::try_from(sum).expect("a sum of at most 50 ranks")
}
