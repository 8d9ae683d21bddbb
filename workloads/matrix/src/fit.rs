//! Linear regression by least squares: QR decomposition by Householder reflections, which keeps the digits that the
//! normal equations lose.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

/// Higher powers than these are refused: no digit of their coefficients would be right.
pub(crate) const HIGHEST_DEGREE: usize = 20;

/// Why nothing can be fitted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FitError {
    #[error("there are no observations")]
    Empty,
    #[error(
        "observation {row} has {got} numbers; it must have as many as the first, and at least 2"
    )]
    Ragged { row: usize, got: usize },
    #[error("degree is {0}; it must be from 1 to {HIGHEST_DEGREE}")]
    Degree(usize),
    #[error(
        "there are {coefficients} coefficients to fit and {observations} observations; there must be more of these"
    )]
    TooFew { coefficients: usize, observations: usize },
    #[error("the observations do not tell coefficient {0} from those before it")]
    Dependent(usize),
    #[error("the powers of the observations are too large for floating-point numbers")]
    Overflow,
}

/// What was observed: something to be explained, and what may explain it.
#[derive(Debug, PartialEq)]
pub(crate) struct Observations {
    explained: DVector<f64>,
    /// A row for each observation.
    explaining: DMatrix<f64>,
}

impl Observations {
    /// Rows of the same length: in each, what is explained comes first.
    pub(crate) fn new(rows: &[Vec<f64>]) -> Result<Observations, FitError> {
        let width = rows.first().ok_or(FitError::Empty)?.len();
        if let Some(row) = rows.iter().position(|row| row.len() != width || width < 2) {
            return Err(FitError::Ragged { row, got: rows[row].len() });
        }
        let explaining = rows.iter().flat_map(|row| row[1..].iter().copied());
        Ok(Observations {
            explained: DVector::from_iterator(rows.len(), rows.iter().map(|row| row[0])),
            explaining: DMatrix::from_row_iterator(rows.len(), width - 1, explaining),
        })
    }
}

/// What was fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// How many observations there were.
    pub observations: usize,
    /// The intercept, then for each explaining variable its coefficients, from the first power on.
    pub coefficients: Vec<Coefficient>,
    /// The root of the sum of the squared residuals over the degrees of freedom.
    pub residual_standard_deviation: f64,
    /// Which part of the variance is explained: 0 to 1.
    pub r_squared: f64,
}

/// A coefficient.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coefficient {
    /// What it is estimated to be.
    pub estimate: f64,
    /// The standard deviation of the estimate.
    pub standard_error: f64,
}

/// Fits an intercept, and for each explaining variable a polynomial of this degree without one.
pub(crate) fn fit(observed: &Observations, degree: usize) -> Result<Fit, FitError> {
    let observations = observed.explained.len();
    if !(1..=HIGHEST_DEGREE).contains(&degree) {
        return Err(FitError::Degree(degree));
    }
    let coefficients = 1 + degree * observed.explaining.ncols();
    if observations <= coefficients {
        return Err(FitError::TooFew { coefficients, observations });
    }
    let design = design(&observed.explaining, degree);
    let lengths: Vec<f64> = design.column_iter().map(|column| column.norm()).collect();
    if !lengths.iter().all(|length| length.is_finite()) {
        return Err(FitError::Overflow);
    }
    let decomposed = design.qr();
    let triangle = decomposed.r();
    // What is left of a column when the ones before it are taken away must be more than rounding errors.
    let rounding = crate::as_f64(observations) * f64::EPSILON;
    let dependent = |&n: &usize| triangle[(n, n)].abs() <= rounding * lengths[n];
    if let Some(n) = (0..coefficients).find(dependent) {
        return Err(FitError::Dependent(n));
    }
    let mut rotated = observed.explained.clone();
    decomposed.q_tr_mul(&mut rotated);
    let (explained, residuals) = rotated.as_slice().split_at(coefficients);
    let solve = |right_hand_side: &DMatrix<f64>| triangle.solve_upper_triangular(right_hand_side);
    let estimates = solve(&DMatrix::from_column_slice(coefficients, 1, explained));
    let inverse = solve(&DMatrix::identity(coefficients, coefficients));
    let (Some(estimates), Some(inverse)) = (estimates, inverse) else {
        return Err(FitError::Overflow);
    };
    let squares: f64 = residuals.iter().map(|value| value * value).sum();
    let deviation = (squares / crate::as_f64(observations - coefficients)).sqrt();
    let mean = observed.explained.mean();
    let total = observed.explained.add_scalar(-mean).norm_squared();
    let fit = Fit {
        observations,
        coefficients: (estimates.iter().zip(inverse.row_iter()))
            .map(|(&estimate, row)| Coefficient {
                estimate,
                standard_error: deviation * row.norm(),
            })
            .collect(),
        residual_standard_deviation: deviation,
        // Where nothing varies, an intercept explains all of it.
        r_squared: if total > 0.0 { 1.0 - squares / total } else { 1.0 },
    };
    let numbers = fit.coefficients.iter().flat_map(|one| [one.estimate, one.standard_error]);
    if !numbers.chain([deviation, fit.r_squared]).all(f64::is_finite) {
        return Err(FitError::Overflow);
    }
    Ok(fit)
}

