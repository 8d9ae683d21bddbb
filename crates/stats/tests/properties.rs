//! What must hold of every sample.

use kelvin_stats::{
    Alternative, ByLaunch, Estimate, Sample, TooFew, benjamini_hochberg, holm, mean, modes,
    outliers, pseudo_median, quantile, rank_sum_test, shift, signed_rank_test, warm_up,
};
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

proptest! {
    #[test]
    fn tests_do_not_depend_on_the_order_of_values(
        mut a in prop::collection::vec(-9.0..9.0_f64, 1..25),
        mut b in prop::collection::vec(-9.0..9.0_f64, 1..25),
    ) {
        let p = |a: &[f64], b: &[f64]| {
            let both = rank_sum_test(a, b, Alternative::TwoSided).expect("values").p;
            (both, signed_rank_test(a, Alternative::TwoSided))
        };
        let found = p(&a, &b);
        a.reverse();
        b.rotate_left(1);
        prop_assert_eq!(p(&a, &b), found);
    }

    #[test]
    fn both_sides_are_as_likely_as_everything_and_what_was_found(
        a in prop::collection::vec(-9..9_i32, 1..20),
        b in prop::collection::vec(-9..9_i32, 1..20),
    ) {
        let a: Vec<f64> = a.into_iter().map(f64::from).collect();
        let b: Vec<f64> = b.into_iter().map(f64::from).collect();
        for test in [
            |a: &[f64], b: &[f64], side| rank_sum_test(a, b, side).expect("values").p,
            |a: &[f64], _: &[f64], side| signed_rank_test(a, side),
        ] {
            let (less, greater) = (test(&a, &b, Alternative::Less), test(&a, &b, Alternative::Greater));
            prop_assert!(less + greater >= 1.0 - 1e-12 && less > 0.0 && greater > 0.0);
            let two_sided = test(&a, &b, Alternative::TwoSided);
            prop_assert!((two_sided - (2.0 * less.min(greater)).min(1.0)).abs() < 1e-12);
        }
    }

    #[test]
    fn a_shift_moves_with_its_samples_and_lies_in_its_interval(
        a in prop::collection::vec(-9..9_i32, 4..25),
        b in prop::collection::vec(-9..9_i32, 4..25),
        by in -100..100_i32,
    ) {
        let sample = |values: &[i32], by: i32| values.iter().map(|v| f64::from(v + by)).collect::<Sample>();
        let (from, to) = (sample(&a, 0), sample(&b, 0));
        let found = shift(&from, &to).expect("values");
        let interval = found.ci95.expect("four values each are enough");
        prop_assert!(interval.contains(found.value));
        let back = shift(&to, &from).expect("values");
        prop_assert_eq!((back.value, back.ci95.unwrap().low), (-found.value, -interval.high));
        let moved = shift(&from, &sample(&b, by)).expect("values");
        prop_assert_eq!(moved.value, found.value + f64::from(by));
    }

    #[test]
    fn adjusted_p_values_are_no_less_and_keep_the_order(p in prop::collection::vec(0.0..1.0_f64, 0..30)) {
        for adjusted in [holm(&p), benjamini_hochberg(&p)] {
            for (i, p_i) in p.iter().enumerate() {
                prop_assert!(adjusted[i] >= *p_i && adjusted[i] <= 1.0);
                for (j, p_j) in p.iter().enumerate() {
                    prop_assert!(p_i > p_j || adjusted[i] <= adjusted[j]);
                }
            }
        }
    }

    #[test]
    fn courses_modes_and_outliers_do_not_depend_on_the_unit(
        values in prop::collection::vec(1.0..2.0_f64, 10..80),
    ) {
        let scaled: Vec<f64> = values.iter().map(|value| value * 1024.0).collect();
        prop_assert_eq!(warm_up(&values), warm_up(&scaled));
        prop_assert_eq!(outliers(&values), outliers(&scaled));
        let count = |values: &[f64]| modes(values).map(|modes| modes.len());
        prop_assert_eq!(count(&values), count(&scaled));
        let all: f64 = modes(&values).iter().flatten().map(|mode| mode.share).sum();
        prop_assert!(count(&values).is_none() || (all - 1.0).abs() < 1e-9);
    }
}
