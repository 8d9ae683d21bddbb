//! The smallest threshold that a number of blocks can decide.

use kelvin_stats::effect_found;

use crate::{Demand, SIGNIFICANCE};

/// Twice the threshold is found in this share of comparisons.
const POWER: f64 = 0.95;
/// Launches have tails, which the formula does not know: so much more than it says.
const TAILS: f64 = 1.1;

impl Demand {
    /// This demand with the threshold raised, if need be, to what so many blocks can decide: twice the threshold is then found
    /// in 95 of 100 comparisons.
    ///
    /// `deviation` is the standard deviation of ln(candidate / baseline) from block to block, `family` the number of comparisons
    /// that are judged together. The threshold is infinite where no factor can be found.
    pub fn decidable(self, deviation: f64, blocks: u64, family: usize) -> Demand {
        // Holm's adjustment is over both directions.
        let significance = SIGNIFICANCE / (2.0 * family.max(1) as f64);
        let Some(effect) = effect_found(deviation, blocks, significance, POWER) else {
            return self;
        };
        // ln(1 + 2 t) - ln(1 + t) must be that: how far twice the threshold lies beyond the threshold.
        let beyond = (TAILS * effect).exp();
        let least = if beyond < 2.0 { (beyond - 1.0) / (2.0 - beyond) } else { f64::INFINITY };
        Demand { threshold: self.threshold.max(least), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_raises_a_threshold_and_blocks_lower_it() {
        let three = Demand { threshold: 0.03, floor: 0.0 };
        let decidable = |deviation, blocks| three.decidable(deviation, blocks, 1).threshold;
        assert_eq!(decidable(0.005, 20), 0.03);
        assert_eq!(decidable(0.0, 20), 0.03);
        assert_eq!(decidable(0.2, 1), 0.03);
        assert!(decidable(0.2, 20) > decidable(0.1, 20) && decidable(0.1, 20) > 0.1);
        assert!(decidable(0.2, 20) > decidable(0.2, 100));
        assert_eq!(decidable(5.0, 6), f64::INFINITY);
        assert!(three.decidable(0.2, 20, 9).threshold > decidable(0.2, 20));
    }
}
