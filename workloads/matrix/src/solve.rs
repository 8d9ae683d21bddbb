//! Systems of linear equations: LU decomposition with partial pivoting.

use nalgebra::{DMatrix, DVector};

/// More unknowns than these are refused: they would take longer than a function may run.
pub(crate) const MOST_UNKNOWNS: usize = 2000;

/// Why there is no solution.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SolveError {
    #[error("the system has no equations")]
    Empty,
    #[error("the system has {0} equations; it may have {MOST_UNKNOWNS}")]
    TooLarge(usize),
    #[error(
        "row {row} of the matrix has {got} numbers; the matrix must be square and has {rows} rows"
    )]
    NotSquare { row: usize, got: usize, rows: usize },
    #[error("the right-hand side has {got} numbers; it must have {rows}, one for each equation")]
    RightHandSide { got: usize, rows: usize },
    #[error("the matrix is singular to working precision: the equations have no solution, or many")]
    Singular,
    #[error("the solution, or a step on the way to it, is too large for floating-point numbers")]
    Overflow,
}

/// A matrix from its rows.
pub(crate) fn square(rows: &[Vec<f64>]) -> Result<DMatrix<f64>, SolveError> {
    let size = rows.len();
    if size == 0 {
        return Err(SolveError::Empty);
    }
    if size > MOST_UNKNOWNS {
        return Err(SolveError::TooLarge(size));
    }
    if let Some(row) = rows.iter().position(|row| row.len() != size) {
        return Err(SolveError::NotSquare { row, got: rows[row].len(), rows: size });
    }
    Ok(DMatrix::from_row_iterator(size, size, rows.iter().flatten().copied()))
}

/// The solution `x` of `matrix * x = right_hand_side`.
pub(crate) fn solve(
    matrix: &DMatrix<f64>,
    right_hand_side: &[f64],
) -> Result<Vec<f64>, SolveError> {
    let rows = matrix.nrows();
    if right_hand_side.len() != rows {
        return Err(SolveError::RightHandSide { got: right_hand_side.len(), rows });
    }
    // Where a pivot is no larger than the rounding errors in it, the matrix cannot be told from a singular one.
    let rounding = crate::as_f64(rows) * f64::EPSILON * matrix.amax();
    let decomposed = matrix.clone().lu();
    let pivots = decomposed.lu_internal().diagonal();
    if !pivots.iter().all(|pivot| pivot.is_finite()) {
        return Err(SolveError::Overflow);
    }
    if !pivots.iter().all(|pivot| pivot.abs() > rounding) {
        return Err(SolveError::Singular);
    }
    let mut solution = DVector::from_column_slice(right_hand_side);
    let solved = decomposed.solve_mut(&mut solution);
    if !solved || !solution.iter().all(|value| value.is_finite()) {
        return Err(SolveError::Overflow);
    }
    Ok(solution.as_slice().to_vec())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn solve_rows(rows: &[&[f64]], right_hand_side: &[f64]) -> Result<Vec<f64>, SolveError> {
        let rows: Vec<_> = rows.iter().map(|row| row.to_vec()).collect();
        solve(&square(&rows)?, right_hand_side)
    }

    #[test]
    fn small_systems_are_solved() {
        let check = |rows: &[&[f64]], right_hand_side: &[f64], expected: &[f64]| {
            assert_eq!(solve_rows(rows, right_hand_side).as_deref(), Ok(expected));
        };
        check(&[&[4.0]], &[2.0], &[0.5]);
        check(&[&[2.0, 1.0], &[1.0, 3.0]], &[3.0, 5.0], &[0.8, 1.4]);
        // Without pivoting, the first of these divides by 0 and the second loses every digit.
        check(&[&[0.0, 1.0], &[1.0, 0.0]], &[2.0, 3.0], &[3.0, 2.0]);
        check(&[&[1e-20, 1.0], &[1.0, 1.0]], &[1.0, 2.0], &[1.0, 1.0]);
    }

    #[test]
    fn what_cannot_be_solved_is_refused() {
        let check = |rows: &[&[f64]], right_hand_side: &[f64], expected: SolveError| {
            assert_eq!(solve_rows(rows, right_hand_side), Err(expected));
        };
        let (one, two) = ([1.0].as_slice(), [1.0, 2.0].as_slice());
        check(&[], &[], SolveError::Empty);
        check(&[two, two, two], &[], SolveError::NotSquare { row: 0, got: 2, rows: 3 });
        check(&[two, one], &[], SolveError::NotSquare { row: 1, got: 1, rows: 2 });
        check(&[two, &[0.0, 1.0]], one, SolveError::RightHandSide { got: 1, rows: 2 });
        check(&[&[0.0]], one, SolveError::Singular);
        check(&[two, &[2.0, 4.0]], two, SolveError::Singular);
        // Its determinant is 0, but not in floating-point numbers.
        let rows = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]];
        check(&rows.each_ref().map(|row| row.as_slice()), &[1.0; 3], SolveError::Singular);
        check(&[&[1e-300]], &[1e300], SolveError::Overflow);
        check(&[&[1e308, -1e308], &[1e308, 1e308]], two, SolveError::Overflow);
        let large = vec![vec![]; MOST_UNKNOWNS + 1];
        assert_eq!(square(&large), Err(SolveError::TooLarge(2001)));
    }

    proptest! {
        #[test]
        fn a_solution_solves_the_system(
            entries in prop::collection::vec(-1.0..1.0, 64),
            right_hand_side in prop::collection::vec(-1.0..1.0, 8),
        ) {
            // More on the diagonal than beside it: never nearly singular.
            let matrix = DMatrix::from_vec(8, 8, entries) + DMatrix::identity(8, 8) * 10.0;
            let solution = solve(&matrix, &right_hand_side).unwrap();
            let residual = matrix * DVector::from_vec(solution) - DVector::from_vec(right_hand_side);
            prop_assert!(residual.amax() < 1e-14, "{residual}");
        }
    }
}
