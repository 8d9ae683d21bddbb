//! Numbers of which several belong to one launch, and the estimates that take a launch as one observation.

use std::collections::BTreeMap;

use crate::{Estimate, PSEUDO_MEDIAN_NEEDS, Sample, TooFew, mean, pseudo_median};

/// Numbers by launch. Those of one launch are not independent of each other, so each launch counts once.
///
/// Everything that shows, compares or decides something of warm invocations takes it from here, so that a table, a script
/// and a threshold cannot differ.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ByLaunch {
    /// None of them is empty; in the order of the launches.
    launches: Vec<Sample>,
}

/// What was seen of numbers that are too few for an estimate: it says nothing of what was not seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// The least.
    pub min: f64,
    /// The median of all of them together.
    pub median: f64,
    /// The greatest.
    pub max: f64,
}

impl ByLaunch {
    /// How many launches have a number.
    pub fn launches(&self) -> u64 {
        self.launches.len() as u64
    }

    /// How many numbers there are.
    pub fn len(&self) -> u64 {
        self.launches.iter().map(Sample::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.launches.is_empty()
    }

    /// The mean of the launches' means, with Student's interval over launches: see [`mean()`].
    pub fn mean(&self) -> Result<Estimate, TooFew> {
        mean(&self.means().into_iter().collect())
    }

    /// The Hodges–Lehmann estimate over the launches' own quantiles at `q`, with its signed-rank interval.
    ///
    /// Value and interval are of the same quantity, the quantile of a typical launch: see [`pseudo_median()`]. A launch counts
    /// only if it has [`own_quantile_needs`] numbers. Fails where fewer than [`PSEUDO_MEDIAN_NEEDS`] launches count: there
    /// would be no interval, so there is no value either.
    pub fn quantile(&self, q: f64) -> Result<Estimate, TooFew> {
        let own = self.own_quantiles(q).into_iter().flatten().collect::<Sample>();
        if own.len() < PSEUDO_MEDIAN_NEEDS {
            let each = own_quantile_needs(q);
            return Err(TooFew { needs: PSEUDO_MEDIAN_NEEDS, each, has: own.len() });
        }
        pseudo_median(&own)
    }

    /// The mean of each launch, in the order of the launches.
    pub fn means(&self) -> Vec<f64> {
        self.launches.iter().filter_map(Sample::mean).collect()
    }

    /// The quantile at `q` of each launch, in the order of the launches; `None` of one that does not count.
    pub fn own_quantiles(&self, q: f64) -> Vec<Option<f64>> {
        let needs = own_quantile_needs(q);
        let own = |launch: &Sample| launch.quantile(q).filter(|_| launch.len() >= needs);
        self.launches.iter().map(own).collect()
    }

    /// All numbers as one sample, whatever launch they are of.
    pub fn pooled(&self) -> Sample {
        self.launches.iter().flat_map(Sample::values).copied().collect()
    }

    /// What was seen; `None` if nothing was.
    pub fn seen(&self) -> Option<Seen> {
        self.pooled().seen()
    }
}

/// Numbers, each with its launch.
impl<Launch: Ord> FromIterator<(Launch, f64)> for ByLaunch {
    fn from_iter<I: IntoIterator<Item = (Launch, f64)>>(numbers: I) -> ByLaunch {
        let mut launches: BTreeMap<Launch, Vec<f64>> = BTreeMap::new();
        for (launch, number) in numbers {
            launches.entry(launch).or_default().push(number);
        }
        ByLaunch { launches: launches.into_values().map(Sample::new).collect() }
    }
}

/// How many numbers a launch needs for a quantile of its own: 2 for the median, 10 for p90, 100 for p99.
///
/// With fewer, less than one of them is expected to lie beyond it, and the quantile is little else than the extreme.
/// The ends themselves, `q` = 0 and `q` = 1, are never known: `u64::MAX`.
pub fn own_quantile_needs(q: f64) -> u64 {
    let beyond = q.min(1.0 - q);
    if beyond.is_nan() || beyond <= 0.0 {
        return u64::MAX;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive count; casts of floats saturate"
    )]
    // 1 − 0.9 is a little less than a tenth.
    let needs = (1.0 / beyond - 1e-6).ceil() as u64;
    needs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launches(sizes: &[u64]) -> ByLaunch {
        let numbers = (1_u32..)
            .zip(sizes)
            .flat_map(|(launch, &n)| (0..n).map(move |i| (launch, f64::from(launch) + i as f64)));
        numbers.collect()
    }

    #[test]
    fn knows_what_a_launch_needs() {
        let check = |q, expected| assert_eq!(own_quantile_needs(q), expected, "{q}");
        check(0.5, 2);
        check(0.75, 4);
        check(0.9, 10);
        check(0.1, 10);
        check(0.95, 20);
        check(0.99, 100);
        check(0.999, 1000);
        for q in [0.0, 1.0, 2.0, f64::NAN] {
            check(q, u64::MAX);
        }
    }

    #[test]
    fn a_launch_counts_once_however_many_numbers_it_has() {
        // Means 1, 2 and 4 of 1, 1 and 3 numbers: not the 2.8 of all numbers together.
        assert_eq!(launches(&[1, 1, 3]).mean().map(|mean| mean.value), Ok(7.0 / 3.0));
        assert_eq!(launches(&[1, 1, 3]).len(), 5);
        assert_eq!(launches(&[1, 1, 3]).launches(), 3);
        let six = launches(&[2; 6]).quantile(0.5).unwrap();
        assert_eq!((six.value, six.ci95.unwrap().low, six.ci95.unwrap().high), (4.0, 1.5, 6.5));
        // Six that are a hundred times as large do not move the median of the others.
        assert_eq!(launches(&[2, 2, 2, 2, 2, 200]).quantile(0.5).map(|e| e.value > 5.0), Ok(false));
    }

    #[test]
    fn launches_that_are_too_small_do_not_count() {
        let too_few = |each, has| Err(TooFew { needs: 6, each, has });
        assert_eq!(launches(&[]).quantile(0.5), too_few(2, 0));
        assert_eq!(launches(&[50; 5]).quantile(0.5), too_few(2, 5));
        assert_eq!(launches(&[50, 50, 50, 50, 50, 1]).quantile(0.5), too_few(2, 5));
        assert_eq!(launches(&[9; 20]).quantile(0.9), too_few(10, 0));
        assert!(launches(&[10; 6]).quantile(0.9).is_ok());
        assert_eq!(launches(&[]).mean(), Err(TooFew { needs: 1, each: 1, has: 0 }));
        assert_eq!(launches(&[]).seen(), None);
        let seen = launches(&[1, 2]).seen().unwrap();
        assert_eq!((seen.min, seen.median, seen.max), (1.0, 2.0, 3.0));
    }
}
