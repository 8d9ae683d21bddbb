//! Whether durations lie around one value or around several.

use crate::Sample;
use crate::spread::deviation;

/// How many places the density is estimated at.
const PLACES: usize = 512;
/// Two peaks are two modes if the density between them falls below this share of the lower one.
const VALLEY: f64 = 0.7;
/// A mode has at least this share of the values.
const SHARE: f64 = 0.1;
/// Fewer different values, such as times in whole milliseconds, have peaks by themselves.
const DIFFERENT: usize = 20;

/// A value around which durations lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mode {
    /// Where the density of the logarithms is greatest, in the unit of the values.
    pub at: f64,
    /// The share of the values that belong to it.
    pub share: f64,
}

/// The modes of positive values, in ascending order; one where they lie around one value.
///
/// The density of the logarithms is estimated with Gaussian kernels of the width `0.9 min(s, IQR / 1.349) n^-0.2` (Silverman,
/// "Density Estimation for Statistics and Data Analysis", §3.4). Of two peaks the lower one is a mode of its own only if the
/// density between them falls below 0.7 of it, and 10 % of the values lie on its side.
/// `None` with fewer than 20 different values, and where one is not positive and finite. Not for values of several launches
/// together, whose levels differ.
pub fn modes(values: &[f64]) -> Option<Vec<Mode>> {
    if !values.iter().all(|value| *value > 0.0 && value.is_finite()) {
        return None;
    }
    let logs: Sample = values.iter().map(|value| value.ln()).collect();
    let mut different = logs.values().to_vec();
    different.dedup();
    if different.len() < DIFFERENT {
        return None;
    }
    let density = Density::of(&logs);
    let mut modes = density.peaks();
    while let Some(at) = modes.windows(2).position(|pair| !density.are_apart(pair)) {
        let lower =
            if density.at[modes[at].peak] < density.at[modes[at + 1].peak] { at } else { at + 1 };
        density.merge(&mut modes, lower);
    }
    while modes.len() > 1
        && let Some(small) = modes.iter().position(|mode| density.share(mode) < SHARE)
    {
        density.merge(&mut modes, small);
    }
    let mode =
        |hill: &Hill| Mode { at: density.place(hill.peak).exp(), share: density.share(hill) };
    Some(modes.iter().map(mode).collect())
}

/// A peak of the density and what belongs to it: places from one valley to the next.
#[derive(Clone, Debug)]
struct Hill {
    from: usize,
    peak: usize,
    to: usize,
}

/// An estimated density at evenly spaced places.
struct Density<'a> {
    sample: &'a Sample,
    first: f64,
    step: f64,
    at: Vec<f64>,
}

