//! How often verdicts are wrong, and how often they find what is there, with the noise of recorded runs.
//!
//! `noise.json` has cold starts and warm medians of 30 functions, 20 launches each, of two runs of the shipped scenarios on two
//! cores of a shared virtual machine, as called and with cold page caches. `KELVIN_TEST_SIMULATIONS` has how many comparisons
//! are simulated of each; 20 without it.

use std::collections::BTreeMap;

use kelvin_analysis::{Comparison, Demand, Verdict, judge};

type Launches = Vec<f64>;

/// Launches by metric, each metric of all functions.
fn noise() -> BTreeMap<String, Vec<Launches>> {
    let text = include_str!("noise.json");
    let functions: BTreeMap<String, BTreeMap<String, Launches>> =
        serde_json::from_str(text).expect("launches by function and metric");
    let mut noise: BTreeMap<String, Vec<Launches>> = BTreeMap::new();
    for (metric, launches) in functions.into_values().flatten() {
        noise.entry(metric).or_default().push(launches);
    }
    noise
}

fn simulations() -> usize {
    std::env::var("KELVIN_TEST_SIMULATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(20)
}

/// Blocks whose launches are drawn from the same ones, those of the candidate with a factor.
fn blocks(launches: &[f64], n: usize, factor: f64, random: &mut fastrand::Rng) -> Comparison {
    let mut draw = || launches[random.usize(..launches.len())];
    let pairs: Vec<(f64, f64)> = (0..n).map(|_| (draw(), factor * draw())).collect();
    Comparison::paired(&pairs).expect("durations")
}

/// The standard deviation of ln(candidate / baseline) of such blocks.
fn deviation(launches: &[f64]) -> f64 {
    let logs: Vec<f64> = launches.iter().map(|launch| launch.ln()).collect();
    let n = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / n;
    let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / n;
    (2.0 * variance).sqrt()
}

/// By default, warm and cold; the floors would only make them rarer.
fn demand(metric: &str) -> Demand {
    Demand { threshold: if metric == "warm_p50_ns" { 0.03 } else { 0.05 }, floor: 0.0 }
}

/// In which share of comparisons a family of all metrics of a function has one of these verdicts.
fn share(
    n: usize,
    factor: impl Fn(Demand) -> f64,
    demand_of: impl Fn(&str, &[f64]) -> Demand,
    counts: impl Fn(Demand, Verdict) -> bool,
) -> f64 {
    let noise = noise();
    let functions = noise.values().next().map_or(0, Vec::len);
    let mut random = fastrand::Rng::with_seed(1);
    let (mut found, mut all) = (0, 0);
    for at in 0..functions {
        for _ in 0..simulations() {
            let family: Vec<(Comparison, Demand)> = noise
                .iter()
                .map(|(metric, launches)| {
                    let demand = demand_of(metric, &launches[at]);
                    (blocks(&launches[at], n, factor(demand), &mut random), demand)
                })
                .collect();
            let judged = judge(&family);
            let mut verdicts = family.iter().zip(&judged);
            found += usize::from(verdicts.any(|((_, d), judged)| counts(*d, judged.verdict)));
            all += 1;
        }
    }
    found as f64 / all as f64
}

#[test]
fn the_same_program_twice_is_hardly_ever_worse_or_better() {
    let decided = |_, verdict| matches!(verdict, Verdict::Regression | Verdict::Improvement);
    for n in [7, 10, 20, 40] {
        let wrong = share(n, |_| 1.0, |metric, _| demand(metric), decided);
        assert!(wrong <= 0.01, "{n} blocks: {wrong}");
    }
}

#[test]
fn twice_a_threshold_that_can_be_decided_is_found() {
    let of_noise =
        |metric: &str, launches: &[f64]| demand(metric).decidable(deviation(launches), 20, 3);
    // Where launches spread too much, no factor can be found, and none is demanded.
    let factor = |demand: Demand| match demand.threshold {
        threshold if threshold.is_finite() => 1.0 + 2.0 * threshold,
        _ => 1.0,
    };
    let missed =
        |demand: Demand, verdict| demand.threshold.is_finite() && verdict != Verdict::Regression;
    // Of a family one miss is enough to count.
    let missing = share(20, factor, of_noise, missed);
    assert!(missing <= 0.15, "{missing}");
}

#[test]
fn two_per_cent_are_seen_where_launches_spread_by_one() {
    let mut random = fastrand::Rng::with_seed(2);
    // The sum of twelve is as good as normal.
    let mut normal = move || (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
    let n = 50 * simulations();
    let seen = (0..n)
        .filter(|_| {
            let mut launch = |level: f64| level * (0.01 * normal()).exp();
            let pairs: Vec<(f64, f64)> = (0..20).map(|_| (launch(1.0), launch(1.02))).collect();
            let interval = Comparison::paired(&pairs).expect("durations").ratio.ci95;
            interval.is_ok_and(|interval| interval.low > 1.0)
        })
        .count();
    assert!(seen as f64 >= 0.95 * n as f64, "{seen} of {n}");
}
