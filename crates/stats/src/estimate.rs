//! What a statistic says: a value, and how far it can be trusted.

use std::fmt;

/// A statistic of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The point estimate.
    pub value: f64,
    /// Its 95 % confidence interval, or why there is none.
    pub ci95: Result<Interval, TooFew>,
}

/// A closed interval; `low` is at most `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies in it, bounds included.
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// A sample is too small for what was asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooFew {
    /// The smallest size that allows it.
    pub needs: u64,
    /// The size of the sample.
    pub has: u64,
}

impl fmt::Display for TooFew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "needs {}, has {}", self.needs, self.has)
    }
}

impl std::error::Error for TooFew {}