impl Density<'_> {
    fn of(sample: &Sample) -> Density<'_> {
        let values = sample.values();
        let quantile = |q| sample.quantile(q).unwrap_or(f64::NAN);
        let iqr = (quantile(0.75) - quantile(0.25)) / 1.349;
        let spread = deviation(values);
        let spread = if iqr > 0.0 { spread.min(iqr) } else { spread };
        let width = 0.9 * spread * (values.len() as f64).powf(-0.2);
        let (first, last) = (quantile(0.0) - 3.0 * width, quantile(1.0) + 3.0 * width);
        let step = (last - first) / (PLACES - 1) as f64;
        let height = |place: usize| {
            let place = first + step * place as f64;
            // Beyond eight widths a kernel adds less than 1e-13 of its height.
            let from = values.partition_point(|value| *value < place - 8.0 * width);
            let near = values[from..].iter().take_while(|value| **value <= place + 8.0 * width);
            near.map(|value| (-((place - value) / width).powi(2) / 2.0).exp()).sum()
        };
        Density { sample, first, step, at: (0..PLACES).map(height).collect() }
    }

    fn place(&self, at: usize) -> f64 {
        self.first + self.step * at as f64
    }

    /// All local maxima, each with what lies up to the lowest places between it and its neighbours.
    fn peaks(&self) -> Vec<Hill> {
        let rises = |at: usize| at == 0 || self.at[at] > self.at[at - 1];
        let falls = |at: usize| at + 1 == PLACES || self.at[at] >= self.at[at + 1];
        let peaks: Vec<usize> = (0..PLACES).filter(|&at| rises(at) && falls(at)).collect();
        let valleys: Vec<usize> =
            peaks.windows(2).map(|pair| self.valley(pair[0], pair[1])).collect();
        let from = [0].into_iter().chain(valleys.iter().copied());
        let to = valleys.iter().copied().chain([PLACES]);
        peaks.iter().zip(from.zip(to)).map(|(&peak, (from, to))| Hill { from, peak, to }).collect()
    }

    /// The lowest place between two.
    fn valley(&self, from: usize, to: usize) -> usize {
        (from..=to).min_by(|&a, &b| self.at[a].total_cmp(&self.at[b])).unwrap_or(from)
    }

    fn are_apart(&self, pair: &[Hill]) -> bool {
        let lower = self.at[pair[0].peak].min(self.at[pair[1].peak]);
        self.at[self.valley(pair[0].peak, pair[1].peak)] <= VALLEY * lower
    }

    /// The share of the values in it.
    fn share(&self, hill: &Hill) -> f64 {
        let values = self.sample.values();
        let before = |place: usize| match place {
            0 => 0,
            PLACES => values.len(),
            _ => values.partition_point(|value| *value < self.place(place)),
        };
        (before(hill.to) - before(hill.from)) as f64 / values.len() as f64
    }

    /// Gives what belongs to one peak to the neighbour from which less of a valley divides it.
    fn merge(&self, hills: &mut Vec<Hill>, at: usize) {
        let Hill { from, to, peak } = hills.remove(at);
        let depth = |hill: &Hill| {
            let (low, high) = (hill.peak.min(peak), hill.peak.max(peak));
            self.at[self.valley(low, high)]
        };
        let left = at.checked_sub(1).map(|left| depth(&hills[left]));
        let right = hills.get(at).map(depth);
        if right.is_none() || left > right {
            if let Some(left) = at.checked_sub(1) {
                hills[left].to = to;
            }
        } else if let Some(right) = hills.get_mut(at) {
            right.from = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogNormal;

    fn draw(n: usize, seed: u64, median: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut random = fastrand::Rng::with_seed(seed);
        let noise = LogNormal { median: 1.0, sigma: 0.05 };
        (0..n).map(|at| median(at) * noise.quantile(random.f64().clamp(1e-9, 1.0 - 1e-9))).collect()
    }

    #[test]
    fn two_levels_are_two_modes_and_one_is_one() {
        let count = |median: fn(usize) -> f64| {
            (0..100)
                .filter_map(|seed| Some(modes(&draw(100, seed, median))?.len()))
                .collect::<Vec<_>>()
        };
        assert!(count(|_| 1.0).iter().filter(|&&n| n == 1).count() >= 97);
        let two = count(|at| if at % 5 == 0 { 1.4 } else { 1.0 });
        assert!(two.iter().filter(|&&n| n == 2).count() >= 95, "{two:?}");
        let found = modes(&draw(1000, 1, |at| if at % 5 == 0 { 2.0 } else { 1.0 })).unwrap();
        assert_eq!(found.len(), 2);
        assert!((found[0].at - 1.0).abs() < 0.05 && (found[1].at - 2.0).abs() < 0.1, "{found:?}");
        assert!((found[0].share - 0.8).abs() < 0.02 && (found[1].share - 0.2).abs() < 0.02);
    }

    #[test]
    fn too_few_different_values_have_no_modes() {
        assert_eq!(modes(&[]), None);
        assert_eq!(modes(&[5.0; 1000]), None);
        let whole: Vec<f64> = (0..1000).map(|at| f64::from(at % 19 + 1)).collect();
        assert_eq!(modes(&whole), None);
        assert_eq!(modes(&[f64::NAN; 100]), None);
        assert_eq!(modes(&[-1.0; 100]), None);
    }
}
