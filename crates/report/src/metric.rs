//! From measured nanoseconds to the estimates of a summary.

use kelvin_record::{Estimate, Metric, Unit};
use kelvin_stats::{Interval, Sample, mean, pseudo_median, quantile, quantile_needs};

/// Mean and quantiles of one number a launch. `missing` says why there is none.
pub(crate) fn of_launches(ns: &[u64], missing: &str) -> Metric {
    if ns.is_empty() {
        return empty(Unit::Launch, missing);
    }
    let sample: Sample = ns.iter().map(|&ns| ns as f64).collect();
    let of_quantile = |q| match quantile(&sample, q) {
        Ok(estimate) => allowed(estimate),
        Err(too_few) => without_value(count(too_few.needs, "launch", too_few.has)),
    };
    Metric {
        n: sample.len(),
        unit: Unit::Launch,
        mean: mean_of(&sample),
        p50: of_quantile(0.5),
        p90: of_quantile(0.9),
    }
}

/// Mean and quantiles of many numbers a launch.
///
/// A quantile is that of all numbers together; its interval is that of the pseudo-median of the launches' own quantiles,
/// because numbers of one launch are not independent of each other.
pub(crate) fn of_invocations(ns_by_launch: &[Vec<u64>], missing: &str) -> Metric {
    let launches: Vec<Sample> = ns_by_launch
        .iter()
        .filter(|ns| !ns.is_empty())
        .map(|ns| ns.iter().map(|&ns| ns as f64).collect())
        .collect();
    if launches.is_empty() {
        return empty(Unit::Invocation, missing);
    }
    let pooled: Sample = launches.iter().flat_map(Sample::values).copied().collect();
    Metric {
        n: pooled.len(),
        unit: Unit::Invocation,
        mean: mean_of(&launches.iter().filter_map(Sample::mean).collect()),
        p50: pooled_quantile(&pooled, &launches, 0.5),
        p90: pooled_quantile(&pooled, &launches, 0.9),
    }
}

fn pooled_quantile(pooled: &Sample, launches: &[Sample], q: f64) -> Estimate {
    let (needs, has) = (quantile_needs(q), pooled.len());
    let Some(value) = pooled.quantile(q).filter(|_| has >= needs) else {
        return without_value(count(needs, "invocation", has));
    };
    let own: Sample = launches.iter().filter_map(|launch| launch.quantile(q)).collect();
    match pseudo_median(&own).and_then(|estimate| estimate.ci95) {
        Ok(interval) => allowed(kelvin_stats::Estimate { value, ci95: Ok(interval) }),
        Err(too_few) => without_interval(value, too_few),
    }
}

/// The mean of one number a launch, in milliseconds.
pub(crate) fn mean_of(sample: &Sample) -> Estimate {
    match mean(sample) {
        Ok(estimate) => allowed(estimate),
        Err(too_few) => without_value(count(too_few.needs, "launch", too_few.has)),
    }
}

fn allowed(estimate: kelvin_stats::Estimate) -> Estimate {
    match estimate.ci95 {
        Ok(Interval { low, high }) => Estimate {
            value: Some(milliseconds(estimate.value)),
            ci95: Some([milliseconds(low), milliseconds(high)]),
            reason: None,
        },
        Err(too_few) => without_interval(estimate.value, too_few),
    }
}

fn without_interval(value: f64, too_few: kelvin_stats::TooFew) -> Estimate {
    let reason = format!("interval {}", count(too_few.needs, "launch", too_few.has));
    Estimate { value: Some(milliseconds(value)), ci95: None, reason: Some(reason) }
}

/// What cannot be estimated, and why.
pub(crate) fn without_value(reason: String) -> Estimate {
    Estimate { value: None, ci95: None, reason: Some(reason) }
}

fn empty(unit: Unit, missing: &str) -> Metric {
    let nothing = || without_value(missing.to_owned());
    Metric { n: 0, unit, mean: nothing(), p50: nothing(), p90: nothing() }
}

/// What a sample lacks. Every smallest size is more than one.
fn count(needs: u64, unit: &str, has: u64) -> String {
    let plural = if unit == "launch" { "es" } else { "s" };
    format!("needs {needs} {unit}{plural}, has {has}")
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
    fn a_sample_of_invocations_is_as_large_as_its_launches() {
        let metric = |launches: u64, each: u64| {
            let rows: Vec<Vec<u64>> =
                (1..=launches).map(|l| (1..=each).map(|i| l * 1_000_000 + i).collect()).collect();
            of_invocations(&rows, "")
        };
        assert_eq!(metric(5, 100).p50.reason.as_deref(), Some("interval needs 6 launches, has 5"));
        assert_eq!(metric(6, 1).p90.reason.as_deref(), Some("needs 36 invocations, has 6"));
        assert_eq!(metric(6, 1).p50.ci95, Some([1.000_001, 6.000_001]));
        assert!(metric(6, 6).p90.ci95.is_some());
        assert_eq!(metric(9, 9).mean.value, Some(5.000_005));
        assert_eq!(metric(9, 9).mean.reason.as_deref(), Some("interval needs 10 launches, has 9"));
    }
}
