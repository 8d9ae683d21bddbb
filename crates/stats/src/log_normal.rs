//! The log-normal distribution: many values near the median and a long tail above it.

use statrs::distribution::{ContinuousCDF, Normal};

/// Of the standard normal distribution.
const QUANTILE_99: f64 = 2.326_347_874_040_841;

/// A log-normal distribution: the logarithms of its values are normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogNormal {
    /// Half of the values are no greater; above 0.
    pub median: f64,
    /// Standard deviation of the logarithms; at least 0.
    pub sigma: f64,
}

impl LogNormal {
    /// The distribution with this median and this 99th percentile, of which the median is above 0 and no greater.
    pub fn of_quantiles(p50: f64, p99: f64) -> LogNormal {
        LogNormal { median: p50, sigma: (p99 / p50).ln() / QUANTILE_99 }
    }

    /// The quantile at `p`, which lies between 0 and 1, both excluded.
    pub fn quantile(self, p: f64) -> f64 {
        self.median * (self.sigma * Normal::standard().inverse_cdf(p)).exp()
    }

    /// The mean of its values.
    pub fn mean(self) -> f64 {
        self.median * (self.sigma * self.sigma / 2.0).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_it_was_made_of() {
        let d = LogNormal::of_quantiles(4.0, 20.0);
        assert!((d.quantile(0.5) - 4.0).abs() < 1e-9);
        assert!((d.quantile(0.99) - 20.0).abs() < 1e-6);
    }

    #[test]
    fn the_mean_is_that_of_scipy() {
        // python3 -c 'from scipy.stats import lognorm; print(lognorm(.45, scale=17.5).mean())'.
        let d = LogNormal { median: 17.5, sigma: 0.45 };
        assert!((d.mean() - 19.364_681_796_213_084).abs() < 1e-9, "{}", d.mean());
    }
}
