//! How one quantity compares with another, from pairs of both.

use crate::{Estimate, Interval, PSEUDO_MEDIAN_NEEDS, Sample, TooFew, pseudo_median};

/// How many times the second number of a pair the first one is: the pseudo-median of the logarithms' differences, as a
/// factor, with its signed-rank interval.
///
/// Pairs of what happened close together, such as in one block of a scenario, share the drift of the machine, which cancels.
/// A pair in which a number is not positive does not count. Fails where fewer than [`PSEUDO_MEDIAN_NEEDS`] pairs count.
pub fn times(pairs: impl IntoIterator<Item = (f64, f64)>) -> Result<Estimate, TooFew> {
    let positive = pairs.into_iter().filter(|(a, b)| *a > 0.0 && *b > 0.0);
    let estimate = of_pairs(&positive.map(|(a, b)| a.ln() - b.ln()).collect())?;
    let ci95 =
        estimate.ci95.map(|Interval { low, high }| Interval { low: low.exp(), high: high.exp() });
    Ok(Estimate { value: estimate.value.exp(), ci95 })
}

/// By how much the first number of a pair is more than the second, in the same way.
pub fn more(pairs: impl IntoIterator<Item = (f64, f64)>) -> Result<Estimate, TooFew> {
    of_pairs(&pairs.into_iter().map(|(a, b)| a - b).collect())
}

fn of_pairs(differences: &Sample) -> Result<Estimate, TooFew> {
    if differences.len() < PSEUDO_MEDIAN_NEEDS {
        return Err(TooFew::new(PSEUDO_MEDIAN_NEEDS, differences.len()));
    }
    pseudo_median(differences)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_within_pairs() {
        // A drift that is larger than the difference cancels.
        let pairs: Vec<(f64, f64)> =
            (1..=8).map(|i| f64::from(i) * 10.0).map(|x| (2.0 * x, x)).collect();
        let twice = times(pairs.clone()).unwrap();
        assert!((twice.value - 2.0).abs() < 1e-12);
        assert!(twice.ci95.unwrap().high < 2.0 + 1e-12);
        assert_eq!(more(pairs.iter().map(|(a, b)| (b + 3.0, a / 2.0))).map(|e| e.value), Ok(3.0));
        assert_eq!(times(pairs[..5].iter().copied()), Err(TooFew::new(6, 5)));
        let with_nothing = pairs[..5].iter().copied().chain([(0.0, 1.0), (1.0, 0.0)]);
        assert_eq!(times(with_nothing), Err(TooFew::new(6, 5)));
    }
}
