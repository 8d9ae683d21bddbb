//! What a test is asked, and how the chances of both sides become its answer.

/// What a test has its doubts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alternative {
    /// The values differ in either direction.
    TwoSided,
    /// The differences, or the values of the second sample, tend to be less.
    Less,
    /// They tend to be greater.
    Greater,
}

impl Alternative {
    /// The p-value, from the chances that a statistic is at most and at least what was found.
    pub(crate) fn p_value(self, at_most: f64, at_least: f64) -> f64 {
        let p = match self {
            Alternative::TwoSided => 2.0 * at_most.min(at_least),
            Alternative::Less => at_most,
            Alternative::Greater => at_least,
        };
        p.min(1.0)
    }

    /// The same of a statistic that is taken as normal, with the correction for continuity.
    pub(crate) fn p_value_of_normal(self, found: f64, mean: f64, deviation: f64) -> f64 {
        if deviation == 0.0 {
            return 1.0;
        }
        let at_most = upper_tail((mean - found - 0.5) / deviation);
        let at_least = upper_tail((found - mean - 0.5) / deviation);
        self.p_value(at_most, at_least)
    }
}

/// The chance that a standard normal value is greater than `z`.
fn upper_tail(z: f64) -> f64 {
    libm::erfc(z / std::f64::consts::SQRT_2) / 2.0
}
