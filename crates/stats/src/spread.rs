//! The median, and the spread around it, of values in any order.

use crate::Sample;

/// From the median absolute deviation to the standard deviation of normal values: `1 / Φ⁻¹(0.75)`.
const NORMAL: f64 = 1.482_602_218_505_602;

/// The median; NaN of no values.
pub fn median(values: &[f64]) -> f64 {
    values.iter().copied().collect::<Sample>().quantile(0.5).unwrap_or(f64::NAN)
}

/// The standard deviation by the median absolute deviation, which outliers hardly move; NaN of no values.
pub(crate) fn robust_deviation(values: &[f64]) -> f64 {
    let middle = median(values);
    let away: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    NORMAL * median(&away)
}

/// The standard deviation of a sample; NaN of fewer than two values.
pub fn deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (n - 1.0)).sqrt()
}
