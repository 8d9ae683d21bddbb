//! What must hold of every sample.

use kelvin_stats::{ByLaunch, Estimate, Sample, TooFew, mean, pseudo_median, quantile};
use proptest::prelude::*;

/// Nanoseconds as they come: whole numbers from nothing to minutes, with ties.
fn nanoseconds(sizes: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![0_u64..20, 1_000_u64..10_000_000_000];
    prop::collection::vec(value.prop_map(|ns| ns as f64), sizes)
}

/// Every estimate of this crate.
fn estimates(sample: &Sample) -> Vec<Result<Estimate, TooFew>> {
    vec![quantile(sample, 0.5), quantile(sample, 0.9), mean(sample), pseudo_median(sample)]
}

proptest! {
    #[test]
    fn the_order_of_values_does_not_matter(
        (values, shuffled) in nanoseconds(0..80)
            .prop_flat_map(|values| (Just(values.clone()), Just(values).prop_shuffle()))
    ) {
        prop_assert_eq!(estimates(&Sample::new(values)), estimates(&Sample::new(shuffled)));
    }

    #[test]
    fn intervals_contain_their_points(values in nanoseconds(1..120)) {
        for estimate in estimates(&Sample::new(values)).into_iter().flatten() {
            if let Ok(interval) = estimate.ci95 {
                prop_assert!(interval.contains(estimate.value), "{:?}", estimate);
            }
        }
    }

    #[test]
    fn the_estimates_of_launches_lie_in_their_intervals(
        launches in prop::collection::vec(nanoseconds(0..30), 0..30),
    ) {
        let numbers = launches.iter().enumerate();
        let numbers = numbers.flat_map(|(launch, numbers)| numbers.iter().map(move |&x| (launch, x)));
        let by_launch: ByLaunch = numbers.collect();
        let pooled = by_launch.pooled();
        for estimate in [by_launch.quantile(0.5), by_launch.quantile(0.9), by_launch.mean()] {
            let Ok(Estimate { value, ci95 }) = estimate else { continue };
            prop_assert!(ci95.is_err() || ci95.is_ok_and(|interval| interval.contains(value)));
            let (least, most) = (pooled.quantile(0.0).unwrap(), pooled.quantile(1.0).unwrap());
            prop_assert!((least..=most).contains(&value) || least == most);
        }
    }

    #[test]
    fn a_change_of_unit_changes_nothing_else(values in nanoseconds(1..80), power in -20_i32..20) {
        // Scaling by powers of two is exact, so equality may be asked for.
        let factor = 2.0_f64.powi(power);
        let scaled = estimates(&values.iter().map(|x| x * factor).collect());
        for (one, other) in estimates(&Sample::new(values)).into_iter().zip(scaled) {
            let one = one.map(|e| (e.value * factor, e.ci95.map(|i| (i.low * factor, i.high * factor))));
            let other = other.map(|e| (e.value, e.ci95.map(|i| (i.low, i.high))));
            prop_assert_eq!(one, other);
        }
    }

    #[test]
    fn quantiles_grow_with_q(values in nanoseconds(1..80), a in 0.0..=1.0_f64, b in 0.0..=1.0_f64) {
        let sample = Sample::new(values);
        prop_assert!(sample.quantile(a.min(b)) <= sample.quantile(a.max(b)));
        prop_assert!(sample.quantile(0.0).unwrap() <= sample.quantile(a).unwrap());
        prop_assert!(sample.quantile(a).unwrap() <= sample.quantile(1.0).unwrap());
    }
}
