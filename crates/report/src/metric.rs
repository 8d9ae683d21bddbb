//! From measured nanoseconds to the estimates of a summary.

use kelvin_record::{Estimate, Metric, Seen, Unit};
use kelvin_stats::{ByLaunch, Interval, Sample, TooFew, mean, quantile};

const LAUNCHES: [&str; 2] = ["launch", "launches"];

/// Mean and quantiles of one number a launch. `missing` says why there is none.
pub(crate) fn of_launches(ns: &[u64], missing: &str) -> Metric {
    if ns.is_empty() {
        return empty(Unit::Launch, missing);
    }
    let sample: Sample = ns.iter().map(|&ns| ns as f64).collect();
    let p50 = estimate(quantile(&sample, 0.5));
    Metric {
        n: sample.len(),
        launches: sample.len(),
        unit: Unit::Launch,
        mean: mean_of(&sample),
        seen: seen(&p50, &sample),
        p50,
        p90: estimate(quantile(&sample, 0.9)),
    }
}

/// Mean and quantiles of many numbers a launch, each with its launch: every launch counts once.
pub(crate) fn of_invocations(ns: impl Iterator<Item = (u64, u64)>, missing: &str) -> Metric {
    let ns: ByLaunch = ns.map(|(launch, ns)| (launch, ns as f64)).collect();
    if ns.is_empty() {
        return empty(Unit::Invocation, missing);
    }
    let p50 = estimate(ns.quantile(0.5));
    Metric {
        n: ns.len(),
        launches: ns.launches(),
        unit: Unit::Invocation,
        mean: estimate(ns.mean()),
        seen: seen(&p50, &ns.pooled()),
        p50,
        p90: estimate(ns.quantile(0.9)),
    }
}

/// The mean of one number a launch, in milliseconds.
pub(crate) fn mean_of(sample: &Sample) -> Estimate {
    estimate(mean(sample))
}

fn estimate(estimate: Result<kelvin_stats::Estimate, TooFew>) -> Estimate {
    let estimate = match estimate {
        Ok(estimate) => estimate,
        Err(too_few) => return without_value(too_few.of(LAUNCHES)),
    };
    let value = Some(milliseconds(estimate.value));
    match estimate.ci95 {
        Ok(Interval { low, high }) => {
            Estimate { value, ci95: Some([milliseconds(low), milliseconds(high)]), reason: None }
        }
        Err(too_few) => {
            let reason = format!("interval {}", too_few.of(LAUNCHES));
            Estimate { value, ci95: None, reason: Some(reason) }
        }
    }
}

/// What there is to see where there is no median.
fn seen(p50: &Estimate, sample: &Sample) -> Option<Seen> {
    let kelvin_stats::Seen { min, median, max } = sample.seen().filter(|_| p50.value.is_none())?;
    Some(Seen { min: milliseconds(min), median: milliseconds(median), max: milliseconds(max) })
}

/// What cannot be estimated, and why.
pub(crate) fn without_value(reason: String) -> Estimate {
    Estimate { value: None, ci95: None, reason: Some(reason) }
}

fn empty(unit: Unit, missing: &str) -> Metric {
    let nothing = || without_value(missing.to_owned());
    let [mean, p50, p90] = [nothing(), nothing(), nothing()];
    Metric { n: 0, launches: 0, unit, mean, p50, p90, seen: None }
}

/// Milliseconds of nanoseconds, with six decimals: finer than one nanosecond is noise.
fn milliseconds(ns: f64) -> f64 {
    ns.round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(estimate: &Estimate) -> String {
        serde_json::to_string(estimate).expect("an estimate is plain JSON")
    }

    #[test]
    fn a_sample_of_launches_says_what_it_allows() {
        let metric = |n: u64| of_launches(&(1..=n).map(|i| i * 1_000_000).collect::<Vec<_>>(), "");
        insta::assert_snapshot!(say(&metric(5).p50), @r#"{"value":null,"ci95":null,"reason":"needs 6 launches, has 5"}"#);
        insta::assert_snapshot!(say(&metric(6).p50), @r#"{"value":3.5,"ci95":[1.0,6.0]}"#);
        insta::assert_snapshot!(say(&metric(35).p90), @r#"{"value":null,"ci95":null,"reason":"needs 36 launches, has 35"}"#);
        insta::assert_snapshot!(say(&metric(36).p90), @r#"{"value":32.5,"ci95":[29.0,36.0]}"#);
        insta::assert_snapshot!(say(&metric(9).mean), @r#"{"value":5.0,"ci95":null,"reason":"interval needs 10 launches, has 9"}"#);
        insta::assert_snapshot!(say(&metric(10).mean), @r#"{"value":5.5,"ci95":[3.334149,7.665851]}"#);
        insta::assert_snapshot!(say(&of_launches(&[], "no cold start succeeded").mean), @r#"{"value":null,"ci95":null,"reason":"no cold start succeeded"}"#);
    }

    #[test]
    fn every_launch_counts_once() {
        let metric = |launches: u64, each: u64| {
            let number = |l: u64| (1..=each).map(move |i| (l, l * 1_000_000 + i));
            of_invocations((1..=launches).flat_map(number), "")
        };
        let few = metric(5, 100);
        assert_eq!(
            few.p50.reason.as_deref(),
            Some("needs 6 launches with 2 invocations each, has 5")
        );
        assert_eq!((few.n, few.launches), (500, 5));
        let Seen { min, median, max } = few.seen.expect("something was seen");
        assert_eq!((min, median, max), (1.000_001, 3.000_051, 5.0001));
        let short = metric(6, 9).p90;
        assert_eq!(
            short.reason.as_deref(),
            Some("needs 6 launches with 10 invocations each, has 0")
        );
        let enough = metric(6, 10);
        assert_eq!(enough.p50.ci95, Some([1.000_006, 6.000_006]));
        assert!(enough.p90.ci95.is_some() && enough.seen.is_none());
        assert_eq!(metric(9, 9).mean.value, Some(5.000_005));
        assert_eq!(metric(9, 9).mean.reason.as_deref(), Some("interval needs 10 launches, has 9"));
    }

    #[test]
    fn the_number_lies_in_its_interval_where_launches_have_two_modes() {
        // Half of the launches take 1 ms and half 9, one invocation in ten the other time: the quantile of all invocations
        // together would be that of neither.
        let number =
            |l: u64| (0..20).map(move |i| if (i % 10 == 0) == l.is_multiple_of(2) { 9 } else { 1 });
        let ns = (0..20).flat_map(|l| number(l).map(move |ms: u64| (l, ms * 1_000_000)));
        let metric = of_invocations(ns, "");
        for estimate in [&metric.p50, &metric.p90] {
            let (value, [low, high]) = (estimate.value.unwrap(), estimate.ci95.unwrap());
            assert!(low <= value && value <= high, "{estimate:?}");
        }
        assert_eq!(metric.p50.value, Some(5.0));
    }
}
