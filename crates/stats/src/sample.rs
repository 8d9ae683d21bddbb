//! A sample: numbers in ascending order.

use crate::{Seen, quantile_needs};

/// Numbers in ascending order; the order in which they came does not matter to any statistic of it.
///
/// The numbers must be finite: a NaN sorts to an end and makes NaN of what it touches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    sorted: Vec<f64>,
}

impl Sample {
    /// Sorts the values.
    pub fn new(mut values: Vec<f64>) -> Sample {
        values.sort_unstable_by(f64::total_cmp);
        Sample { sorted: values }
    }

    /// How many numbers it has.
    pub fn len(&self) -> u64 {
        self.sorted.len() as u64
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// Its numbers in ascending order.
    pub fn values(&self) -> &[f64] {
        &self.sorted
    }

    /// Arithmetic mean, added up in ascending order; `None` of an empty sample.
    pub fn mean(&self) -> Option<f64> {
        if self.sorted.is_empty() {
            return None;
        }
        Some(self.sorted.iter().sum::<f64>() / self.sorted.len() as f64)
    }

    /// The quantile at `q` (0 to 1; what lies outside is taken as the nearer end); `None` of an empty sample.
    ///
    /// This is type 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages" (1996), the default of numpy, R and
    /// spreadsheets: with `h = (n − 1) q`, linear between the numbers at ⌊h⌋ and ⌊h⌋ + 1.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let last = self.sorted.len().checked_sub(1)?;
        let h = last as f64 * q.clamp(0.0, 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "h lies between 0 and the last index"
        )]
        let below = (h.floor() as usize).min(last);
        let low = self.sorted[below];
        let high = self.sorted[(below + 1).min(last)];
        Some(low + (h - h.floor()) * (high - low))
    }

    /// What was seen; `None` of an empty sample.
    pub fn seen(&self) -> Option<Seen> {
        let (&min, &max) = (self.sorted.first()?, self.sorted.last()?);
        Some(Seen { min, median: self.quantile(0.5)?, max })
    }

    /// [`Sample::quantile`], where the sample is large enough for an interval of it: see [`quantile_needs`].
    pub fn quantile_if_enough(&self, q: f64) -> Option<f64> {
        self.quantile(q).filter(|_| self.len() >= quantile_needs(q))
    }
}

impl FromIterator<f64> for Sample {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Sample {
        Sample::new(values.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolates_between_neighbours() {
        let check = |values: &[f64], q: f64, expected: Option<f64>| {
            assert_eq!(values.iter().copied().collect::<Sample>().quantile(q), expected, "{q}");
        };
        check(&[], 0.5, None);
        check(&[7.0], 0.0, Some(7.0));
        check(&[7.0], 0.99, Some(7.0));
        check(&[4.0, 1.0, 3.0, 2.0], 0.5, Some(2.5));
        check(&[4.0, 1.0, 3.0, 2.0], 0.25, Some(1.75));
        check(&[4.0, 1.0, 3.0, 2.0], 1.0, Some(4.0));
        check(&[4.0, 1.0, 3.0, 2.0], 2.0, Some(4.0));
        check(&[4.0, 1.0, 3.0, 2.0], -1.0, Some(1.0));
        check(&[5.0, 5.0, 5.0], 0.9, Some(5.0));
    }

    #[test]
    fn an_empty_sample_has_no_mean() {
        assert_eq!(Sample::default().mean(), None);
        assert_eq!(Sample::new(vec![1.0, 2.0, 6.0]).mean(), Some(3.0));
    }
}
