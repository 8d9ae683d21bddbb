//! A metric of a candidate beside that of a baseline.

use kelvin_stats::{
    Alternative, Estimate, Interval, PSEUDO_MEDIAN_NEEDS, detectable_effect, deviation, median,
    pairs_needed, pseudo_median, rank_sum_test, share_greater, shift, signed_rank_test,
};

/// How the launches of both belong to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// Each pair was measured in one block, so that what changes from block to block is in both.
    Paired {
        /// How many blocks have a launch of both.
        blocks: u64,
    },
    /// They were measured apart.
    Unpaired {
        /// Launches of the baseline.
        baseline: u64,
        /// Launches of the candidate.
        candidate: u64,
    },
}

/// Why there is nothing to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotComparable {
    /// One of both has no launch, or no block has launches of both.
    #[error("there are no launches of both")]
    Empty,
    /// A ratio of such numbers says nothing.
    #[error("a number is not positive and finite")]
    NotPositive,
}

/// A metric of a candidate beside that of a baseline, launch by launch.
///
/// Everything is of logarithms, so that a factor is a factor at any size: the ratio is `e` to the power of the Hodges–Lehmann
/// estimate of the differences.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// How launches belong to each other.
    pub design: Design,
    /// The median launch of the baseline, in the unit of the metric.
    pub baseline: f64,
    /// The median launch of the candidate.
    pub candidate: f64,
    /// Candidate / baseline.
    pub ratio: Estimate,
    /// In which share of pairs of launches the candidate's number is the greater one; equal ones count as a half.
    pub share_greater: f64,
    logs: Logs,
}

/// What the tests are made of.
#[derive(Clone, Debug, PartialEq)]
enum Logs {
    /// ln(candidate / baseline) of each block.
    Paired(Vec<f64>),
    Unpaired {
        baseline: Vec<f64>,
        candidate: Vec<f64>,
    },
}

impl Comparison {
    /// Of pairs (baseline, candidate), each from one block.
    pub fn paired(pairs: &[(f64, f64)]) -> Result<Comparison, NotComparable> {
        let (baseline, candidate): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let (from, to) = (logs(&baseline)?, logs(&candidate)?);
        let differences: Vec<f64> = to.iter().zip(&from).map(|(to, from)| to - from).collect();
        let estimate = pseudo_median(&differences.iter().copied().collect());
        Ok(Comparison {
            design: Design::Paired { blocks: pairs.len() as u64 },
            baseline: median(&baseline),
            candidate: median(&candidate),
            ratio: ratio(estimate.map_err(|_| NotComparable::Empty)?),
            share_greater: share_greater(&from, &to).ok_or(NotComparable::Empty)?,
            logs: Logs::Paired(differences),
        })
    }

    /// Of launches that were measured apart.
    pub fn unpaired(baseline: &[f64], candidate: &[f64]) -> Result<Comparison, NotComparable> {
        let (from, to) = (logs(baseline)?, logs(candidate)?);
        let estimate = shift(&from.iter().copied().collect(), &to.iter().copied().collect());
        Ok(Comparison {
            design: Design::Unpaired {
                baseline: baseline.len() as u64,
                candidate: candidate.len() as u64,
            },
            baseline: median(baseline),
            candidate: median(candidate),
            ratio: ratio(estimate.map_err(|_| NotComparable::Empty)?),
            share_greater: share_greater(&from, &to).ok_or(NotComparable::Empty)?,
            logs: Logs::Unpaired { baseline: from, candidate: to },
        })
    }

    /// How likely the data are if the candidate's numbers are no more than `1 + threshold` times as great (one-sided).
    pub fn p_greater(&self, threshold: f64) -> f64 {
        self.p_beyond(threshold.ln_1p(), Alternative::Greater)
    }

    /// How likely the data are if the baseline's numbers are no more than `1 + threshold` times as great (one-sided).
    pub fn p_less(&self, threshold: f64) -> f64 {
        self.p_beyond(-threshold.ln_1p(), Alternative::Less)
    }

    fn p_beyond(&self, log_factor: f64, side: Alternative) -> f64 {
        match &self.logs {
            Logs::Paired(differences) => {
                let beyond: Vec<f64> = differences.iter().map(|log| log - log_factor).collect();
                signed_rank_test(&beyond, side)
            }
            Logs::Unpaired { baseline, candidate } => {
                let beyond: Vec<f64> = candidate.iter().map(|log| log - log_factor).collect();
                rank_sum_test(baseline, &beyond, side).map_or(1.0, |test| test.p)
            }
        }
    }

    /// The factor, less 1, that as many launches find in four of five comparisons; `None` of fewer than two.
    pub fn detectable(&self) -> Option<f64> {
        detectable_effect(self.deviation(), self.pairs()).map(f64::exp_m1)
    }

