//! Whether, and from where on, a series of durations is steady.
//!
//! After Barrett, Bolz-Tereick, Killick, Mount and Tratt, "Virtual Machine Warmup Blows Hot and Cold" (2017): the series is cut
//! into segments of one level each, and the last segments that have the same level are what is steady. Their method is for
//! thousands of iterations; the constants here are for about a hundred invocations.

use crate::spread::{deviation, median, robust_deviation};

/// The shortest segment.
const SHORTEST: usize = 5;
/// A cut must explain more than so many times ln n of the noise's variance.
const PENALTY: f64 = 8.0;
/// A value further from the median of its neighbours than so many of their deviations counts as so far.
const CLIP: f64 = 3.0;
/// So many values are neighbours, the value itself among them.
const NEIGHBOURS: usize = 15;
/// Levels that differ by no more than this, as a ratio, are the same.
const SAME: f64 = 1.01;
/// Longer series are looked at up to here: the work grows with the square.
pub const WARM_UP_LOOKS_AT: usize = 2_000;

/// What a series of durations does over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarmUp {
    /// In words.
    pub course: Course,
    /// The index of the first value of the steady part.
    pub steady_from: usize,
}

/// The course of a series of durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// One level from the beginning.
    Flat,
    /// It ends with its fastest level, or within 1 % of it.
    Warmup,
    /// It ends with a level that is slower than one before.
    Slowdown,
    /// Its level has changed after two thirds of it: what follows is too short to be called steady.
    Unsteady,
}

/// Finds the steady part of a series of durations, in the order in which they were measured; of very long ones, of the first
/// [`WARM_UP_LOOKS_AT`].
///
/// The logarithms, clipped where they are far from their neighbours, are cut into segments that minimize the squared deviation
/// from the segments' means, in units of the noise's variance, with a penalty of `8 ln n` for each cut. The noise is what
/// neighbours differ by. `None` where there are fewer than ten values, or where one is not positive and finite.
pub fn warm_up(durations: &[f64]) -> Option<WarmUp> {
    let durations = &durations[..durations.len().min(WARM_UP_LOOKS_AT)];
    let is_duration = |duration: &f64| *duration > 0.0 && duration.is_finite();
    if durations.len() < 2 * SHORTEST || !durations.iter().all(is_duration) {
        return None;
    }
    let logs: Vec<f64> = durations.iter().map(|duration| duration.ln()).collect();
    let clipped = clip(&logs);
    let Some(variance) = noise(&clipped) else {
        return Some(WarmUp { course: Course::Flat, steady_from: 0 });
    };
    let starts = segments(&clipped, variance);
    let levels: Vec<f64> = starts
        .iter()
        .zip(starts[1..].iter().chain([&logs.len()]))
        .map(|(&from, &to)| median(&logs[from..to]))
        .collect();
    Some(course(&starts, &levels, logs.len()))
}

/// The course of segments that start there and have these levels.
fn course(starts: &[usize], levels: &[f64], n: usize) -> WarmUp {
    let same = SAME.ln();
    let last = levels[levels.len() - 1];
    let before = levels.iter().rposition(|level| (level - last).abs() > same);
    let steady_from = before.map_or(0, |at| starts[at + 1]);
    let fastest = levels.iter().copied().fold(f64::INFINITY, f64::min);
    let course = match steady_from {
        0 => Course::Flat,
        from if 3 * from > 2 * n => Course::Unsteady,
        _ if last <= fastest + same => Course::Warmup,
        _ => Course::Slowdown,
    };
    WarmUp { course, steady_from }
}

/// Each value no further from the median of its neighbours than [`CLIP`] of their deviations.
fn clip(logs: &[f64]) -> Vec<f64> {
    let around = NEIGHBOURS / 2;
    let near = |at: usize| &logs[at.saturating_sub(around)..(at + around + 1).min(logs.len())];
    logs.iter()
        .enumerate()
        .map(|(at, value)| {
            let (middle, spread) = (median(near(at)), CLIP * robust_deviation(near(at)));
            value.clamp(middle - spread, middle + spread)
        })
        .collect()
}

/// The variance of the noise, by how much neighbours differ; `None` if they do not.
fn noise(logs: &[f64]) -> Option<f64> {
    let steps: Vec<f64> = logs.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Times in whole milliseconds often differ by nothing at all.
    let deviation = [robust_deviation(&steps), deviation(&steps)].into_iter().find(|s| *s > 0.0)?;
    Some(deviation * deviation / 2.0)
}

