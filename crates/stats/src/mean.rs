//! A mean with Student's interval.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::{Estimate, Interval, Sample, TooFew};

/// How many independent values the interval of a mean needs. Timings are skewed, and with fewer values Student's interval
/// covers less than it claims.
pub const MEAN_NEEDS: u64 = 10;

/// The mean of independent values with Student's t-interval.
///
/// The values must be independent of each other: for invocations, give one mean per launch.
/// Fails only on an empty sample; with fewer than [`MEAN_NEEDS`] values the estimate has no interval.
pub fn mean(sample: &Sample) -> Result<Estimate, TooFew> {
    let n = sample.len();
    let value = sample.mean().ok_or(TooFew::new(1, 0))?;
    let ci95 = if n < MEAN_NEEDS {
        Err(TooFew::new(MEAN_NEEDS, n))
    } else {
        let half = t_975(n - 1) * standard_error(sample, value);
        Ok(Interval { low: value - half, high: value + half })
    };
    Ok(Estimate { value, ci95 })
}

fn standard_error(sample: &Sample, mean: f64) -> f64 {
    let n = sample.len() as f64;
    let squares: f64 = sample.values().iter().map(|x| (x - mean).powi(2)).sum();
    (squares / (n - 1.0) / n).sqrt()
}

/// The 97.5 % quantile of Student's t with that many degrees of freedom.
fn t_975(degrees: u64) -> f64 {
    StudentsT::new(0.0, 1.0, degrees as f64)
        .expect("a scale of 1 and at least one degree of freedom are valid")
        .inverse_cdf(0.975)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_quantiles_are_those_of_scipy() {
        // python3 -c 'from scipy.stats import t; print(t.ppf(.975, 9))', scipy 1.17.1.
        let check = |degrees, expected: f64| {
            let t = t_975(degrees);
            assert!((t / expected - 1.0).abs() < 1e-9, "{degrees}: {t} {expected}");
        };
        check(9, 2.262_157_162_798_205);
        check(10, 2.228_138_851_986_274);
        check(19, 2.093_024_054_408_308_7);
        check(39, 2.022_690_920_036_761);
        check(99, 1.984_216_951_586_417_4);
        check(1000, 1.962_339_080_826_408_3);
    }

    #[test]
    fn few_values_have_a_mean_without_an_interval() {
        assert_eq!(mean(&Sample::default()), Err(TooFew::new(1, 0)));
        let nine = mean(&(1..=9).map(f64::from).collect()).unwrap();
        assert_eq!(nine.value, 5.0);
        assert_eq!(nine.ci95, Err(TooFew::new(10, 9)));
        assert!(mean(&(1..=10).map(f64::from).collect()).unwrap().ci95.is_ok());
    }
}
