//! Which effect a comparison of paired values finds, and how many pairs it takes to find one.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::PSEUDO_MEDIAN_NEEDS;

/// More pairs than anybody measures.
const MOST: u64 = 1_000_000;

/// The effect that `pairs` differences with the standard deviation `deviation` find in four of five comparisons, in the same
/// unit, for a two-sided test at 5 %: see [`effect_found`]. `None` of fewer than two pairs.
pub fn detectable_effect(deviation: f64, pairs: u64) -> Option<f64> {
    effect_found(deviation, pairs, 0.025, 0.8)
}

/// The effect that a one-sided test at `significance` finds with the chance `power`: `s (t(1 − significance, n − 1) + t(power,
/// n − 1)) / √n`. `None` of fewer than two pairs, and where a chance is not between 0 and 1.
///
/// Of Student's test (Bland, "An Introduction to Medical Statistics", §18.4); the signed-rank test needs 5 % more pairs where
/// differences are normal, and fewer where they have long tails.
pub fn effect_found(deviation: f64, pairs: u64, significance: f64, power: f64) -> Option<f64> {
    let is_chance = |chance: f64| 0.0 < chance && chance < 1.0;
    let freedom = pairs.checked_sub(1).filter(|&freedom| freedom > 0)? as f64;
    let t = StudentsT::new(0.0, 1.0, freedom).ok()?;
    let of = |chance| is_chance(chance).then(|| t.inverse_cdf(chance));
    Some(deviation * (of(1.0 - significance)? + of(power)?) / (pairs as f64).sqrt())
}

/// How many pairs find an effect of this size in four of five comparisons: the smallest number, of at least 6, of which
/// [`detectable_effect`] is at most `effect`. `None` beyond a million, or where the effect is not positive.
pub fn pairs_needed(deviation: f64, effect: f64) -> Option<u64> {
    let enough = |pairs| detectable_effect(deviation, pairs).is_some_and(|least| least <= effect);
    if effect <= 0.0 || !enough(MOST) {
        return None;
    }
    // The detectable effect falls with the number of pairs.
    let (mut low, mut high) = (PSEUDO_MEDIAN_NEEDS, MOST);
    while low < high {
        let middle = low + (high - low) / 2;
        if enough(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effect_falls_with_the_number_of_pairs() {
        // numpy, scipy 1.17.1: `(t.ppf(.975, n - 1) + t.ppf(.8, n - 1)) / sqrt(n)`.
        let check = |pairs, expected: f64| {
            let effect = detectable_effect(1.0, pairs).unwrap();
            assert!((effect - expected).abs() < 1e-9, "{pairs}: {effect}");
        };
        check(6, 1.424_837_816_185_980_3);
        check(10, 0.994_713_735_009_673_4);
        check(20, 0.660_528_801_986_637);
        check(50, 0.404_266_188_887_413_3);
        assert_eq!(detectable_effect(1.0, 1), None);
        assert_eq!(detectable_effect(1.0, 0), None);
    }

    #[test]
    fn needed_pairs_are_the_fewest_that_find_the_effect() {
        for effect in [0.2, 0.5, 0.66, 1.0] {
            let pairs = pairs_needed(1.0, effect).unwrap();
            assert!(detectable_effect(1.0, pairs).unwrap() <= effect, "{effect}");
            assert!(detectable_effect(1.0, pairs - 1).unwrap() > effect, "{effect}");
        }
        assert_eq!(pairs_needed(1.0, 10.0), Some(6));
        assert_eq!(pairs_needed(0.0, 0.1), Some(6));
        assert_eq!(pairs_needed(1.0, 0.0), None);
        assert_eq!(pairs_needed(1.0, 1e-9), None);
        assert_eq!(pairs_needed(f64::NAN, 0.1), None);
    }
}
