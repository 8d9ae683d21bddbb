//! Tests and adjustments are those of scipy, and of all cases enumerated: `fixtures.py` makes `fixtures.json`.

use kelvin_stats::{
    Alternative, Sample, benjamini_hochberg, rank_sum_test, shift, signed_rank_test,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixtures {
    signed_rank: Vec<SignedRank>,
    rank_sum: Vec<RankSum>,
    shift: Vec<Shift>,
    benjamini_hochberg: Vec<Adjusted>,
}

#[derive(Deserialize)]
struct SignedRank {
    differences: Vec<f64>,
    p: Sides,
}

#[derive(Deserialize)]
struct RankSum {
    a: Vec<f64>,
    b: Vec<f64>,
    u: f64,
    p: Sides,
}

#[derive(Deserialize)]
struct Sides {
    less: f64,
    greater: f64,
    two_sided: f64,
}

#[derive(Deserialize)]
struct Shift {
    a: Vec<f64>,
    b: Vec<f64>,
    value: f64,
    bounds: Option<[f64; 2]>,
}

#[derive(Deserialize)]
struct Adjusted {
    p: Vec<f64>,
    adjusted: Vec<f64>,
}

fn fixtures() -> Fixtures {
    serde_json::from_str(include_str!("fixtures.json")).expect("fixtures.py has written it")
}

fn close(actual: f64, expected: f64, what: &str) {
    let most = 1e-12 * expected.abs().max(1e-3);
    assert!((actual - expected).abs() <= most, "{what}: {actual} is not {expected}");
}

impl Sides {
    fn check(&self, p: impl Fn(Alternative) -> f64, what: &str) {
        close(p(Alternative::Less), self.less, &format!("{what}, less"));
        close(p(Alternative::Greater), self.greater, &format!("{what}, greater"));
        close(p(Alternative::TwoSided), self.two_sided, &format!("{what}, two-sided"));
    }
}

#[test]
fn signed_rank_tests() {
    for SignedRank { differences, p } in fixtures().signed_rank {
        let what = format!("{} differences", differences.len());
        p.check(|alternative| signed_rank_test(&differences, alternative), &what);
        let turned: Vec<f64> = differences.iter().map(|difference| -difference).collect();
        let swapped = Sides { less: p.greater, greater: p.less, ..p };
        swapped.check(|alternative| signed_rank_test(&turned, alternative), &what);
    }
}

#[test]
fn rank_sum_tests() {
    for RankSum { a, b, u, p } in fixtures().rank_sum {
        let what = format!("{} and {} values", a.len(), b.len());
        let test =
            |a: &[f64], b: &[f64], alternative| rank_sum_test(a, b, alternative).expect("values");
        close(test(&a, &b, Alternative::Less).u, u, &what);
        p.check(|alternative| test(&a, &b, alternative).p, &what);
        let swapped = Sides { less: p.greater, greater: p.less, ..p };
        swapped.check(|alternative| test(&b, &a, alternative).p, &what);
    }
}

#[test]
fn shifts_have_the_interval_of_the_test() {
    for Shift { a, b, value, bounds } in fixtures().shift {
        let estimate = shift(&Sample::new(a), &Sample::new(b)).expect("values");
        close(estimate.value, value, "shift");
        let found = estimate.ci95.ok().map(|interval| [interval.low, interval.high]);
        assert_eq!(found.is_some(), bounds.is_some());
        for (found, expected) in found.iter().flatten().zip(bounds.iter().flatten()) {
            close(*found, *expected, "bound");
        }
    }
}

#[test]
fn false_discovery_rates() {
    for Adjusted { p, adjusted } in fixtures().benjamini_hochberg {
        for (found, expected) in benjamini_hochberg(&p).into_iter().zip(adjusted) {
            close(found, expected, "adjusted p-value");
        }
    }
}