/// A column of ones, and for each variable its powers up to the degree.
fn design(variables: &DMatrix<f64>, degree: usize) -> DMatrix<f64> {
    let mut columns = vec![DVector::from_element(variables.nrows(), 1.0)];
    for variable in variables.column_iter() {
        let mut power = variable.into_owned();
        columns.push(power.clone());
        for _ in 1..degree {
            power.component_mul_assign(&variable);
            columns.push(power.clone());
        }
    }
    DMatrix::from_columns(&columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit_rows(rows: &[&[f64]], degree: usize) -> Result<Fit, FitError> {
        let rows: Vec<_> = rows.iter().map(|row| row.to_vec()).collect();
        fit(&Observations::new(&rows)?, degree)
    }

    #[test]
    fn a_line_through_four_points_is_what_paper_and_pencil_give() {
        let rows: [&[f64]; 4] = [&[1.0, 0.0], &[3.0, 1.0], &[4.0, 2.0], &[4.0, 3.0]];
        let fit = fit_rows(&rows, 1).unwrap();
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-14, "{a}, not {b}");
        // The mean is (1.5, 3); 5 is the sum of squares of x, and also that of the products with y; residuals are
        // -0.5, 0.5, 0.5, -0.5.
        near(fit.coefficients[0].estimate, 1.5);
        near(fit.coefficients[1].estimate, 1.0);
        near(fit.residual_standard_deviation, 0.5_f64.sqrt());
        near(fit.coefficients[0].standard_error, (0.5 * (0.25 + 2.25 / 5.0_f64)).sqrt());
        near(fit.coefficients[1].standard_error, (0.5 / 5.0_f64).sqrt());
        near(fit.r_squared, 1.0 - 1.0 / 6.0);
    }

    #[test]
    fn what_never_varies_is_explained() {
        let fit = fit_rows(&[&[0.0, 1.0], &[0.0, 2.0], &[0.0, 4.0]], 1).unwrap();
        assert_eq!((fit.r_squared, fit.residual_standard_deviation), (1.0, 0.0));
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let check = |rows: &[&[f64]], degree, expected: FitError| {
            assert_eq!(fit_rows(rows, degree), Err(expected));
        };
        let two = [1.0, 2.0].as_slice();
        check(&[], 1, FitError::Empty);
        check(&[&[1.0], &[2.0]], 1, FitError::Ragged { row: 0, got: 1 });
        check(&[two, two, &[]], 1, FitError::Ragged { row: 2, got: 0 });
        check(&[two, two], 0, FitError::Degree(0));
        check(&[two, two], 21, FitError::Degree(21));
        check(&[two, two], 1, FitError::TooFew { coefficients: 2, observations: 2 });
        check(&[two, two, two], 1, FitError::Dependent(1));
        check(
            &[&[1.0, 0.1, 0.3], &[2.0, 0.2, 0.6], &[3.0, 0.4, 1.2], &[5.0, 0.7, 2.1]],
            1,
            FitError::Dependent(2),
        );
        check(&[&[1.0, 1e200], &[1.0, 2e200], two, two], 2, FitError::Overflow);
    }
}
