//! P-values of several tests at once.

/// P-values adjusted by Holm's method, in the order of `p`: to call those at most α significant errs with a chance of at most
/// α in any of them (Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979).
///
/// # Examples
///
/// ```
/// assert_eq!(kelvin_stats::holm(&[0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
/// ```
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![1.0; p.len()];
    let mut least: f64 = 0.0;
    for (place, at) in ascending(p).into_iter().enumerate() {
        let left = (p.len() - place) as f64;
        least = least.max(left * p[at]).min(1.0);
        adjusted[at] = least;
    }
    adjusted
}

/// P-values adjusted by the method of Benjamini and Hochberg, in the order of `p`: of those that are called significant at α,
/// a share of at most α is wrong in the mean, if the tests are independent ("Controlling the False Discovery Rate", 1995).
///
/// # Examples
///
/// ```
/// assert_eq!(kelvin_stats::benjamini_hochberg(&[0.01, 0.04, 0.5]), [0.03, 0.06, 0.5]);
/// ```
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![1.0; p.len()];
    let mut most: f64 = 1.0;
    for (place, at) in ascending(p).into_iter().enumerate().rev() {
        most = most.min(p.len() as f64 / (place + 1) as f64 * p[at]);
        adjusted[at] = most;
    }
    adjusted
}

/// Where the values are, the smallest first.
fn ascending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    order
}
