//! The noise so far, while a run goes on.
//!
//! It is half the width of the 95 % interval of a function's warm p50 over its launches' own medians, relative to it: of the
//! function for which it is largest, among those with enough launches for an interval.

use std::collections::{BTreeMap, HashMap};

use kelvin_lambda::{Invocation, Start, Status};
use kelvin_platform::FunctionId;
use kelvin_stats::{Sample, own_quantile_needs, pseudo_median};

/// Warm durations as they are recorded. Nothing is computed before a launch has ended.
#[derive(Debug, Default)]
pub(super) struct Noise {
    functions: HashMap<FunctionId, OfFunction>,
}

#[derive(Debug, Default)]
struct OfFunction {
    /// Of the launches that go on, by their execution environments.
    open: BTreeMap<u64, Vec<f64>>,
    /// Of those that have ended.
    medians: Vec<f64>,
    /// Of the medians.
    spread: Option<f64>,
}

impl Noise {
    pub(super) fn invocation(&mut self, function: FunctionId, invocation: &Invocation) {
        let counts = invocation.status == Status::Ok && invocation.start == Start::Warm;
        let Some(environment) = invocation.environment.filter(|_| counts) else { return };
        let Some(ns) = invocation.timing.duration_ns() else { return };
        let of_function = self.functions.entry(function).or_default();
        of_function.open.entry(environment).or_default().push(ns as f64);
    }

    /// The function's launches have ended.
    pub(super) fn launch_ended(&mut self, function: FunctionId) {
        let Some(of_function) = self.functions.get_mut(&function) else { return };
        let ended = std::mem::take(&mut of_function.open);
        if ended.is_empty() {
            return;
        }
        let whole = ended.into_values().map(Sample::new);
        let whole = whole.filter(|launch| launch.len() >= own_quantile_needs(0.5));
        let medians = whole.filter_map(|launch| launch.quantile(0.5));
        of_function.medians.extend(medians);
        of_function.spread = spread(&of_function.medians);
    }

    /// The function is another one from now on.
    pub(super) fn forget(&mut self, function: FunctionId) {
        self.functions.remove(&function);
    }

    /// A share: 0.01 is one percent. `None` as long as no function has enough launches.
    pub(super) fn so_far(&self) -> Option<f64> {
        self.functions.values().filter_map(|of_function| of_function.spread).max_by(f64::total_cmp)
    }
}

fn spread(medians: &[f64]) -> Option<f64> {
    let estimate = pseudo_median(&medians.iter().copied().collect()).ok()?;
    let interval = estimate.ci95.ok()?;
    Some((interval.high - interval.low) / 2.0 / estimate.value).filter(|spread| spread.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_known_from_six_launches_on() {
        assert_eq!(spread(&[100.0, 101.0, 99.0, 100.0, 100.0]), None);
        // The interval of six values goes from the least to the greatest, and their pseudo-median is 100.
        assert_eq!(spread(&[98.0, 99.0, 100.0, 100.0, 101.0, 102.0]), Some(0.02));
        assert_eq!(spread(&[0.0; 6]), None);
    }
}
