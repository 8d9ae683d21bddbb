//! The estimates are those of scipy 1.17.1 and numpy; each table says the expression that made it.

use kelvin_stats::{Sample, mean, pseudo_median, quantile};

const VALUES: [f64; 12] =
    [105.2, 98.7, 101.3, 99.9, 110.4, 97.2, 102.8, 100.1, 103.3, 95.6, 104.4, 99.0];

fn close(actual: f64, expected: f64) {
    assert!((actual - expected).abs() <= 1e-9 * expected.abs(), "{actual} is not {expected}");
}

/// `numpy.quantile(values, [0, .1, .25, .5, .9, 1], method="linear")`.
#[test]
fn quantiles() {
    let sample = Sample::new(VALUES.to_vec());
    let table =
        [(0.0, 95.6), (0.1, 97.35), (0.25, 98.925), (0.5, 100.7), (0.9, 105.12), (1.0, 110.4)];
    for (q, expected) in table {
        close(sample.quantile(q).unwrap(), expected);
    }
}

/// `(l, u) = binom.ppf(.025, n, q), binom.ppf(.975, n, q) + 1`, undefined if `l < 1` or `u > n`.
#[test]
fn ranks_of_order_statistics() {
    let check = |n: u32, q, expected: Option<(f64, f64)>| {
        // The values are their own ranks.
        let sample: Sample = (1..=n).map(f64::from).collect();
        let interval = quantile(&sample, q).ok().and_then(|estimate| estimate.ci95.ok());
        assert_eq!(interval.map(|i| (i.low, i.high)), expected, "n = {n}, q = {q}");
    };
    check(6, 0.5, Some((1.0, 6.0)));
    check(13, 0.5, Some((3.0, 11.0)));
    check(20, 0.5, Some((6.0, 15.0)));
    check(36, 0.5, Some((12.0, 25.0)));
    check(100, 0.5, Some((40.0, 61.0)));
    check(1000, 0.5, Some((469.0, 532.0)));
    check(10_000, 0.5, Some((4902.0, 5099.0)));
    check(6, 0.75, None);
    check(13, 0.75, Some((7.0, 13.0)));
    check(100, 0.75, Some((66.0, 84.0)));
    check(20, 0.9, None);
    check(36, 0.9, Some((29.0, 36.0)));
    check(100, 0.9, Some((84.0, 96.0)));
    check(3688, 0.9, Some((3283.0, 3356.0)));
    check(36, 0.95, None);
    check(100, 0.95, Some((90.0, 100.0)));
    check(10_000, 0.95, Some((9457.0, 9543.0)));
    check(100, 0.99, None);
    check(1000, 0.99, Some((983.0, 997.0)));
    check(3688, 0.99, Some((3639.0, 3663.0)));
    check(1000, 0.999, None);
    check(3688, 0.999, Some((3680.0, 3688.0)));
    check(10_000, 0.999, Some((9983.0, 9997.0)));
}

/// `scipy.stats.t.interval(.95, n - 1, loc=numpy.mean(values), scale=scipy.stats.sem(values))`.
#[test]
fn mean_with_interval() {
    let estimate = mean(&Sample::new(VALUES.to_vec())).unwrap();
    close(estimate.value, 101.491_666_666_666_67);
    let interval = estimate.ci95.unwrap();
    close(interval.low, 98.934_430_740_296_22);
    close(interval.high, 104.048_902_593_037_13);
}

/// Median and bounds of the sorted Walsh averages; `scipy.stats.wilcoxon(values - bound, method="exact").pvalue` crosses
/// 5 % at each bound.
#[test]
fn pseudo_median_with_interval() {
    let check = |values: &[f64], value, low, high| {
        let estimate = pseudo_median(&Sample::new(values.to_vec())).unwrap();
        close(estimate.value, value);
        let interval = estimate.ci95.unwrap();
        close(interval.low, low);
        close(interval.high, high);
    };
    check(&VALUES, 101.25, 98.85, 104.25);
    check(&VALUES[..9], 101.6, 99.25, 105.25);
    check(&VALUES[..6], 101.3, 97.2, 110.4);
}
