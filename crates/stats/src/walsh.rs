//! Walsh averages: the means of all pairs of a sample, each value with itself included.

use crate::Sample;
use crate::order_key::kth_smallest;

/// The n(n + 1)/2 averages of a sample, in ascending order, without ever being listed.
///
/// For a million launches there are 5·10¹¹ of them; a single one is found by bisection instead, with n steps a turn.
pub(crate) struct WalshAverages<'a> {
    sorted: &'a [f64],
}

impl<'a> WalshAverages<'a> {
    /// Of a sample with at least one value.
    pub(crate) fn of(sample: &'a Sample) -> WalshAverages<'a> {
        WalshAverages { sorted: sample.values() }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        let n = self.sorted.len() as u64;
        n * (n + 1) / 2
    }

    /// Their median.
    pub(crate) fn median(&self) -> f64 {
        let count = self.count();
        let low = self.smallest(count.div_ceil(2));
        let high = self.smallest(count / 2 + 1);
        average(low, high)
    }

    /// The k-th smallest, from 1 to [`WalshAverages::count`]: the smallest number that k averages do not exceed.
    pub(crate) fn smallest(&self, k: u64) -> f64 {
        let (Some(&first), Some(&last)) = (self.sorted.first(), self.sorted.last()) else {
            return f64::NAN;
        };
        kth_smallest(first, last, k, |x| self.at_most(x))
    }

    /// How many averages do not exceed `x`. They grow with either value, so the partners of a greater value are fewer.
    fn at_most(&self, x: f64) -> u64 {
        let mut partners = self.sorted.len();
        let mut count = 0;
        for (i, &value) in self.sorted.iter().enumerate() {
            while partners > i && average(value, self.sorted[partners - 1]) > x {
                partners -= 1;
            }
            if partners == i {
                break;
            }
            count += (partners - i) as u64;
        }
        count
    }
}

fn average(a: f64, b: f64) -> f64 {
    (a + b) / 2.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agree_with_the_list_of_all(values in prop::collection::vec(-1e6..1e6_f64, 1..40)) {
            let mut all: Vec<f64> = values
                .iter()
                .enumerate()
                .flat_map(|(i, &a)| values[i..].iter().map(move |&b| average(a, b)))
                .collect();
            all.sort_by(f64::total_cmp);
            let sample = Sample::new(values);
            let averages = WalshAverages::of(&sample);
            prop_assert_eq!(averages.count(), all.len() as u64);
            for (k, expected) in (1..).zip(&all) {
                prop_assert_eq!(averages.smallest(k), *expected);
            }
        }
    }
}
