//! Values far from the others. They are labelled and never left out.

use crate::Sample;

/// How far a value is from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlier {
    /// Beyond 1.5 interquartile ranges from the nearer quartile.
    Mild,
    /// Beyond 3.
    Severe,
}

/// Which of positive values are outliers by their logarithms, in the order of the values (Tukey, "Exploratory Data Analysis",
/// 1977, §2C). None are where all values in the middle half are equal, and none that are not positive and finite.
pub fn outliers(values: &[f64]) -> Vec<Option<Outlier>> {
    let log = |value: &f64| Some(value.ln()).filter(|log| log.is_finite());
    let logs: Sample = values.iter().filter_map(log).collect();
    let fences = logs.quantile(0.25).zip(logs.quantile(0.75)).filter(|(low, high)| low < high);
    let Some((low, high)) = fences else { return vec![None; values.len()] };
    let range = high - low;
    let label = |value: f64| match (low - value).max(value - high) / range {
        away if away > 3.0 => Some(Outlier::Severe),
        away if away > 1.5 => Some(Outlier::Mild),
        _ => None,
    };
    values.iter().map(|value| log(value).and_then(label)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_what_is_beyond_the_fences() {
        let mut values: Vec<f64> = (0..20).map(|at| (f64::from(at) / 100.0).exp()).collect();
        // The quartiles of the logarithms are 0.0475 and 0.1425 before these are added.
        values.extend([1.5, 2.0, 0.1, f64::NAN, 0.0]);
        let found = outliers(&values);
        assert!(found[..20].iter().all(Option::is_none), "{found:?}");
        let expected =
            [Some(Outlier::Mild), Some(Outlier::Severe), Some(Outlier::Severe), None, None];
        assert_eq!(found[20..], expected);
        assert_eq!(outliers(&[]), []);
        assert_eq!(outliers(&[1.0, 1.0, 1.0, 1.0, 9.0]), [None; 5]);
    }
}
