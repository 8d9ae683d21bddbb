//! The share of a whole that has a property, with the interval of Clopper and Pearson.

use statrs::distribution::{Beta, ContinuousCDF};

use crate::{Estimate, Interval, TooFew};

/// The share `part` of `all` independent cases, with its exact interval (Clopper and Pearson, Biometrika 26, 1934).
///
/// The bounds are the shares of which a sample as extreme as this has a chance of 2.5 %; the interval covers the share in at
/// least 95 % of samples. Fails only where there is no case. More than all count as all.
pub fn share(part: u64, all: u64) -> Result<Estimate, TooFew> {
    if all == 0 {
        return Err(TooFew::new(1, 0));
    }
    let part = part.min(all);
    let (hits, misses) = (part as f64, (all - part) as f64);
    let low = if part == 0 { 0.0 } else { beta_quantile(hits, misses + 1.0, 0.025) };
    let high = if part == all { 1.0 } else { beta_quantile(hits + 1.0, misses, 0.975) };
    Ok(Estimate { value: hits / all as f64, ci95: Ok(Interval { low, high }) })
}

/// How many cases it takes until none of them is enough to say that the share is below `limit`: 3,688 for 0.001.
///
/// That is the best that can happen; with a single case that counts it takes more. `u64::MAX` where no sample would do.
pub fn share_needs(limit: f64) -> u64 {
    if limit.is_nan() || limit <= 0.0 {
        return u64::MAX;
    }
    if limit > 1.0 {
        return 1;
    }
    // 1 − 0.025^(1/n) < limit.
    let n = 0.025_f64.ln() / (-limit).ln_1p();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive count; casts of floats saturate"
    )]
    let needs = n.floor() as u64;
    needs.saturating_add(1)
}

/// Found by bisection: the library's own search stops after a few steps.
fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    let beta = Beta::new(a, b).expect("both are at least 1");
    let (mut low, mut high) = (0.0, 1.0);
    // As many turns as it takes until two neighbouring floats are left.
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return middle;
        }
        if beta.cdf(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_exact_sums() {
        // By bisection over sums of binomial probabilities with 40 digits, mpmath 1.3.
        let check = |part, all, low: f64, high: f64| {
            let found = share(part, all).unwrap();
            let interval = found.ci95.unwrap();
            assert!((interval.low - low).abs() < 1e-9, "{part} of {all}: {interval:?}");
            assert!((interval.high - high).abs() < 1e-9, "{part} of {all}: {interval:?}");
            assert!(interval.contains(found.value), "{part} of {all}");
        };
        check(0, 1, 0.0, 0.975);
        check(0, 100, 0.0, 0.036_216_692_645_2);
        check(1, 100, 0.000_253_146_032_977, 0.054_459_385_392_1);
        check(2, 5, 0.052_744_950_526_3, 0.853_367_200_365);
        check(5, 5, 0.478_176_249_895, 1.0);
        check(50, 100, 0.398_321_129_503, 0.601_678_870_497);
        check(3, 1000, 0.000_619_099_931_65, 0.008_742_023_238_48);
        assert_eq!(share(0, 0), Err(TooFew::new(1, 0)));
        assert_eq!(share(7, 5), share(5, 5));
    }

    #[test]
    fn knows_how_many_it_takes() {
        let check = |limit, expected: u64| {
            assert_eq!(share_needs(limit), expected, "{limit}");
            let high = |n| share(0, n).unwrap().ci95.unwrap().high;
            assert!(high(expected) < limit, "{limit}");
            assert!(expected == 1 || high(expected - 1) >= limit, "{limit}");
        };
        check(0.001, 3_688);
        check(0.01, 368);
        check(0.05, 72);
        check(0.5, 6);
        check(0.99, 1);
        check(1.5, 1);
        assert_eq!(share_needs(0.0), u64::MAX);
        assert_eq!(share_needs(-1.0), u64::MAX);
        assert_eq!(share_needs(f64::NAN), u64::MAX);
    }
}
