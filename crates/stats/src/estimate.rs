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
    /// How many numbers each member of the sample must have to count; 1 where it is a number itself.
    pub each: u64,
    /// The size of the sample: of its members that count.
    pub has: u64,
}

impl TooFew {
    /// Of a sample of single numbers.
    pub fn new(needs: u64, has: u64) -> TooFew {
        TooFew { needs, each: 1, has }
    }

    /// What is missing, as a fragment; `one` and `many` name a member of the sample and several: `launch`, `launches`.
    pub fn of(self, [one, many]: [&str; 2]) -> String {
        let TooFew { needs, each, has } = self;
        let unit = if needs == 1 { one } else { many };
        match each {
            1 => format!("needs {needs} {unit}, has {has}"),
            _ => format!("needs {needs} {unit} with {each} invocations each, has {has}"),
        }
    }
}

impl fmt::Display for TooFew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.of(["number", "numbers"]))
    }
}

impl std::error::Error for TooFew {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_missing() {
        let launches = ["launch", "launches"];
        assert_eq!(TooFew::new(6, 5).of(launches), "needs 6 launches, has 5");
        assert_eq!(TooFew::new(1, 0).of(launches), "needs 1 launch, has 0");
        let own = TooFew { needs: 6, each: 10, has: 2 };
        assert_eq!(own.of(launches), "needs 6 launches with 10 invocations each, has 2");
        assert_eq!(TooFew::new(6, 5).to_string(), "needs 6 numbers, has 5");
    }
}
