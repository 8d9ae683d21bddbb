//! Whether a candidate is worse, better or the same, or whether that cannot be told.
//!
//! All metrics here are better when they are smaller.

use kelvin_stats::{PSEUDO_MEDIAN_NEEDS, holm};

use crate::{Comparison, Design};

/// A verdict of regression or improvement is wrong with at most this chance, in all comparisons of a family together.
pub const SIGNIFICANCE: f64 = 0.01;

/// What a difference must be to matter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// As a factor, less 1: 0.03 for 3 %. Above 0.
    pub threshold: f64,
    /// In the unit of the metric, of the difference between the medians of launches. Not below 0.
    pub floor: f64,
}

/// What is said of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Worse by more than the threshold and the floor.
    Regression,
    /// Better by more than the threshold and the floor.
    Improvement,
    /// The whole interval of the ratio lies within the threshold.
    Equivalent,
    /// None of these can be told.
    Inconclusive {
        /// How many blocks, or launches of each, are likely to tell; `None` beyond a million.
        needs: Option<u64>,
    },
}

/// One step on the way to a verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What was asked, up to the figure that is demanded.
    pub question: &'static str,
    /// What both figures are.
    pub figure: Figure,
    /// What was found.
    pub value: f64,
    /// What it has to be.
    pub demand: f64,
    /// Whether it is.
    pub passed: bool,
}

/// What a figure of a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// A number of launches.
    Launches,
    /// In the unit of the metric.
    OfMetric,
    /// A chance, from 0 to 1.
    Chance,
    /// A factor, less 1.
    Factor,
}

/// A verdict and how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// What is said.
    pub verdict: Verdict,
    /// The chance of data like these if the candidate is not worse by more than the threshold, adjusted for the family.
    pub p_worse: f64,
    /// The same for better.
    pub p_better: f64,
    /// Each question, in the order in which they were asked.
    pub steps: Vec<Step>,
}

/// Judges all comparisons of one family: those of which somebody would act on any.
///
/// - *Regression*: the minimum-effect test says that the candidate is greater by more than the threshold, at
///   [`SIGNIFICANCE`] after Holm's adjustment over the family and both directions, and the medians differ by the floor.
/// - *Improvement*: likewise in the other direction.
/// - *Equivalent*: the 95 % interval of the ratio lies between `1 / (1 + threshold)` and `1 + threshold`.
/// - *Inconclusive*: none of these, with the number of blocks that would find twice the threshold.
pub fn judge(family: &[(Comparison, Demand)]) -> Vec<Judgement> {
    let worse = family.iter().map(|(comparison, demand)| comparison.p_greater(demand.threshold));
    let better = family.iter().map(|(comparison, demand)| comparison.p_less(demand.threshold));
    let adjusted = holm(&worse.chain(better).collect::<Vec<f64>>());
    let (worse, better) = adjusted.split_at(family.len());
    let of_both = worse.iter().zip(better);
    family.iter().zip(of_both).map(|((c, d), (w, b))| judge_one(c, *d, *w, *b)).collect()
}

fn judge_one(comparison: &Comparison, demand: Demand, p_worse: f64, p_better: f64) -> Judgement {
    let mut steps = Vec::new();
    let mut ask = |question, figure, value: f64, demand: f64, passed: bool| {
        steps.push(Step { question, figure, value, demand, passed });
        passed
    };
    let Demand { threshold, floor } = demand;
    let n = match comparison.design {
        Design::Paired { blocks } => blocks,
        Design::Unpaired { baseline, candidate } => baseline.min(candidate),
    } as f64;
    let needs = PSEUDO_MEDIAN_NEEDS as f64;
    let is_enough = ask("launches of each, at least", Figure::Launches, n, needs, n >= needs);
    let apart = (comparison.candidate - comparison.baseline).abs();
    let is_apart = ask("medians apart by at least", Figure::OfMetric, apart, floor, apart >= floor);
    let significance = SIGNIFICANCE;
    let worse = "worse by more than the threshold: p at most";
    let is_worse = ask(worse, Figure::Chance, p_worse, significance, p_worse <= significance);
    let better = "better by more than the threshold: p at most";
    let is_better = ask(better, Figure::Chance, p_better, significance, p_better <= significance);
    let furthest = comparison
        .ratio
        .ci95
        .map_or(f64::INFINITY, |interval| interval.high.max(1.0 / interval.low) - 1.0);
    let within = "the interval's further bound, at most";
    let is_within = ask(within, Figure::Factor, furthest, threshold, furthest <= threshold);
    let verdict = match (is_worse, is_better) {
        (true, _) if is_enough && is_apart => Verdict::Regression,
        (_, true) if is_enough && is_apart => Verdict::Improvement,
        _ if is_within => Verdict::Equivalent,
        _ => Verdict::Inconclusive { needs: comparison.needed(2.0 * threshold) },
    };
    Judgement { verdict, p_worse, p_better, steps }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks whose ratios are these.
    fn of_ratios(ratios: impl IntoIterator<Item = f64>) -> Comparison {
        let pairs: Vec<(f64, f64)> = ratios.into_iter().map(|ratio| (1e6, ratio * 1e6)).collect();
        Comparison::paired(&pairs).unwrap()
    }

    /// Twenty ratios around one, within 1 %.
    fn around(ratio: f64) -> Comparison {
        of_ratios((0..20).map(|at| ratio * (0.99 + 0.001 * f64::from(at))))
    }

    fn verdict(comparison: Comparison, demand: Demand) -> Verdict {
        judge(&[(comparison, demand)])[0].verdict
    }

    const DEMAND: Demand = Demand { threshold: 0.03, floor: 20_000.0 };

    #[test]
    fn there_are_four_verdicts() {
        assert_eq!(verdict(around(1.06), DEMAND), Verdict::Regression);
        assert_eq!(verdict(around(0.94), DEMAND), Verdict::Improvement);
        assert_eq!(verdict(around(1.0), DEMAND), Verdict::Equivalent);
        assert_eq!(verdict(around(1.015), DEMAND), Verdict::Equivalent);
        let wide = of_ratios((0..20).map(|at| if at % 2 == 0 { 0.9 } else { 1.1 }));
        assert!(matches!(verdict(wide, DEMAND), Verdict::Inconclusive { needs: Some(21..200) }));
        // Beyond the threshold, and of no account in the unit of the metric.
        let floor = Demand { floor: 1e6, ..DEMAND };
        assert!(matches!(verdict(around(1.06), floor), Verdict::Inconclusive { .. }));
        // Whatever they say, five blocks are not enough.
        let five = of_ratios([2.0; 5]);
        assert!(matches!(verdict(five, DEMAND), Verdict::Inconclusive { .. }));
        let one = of_ratios([2.0]);
        assert_eq!(verdict(one, DEMAND), Verdict::Inconclusive { needs: Some(6) });
    }

    #[test]
    fn many_comparisons_demand_more_of_each() {
        // 8 of 8 blocks: a chance of 1/256 each.
        let eight = || of_ratios([1.06; 8]);
        assert_eq!(judge(&[(eight(), DEMAND)])[0].verdict, Verdict::Regression);
        let family: Vec<_> = (0..10).map(|_| (eight(), DEMAND)).collect();
        let verdicts = judge(&family);
        assert!(verdicts.iter().all(|j| matches!(j.verdict, Verdict::Inconclusive { .. })));
        assert_eq!(verdicts[0].steps.len(), 5);
    }
}
