//! A quantile with the interval that two members of the sample span.

use statrs::distribution::{Binomial, DiscreteCDF};

use crate::{Estimate, Interval, Sample, TooFew};

/// The quantile at `q` with its interval by order statistics, which presumes no distribution.
///
/// How many of `n` independent values lie below the true quantile is binomial (`n`, `q`), so the values at the ranks
/// `l = ppf(α/2)` and `u = ppf(1 − α/2) + 1` enclose it (David and Nagaraja, "Order Statistics", §7.1).
/// Where a rank falls outside the sample, neither the interval nor the value is given: see [`quantile_needs`].
pub fn quantile(sample: &Sample, q: f64) -> Result<Estimate, TooFew> {
    let too_few = TooFew::new(quantile_needs(q), sample.len());
    let value = sample.quantile(q).ok_or(too_few)?;
    let interval = interval(sample, q).ok_or(too_few)?;
    Ok(Estimate { value, ci95: Ok(interval) })
}

fn interval(sample: &Sample, q: f64) -> Option<Interval> {
    let (low, high) = ranks(sample.len(), q)?;
    let at = |rank: u64| sample.values().get(usize::try_from(rank).ok()?.checked_sub(1)?).copied();
    Some(Interval { low: at(low)?, high: at(high)? })
}

/// The ranks (from 1) of the values that enclose the quantile; `None` if one of them falls outside.
fn ranks(n: u64, q: f64) -> Option<(u64, u64)> {
    if n < quantile_needs(q) {
        return None;
    }
    let below = Binomial::new(q, n).ok()?;
    let low = below.inverse_cdf(0.025);
    let high = below.inverse_cdf(0.975) + 1;
    (low >= 1 && high <= n).then_some((low, high))
}

/// The smallest sample of which the quantile at `q` has a finite 95 % interval: 6 for the median, 36 for p90, 368 for p99.
///
/// Both `q^n` and `(1 − q)^n`, the chances that all values lie on one side, must not exceed 2.5 %.
/// The ends themselves, `q` = 0 and `q` = 1, never have one: `u64::MAX`.
pub fn quantile_needs(q: f64) -> u64 {
    let rarer = q.max(1.0 - q);
    if !(0.5..1.0).contains(&rarer) {
        return u64::MAX;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive count; casts of floats saturate"
    )]
    let needs = (0.025_f64.ln() / rarer.ln()).ceil() as u64;
    needs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_smallest_samples() {
        let check = |q, needs: u64| {
            assert_eq!(quantile_needs(q), needs, "{q}");
            assert!(ranks(needs, q).is_some(), "{q}");
            assert_eq!(ranks(needs - 1, q), None, "{q}");
        };
        check(0.5, 6);
        check(0.75, 13);
        check(0.25, 13);
        check(0.9, 36);
        check(0.95, 72);
        check(0.99, 368);
        check(0.999, 3_688);
        for q in [0.0, 1.0, f64::NAN, 2.0] {
            assert_eq!(quantile_needs(q), u64::MAX, "{q}");
            assert_eq!(ranks(1000, q), None, "{q}");
        }
    }

    #[test]
    fn says_what_is_missing() {
        let sample: Sample = (1..=20).map(f64::from).collect();
        assert_eq!(quantile(&sample, 0.9), Err(TooFew::new(36, 20)));
        assert_eq!(quantile(&Sample::default(), 0.5), Err(TooFew::new(6, 0)));
        let median = quantile(&sample, 0.5).unwrap();
        assert_eq!(median.value, 10.5);
        assert_eq!(median.ci95, Ok(Interval { low: 6.0, high: 15.0 }));
    }
}