/// Where the segments start, by optimal partitioning (Jackson and others, "An Algorithm for Optimal Partitioning of Data on an
/// Interval", 2005).
fn segments(values: &[f64], variance: f64) -> Vec<usize> {
    let n = values.len();
    let penalty = PENALTY * (n as f64).ln();
    let cost = Cost::of(values, variance);
    // The least cost of the values before each place, and where the last segment of it starts.
    let mut least = vec![f64::INFINITY; n + 1];
    let mut start = vec![0; n + 1];
    least[0] = -penalty;
    for end in SHORTEST..=n {
        for from in (0..=end - SHORTEST).filter(|&from| from == 0 || from >= SHORTEST) {
            let total = least[from] + cost.of_segment(from, end) + penalty;
            if total < least[end] {
                (least[end], start[end]) = (total, from);
            }
        }
    }
    let mut starts = vec![start[n]];
    while starts[starts.len() - 1] > 0 {
        starts.push(start[starts[starts.len() - 1]]);
    }
    starts.reverse();
    starts
}

/// Sums of the values before each place, and of their squares.
struct Cost {
    sums: Vec<(f64, f64)>,
    variance: f64,
}

impl Cost {
    fn of(values: &[f64], variance: f64) -> Cost {
        // Around their median, so that the squares lose no digits.
        let middle = median(values);
        let mut sums = vec![(0.0, 0.0)];
        for value in values {
            let (sum, squares) = sums[sums.len() - 1];
            let value = value - middle;
            sums.push((sum + value, squares + value * value));
        }
        Cost { sums, variance }
    }

    /// The squared deviation from the segment's mean, in units of the noise's variance.
    fn of_segment(&self, from: usize, to: usize) -> f64 {
        let ((sum, squares), (before, squares_before)) = (self.sums[to], self.sums[from]);
        let sum = sum - before;
        ((squares - squares_before) - sum * sum / (to - from) as f64).max(0.0) / self.variance
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogNormal;

    /// Durations around 1 ms with a spread of 5 % and the given level at each index.
    fn series(seed: u64, level: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut random = fastrand::Rng::with_seed(seed);
        let noise = LogNormal { median: 1.0, sigma: 0.05 };
        (0..100).map(|at| level(at) * noise.quantile(random.f64().max(1e-9))).collect()
    }

    /// How many of 200 series are found to be of this course, with the steady part near there.
    fn found(level: impl Fn(usize) -> f64 + Copy, course: Course, from: usize) -> usize {
        (0..200)
            .filter_map(|seed| warm_up(&series(seed, level)))
            .filter(|found| found.course == course && found.steady_from.abs_diff(from) <= 2)
            .count()
    }

    #[test]
    fn the_course_of_a_series_is_found() {
        assert!(found(|_| 1.0, Course::Flat, 0) >= 198);
        assert!(found(|at| if at < 10 { 1.2 } else { 1.0 }, Course::Warmup, 10) >= 190);
        assert!(found(|at| if at < 50 { 1.0 } else { 1.1 }, Course::Slowdown, 50) >= 180);
        assert!(found(|at| if at < 85 { 1.0 } else { 1.2 }, Course::Unsteady, 85) >= 190);
        // Less than 1 % is no change, however well it is seen.
        let exact = |at: usize| if at < 50 { 1.0 } else { 1.008 };
        let durations: Vec<f64> = (0..100).map(|at| exact(at) + (at % 3) as f64 * 1e-5).collect();
        let flat = WarmUp { course: Course::Flat, steady_from: 0 };
        assert_eq!(warm_up(&durations), Some(flat));
    }

    #[test]
    fn what_is_no_series_of_durations_has_no_course() {
        let flat = Some(WarmUp { course: Course::Flat, steady_from: 0 });
        assert_eq!(warm_up(&[1.0; 100]), flat);
        assert_eq!(warm_up(&[1.0; 9]), None);
        assert_eq!(warm_up(&[0.0; 100]), None);
        assert_eq!(warm_up(&[f64::NAN; 100]), None);
        assert!(warm_up(&vec![1.0; 1_000_000]).is_some());
    }
}