    /// How many blocks, or launches of each, find a factor of `1 + effect` in four of five comparisons; `None` beyond a
    /// million.
    pub fn needed(&self, effect: f64) -> Option<u64> {
        let deviation = self.deviation();
        // Of one launch, or of equal ones, nothing is known of how they spread.
        if deviation.is_nan() {
            return Some(PSEUDO_MEDIAN_NEEDS);
        }
        pairs_needed(deviation, effect.ln_1p())
    }

    /// As many pairs tell as much.
    fn pairs(&self) -> u64 {
        match self.design {
            Design::Paired { blocks } => blocks,
            Design::Unpaired { baseline, candidate } => baseline.min(candidate),
        }
    }

    /// The standard deviation of the difference of two logarithms.
    fn deviation(&self) -> f64 {
        match &self.logs {
            Logs::Paired(differences) => deviation(differences),
            Logs::Unpaired { baseline, candidate } => {
                deviation(baseline).hypot(deviation(candidate))
            }
        }
    }
}

fn logs(values: &[f64]) -> Result<Vec<f64>, NotComparable> {
    if values.is_empty() {
        return Err(NotComparable::Empty);
    }
    let log = |value: &f64| Some(value.ln()).filter(|log| log.is_finite());
    values.iter().map(log).collect::<Option<_>>().ok_or(NotComparable::NotPositive)
}

/// Of logarithms.
fn ratio(estimate: Estimate) -> Estimate {
    let Estimate { value, ci95 } = estimate;
    let ci95 = ci95.map(|Interval { low, high }| Interval { low: low.exp(), high: high.exp() });
    Estimate { value: value.exp(), ci95 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * b.abs().max(1.0)
    }

    #[test]
    fn a_factor_is_found_as_a_ratio() {
        let baseline: Vec<f64> = (0..20).map(|at| 100.0 + f64::from(at)).collect();
        let pairs: Vec<(f64, f64)> = baseline.iter().map(|&value| (value, 1.1 * value)).collect();
        let paired = Comparison::paired(&pairs).unwrap();
        assert!(close(paired.ratio.value, 1.1), "{paired:?}");
        // Each block says the same, so more than 9 % is certain and more than 11 % is not.
        assert!(paired.p_greater(0.09) < 1e-5 && paired.p_greater(0.11) > 0.99);
        assert!(paired.p_less(0.0) > 0.99);
        let candidate: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
        let unpaired = Comparison::unpaired(&baseline, &candidate).unwrap();
        assert!(close(unpaired.ratio.value, 1.1) && unpaired.share_greater > 0.8);
        // Across launches that spread it takes more to say so.
        assert!(unpaired.p_greater(0.09) > 0.1 && unpaired.p_greater(0.0) < 0.001);
        assert!(unpaired.needed(0.02) > paired.needed(0.02));
    }

    #[test]
    fn what_cannot_be_compared_says_why() {
        assert_eq!(Comparison::paired(&[]), Err(NotComparable::Empty));
        assert_eq!(Comparison::unpaired(&[1.0], &[]), Err(NotComparable::Empty));
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Comparison::paired(&[(1.0, wrong)]), Err(NotComparable::NotPositive));
        }
        let one = Comparison::paired(&[(1.0, 2.0)]).unwrap();
        assert_eq!((one.ratio.value, one.detectable(), one.needed(0.02)), (2.0, None, Some(6)));
        assert!(one.ratio.ci95.is_err());
        let ties = Comparison::paired(&[(3.0, 3.0); 1_000]).unwrap();
        assert_eq!((ties.ratio.value, ties.p_greater(0.0), ties.p_less(0.03)), (1.0, 1.0, 1.0));
    }

    proptest! {
        #[test]
        fn order_unit_and_direction_change_nothing_else(
            pairs in prop::collection::vec((1.0..1e9_f64, 1.0..1e9_f64), 6..20),
        ) {
            let found = Comparison::paired(&pairs).unwrap();
            let mut other = pairs.clone();
            other.reverse();
            let scaled: Vec<(f64, f64)> = other.iter().map(|&(a, b)| (8.0 * a, 8.0 * b)).collect();
            let found_scaled = Comparison::paired(&scaled).unwrap();
            prop_assert!(close(found.ratio.value, found_scaled.ratio.value));
            prop_assert!(close(found.p_greater(0.03), found_scaled.p_greater(0.03)));
            let swapped: Vec<(f64, f64)> = pairs.iter().map(|&(a, b)| (b, a)).collect();
            let back = Comparison::paired(&swapped).unwrap();
            prop_assert!(close(back.ratio.value * found.ratio.value, 1.0));
            prop_assert!(close(back.p_less(0.03), found.p_greater(0.03)));
            prop_assert!(found.ratio.ci95.unwrap().contains(found.ratio.value));
        }
    }
}
