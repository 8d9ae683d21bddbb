//! The workload `matrix`: dense linear algebra, as in a scientific function: solves systems of linear equations and fits
//! by least squares.
//!
//! The systems are the input-output tables of an economy, the observations those with which NIST examines statistical
//! software (`cases/README.md` has sources and licences). They are inside the program; reading them is work that can be
//! done in INIT. An event can bring its own, too. Everything is computed on one thread.

mod check;
mod fit;
mod library;
mod solve;

use kelvin_workload::{Answer, Case, Compute, Prepared, WorkloadError};
use serde::{Deserialize, Serialize};

use crate::check::check;
use crate::fit::Observations;
use crate::library::Library;

pub use fit::{Coefficient, Fit};

/// Solves and fits.
#[derive(Debug)]
pub struct Matrix {
    library: Prepared<Library>,
}

/// What to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// Solve a system of linear equations.
    Solve {
        /// A square matrix, row by row, at most 2000 × 2000; or the name of one: `economy` (492 × 492) or
        /// `economy-half` (246 × 246).
        matrix: Source,
        /// A number for each equation.
        right_hand_side: Vec<f64>,
    },
    /// Fit by least squares an intercept, and for each explaining variable a polynomial.
    Fit {
        /// Rows of numbers, of which the first is explained by the others; or the name of such a table: `filip`,
        /// `longley` or `wampler4`.
        observations: Source,
        /// The highest power of each variable: 1 to 20.
        degree: usize,
    },
}

/// Where numbers are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// In the program, by this name.
    Named(String),
    /// Here, row by row.
    Given(Vec<Vec<f64>>),
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// Of a system of equations.
    Solve {
        /// A number for each unknown.
        solution: Vec<f64>,
    },
    /// Of a fit.
    Fit(Fit),
}

impl Compute for Matrix {
    const NAME: &'static str = "matrix";
    type Event = Event;
    type Response = Response;

    fn init() -> Matrix {
        Matrix { library: Prepared::new(Library::read) }
    }

    fn prepare(&self) -> Result<(), WorkloadError> {
        self.library.get().map(drop)
    }

    fn compute(&self, event: &Event) -> Result<Response, WorkloadError> {
        match event {
            Event::Solve { matrix, right_hand_side } => {
                let solved = match matrix {
                    Source::Named(name) => {
                        solve::solve(self.library.get()?.system(name)?, right_hand_side)
                    }
                    Source::Given(rows) => solve::square(rows)
                        .and_then(|matrix| solve::solve(&matrix, right_hand_side)),
                };
                let solution = solved.map_err(|error| invalid(&error))?;
                Ok(Response::Solve { solution })
            }
            Event::Fit { observations, degree } => {
                let fitted = match observations {
                    Source::Named(name) => {
                        fit::fit(self.library.get()?.observations(name)?, *degree)
                    }
                    Source::Given(rows) => Observations::new(rows)
                        .and_then(|observations| fit::fit(&observations, *degree)),
                };
                fitted.map(Response::Fit).map_err(|error| invalid(&error))
            }
        }
    }

    fn cases() -> Vec<Case<Event>> {
        let solve = |name: &'static str, unknowns, answer| {
            let matrix = Source::Named(name.to_owned());
            let event = Event::Solve { matrix, right_hand_side: vec![1.0; unknowns] };
            Case::new(name, event, Answer::Check(answer))
                .with_bytes(unknowns * unknowns * size_of::<f64>())
        };
        let fit = |name: &'static str, degree, answer| {
            let event = Event::Fit { observations: Source::Named(name.to_owned()), degree };
            Case::new(name, event, Answer::Check(answer))
        };
        // How many digits arithmetic of 64 bits can keep depends on the problem; one or two fewer are asked for.
        macro_rules! within {
            ($tolerance:literal of $name:literal) => {
                |got| {
                    check(
                        got,
                        include_str!(concat!("../cases/", $name, ".answer.json")),
                        $tolerance,
                    )
                }
            };
        }
        vec![
            solve("economy-half", 246, within!(1e-12 of "economy-half")),
            solve("economy", 492, within!(1e-12 of "economy")),
            fit("longley", 1, within!(1e-9 of "longley")),
            fit("wampler4", 5, within!(1e-7 of "wampler4")),
            fit("filip", 10, within!(1e-6 of "filip")),
        ]
    }
}

/// All that can go wrong with an event, another event would have done rightly.
fn invalid(error: &dyn std::error::Error) -> WorkloadError {
    WorkloadError::invalid_event(error.to_string())
}

/// A number of rows as a float.
#[expect(clippy::cast_precision_loss, reason = "no memory holds so many rows that it matters")]
fn as_f64(rows: usize) -> f64 {
    rows as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_answered_rightly() {
        assert_eq!(kelvin_workload::check_cases::<Matrix>(), Ok(()));
    }

    #[test]
    fn an_event_can_bring_its_own_numbers() {
        let check = |event: &str, expected: &str| {
            let response = Matrix::init().compute(&serde_json::from_str(event).unwrap()).unwrap();
            assert_eq!(serde_json::to_string(&response).unwrap(), expected);
        };
        check(
            r#"{"solve": {"matrix": {"given": [[0, 2], [4, 0]]}, "right_hand_side": [1, 1]}}"#,
            r#"{"solve":{"solution":[0.25,0.5]}}"#,
        );
        check(
            r#"{"fit": {"observations": {"given": [[0, 0], [0, 1], [0, 5]]}, "degree": 1}}"#,
            r#"{"fit":{"observations":3,"coefficients":[{"estimate":0.0,"standard_error":0.0},{"estimate":0.0,"standard_error":0.0}],"residual_standard_deviation":0.0,"r_squared":1.0}}"#,
        );
    }

    #[test]
    fn wrong_events_are_refused_with_a_reason() {
        let check = |event: &str, expected: &str| {
            let event = serde_json::from_str(event).unwrap();
            let error = Matrix::init().compute(&event).unwrap_err();
            assert_eq!(
                (error.error_type(), error.error_message().as_str()),
                ("InvalidEvent", expected)
            );
        };
        check(
            r#"{"solve": {"matrix": {"named": "world"}, "right_hand_side": []}}"#,
            "there is no system \"world\"; there are economy, economy-half",
        );
        check(
            r#"{"solve": {"matrix": {"named": "economy"}, "right_hand_side": [1]}}"#,
            "the right-hand side has 1 numbers; it must have 492, one for each equation",
        );
        check(
            r#"{"solve": {"matrix": {"given": [[1, 2], [2, 4]]}, "right_hand_side": [1, 2]}}"#,
            "the matrix is singular to working precision: the equations have no solution, or many",
        );
        check(
            r#"{"solve": {"matrix": {"given": [[1, 2]]}, "right_hand_side": [1]}}"#,
            "row 0 of the matrix has 2 numbers; the matrix must be square and has 1 rows",
        );
        check(
            r#"{"fit": {"observations": {"named": "norris"}, "degree": 1}}"#,
            "there is no data set \"norris\"; there are filip, longley, wampler4",
        );
        check(
            r#"{"fit": {"observations": {"named": "longley"}, "degree": 3}}"#,
            "there are 19 coefficients to fit and 16 observations; there must be more of these",
        );
        check(
            r#"{"fit": {"observations": {"given": [[1, 2], [3, 2], [4, 2]]}, "degree": 1}}"#,
            "the observations do not tell coefficient 1 from those before it",
        );
    }

    #[test]
    fn events_of_another_shape_are_refused_with_a_reason() {
        let check = |event: &str, expected: &str| {
            let error = serde_json::from_str::<Event>(event).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check("{}", "expected value at line 1 column 2");
        check(
            r#"{"invert": {}}"#,
            "unknown variant `invert`, expected `solve` or `fit` at line 1 column 9",
        );
        check(
            r#"{"fit": {"observations": {"named": "filip"}}}"#,
            "missing field `degree` at line 1 column 44",
        );
        check(
            r#"{"solve": {"matrix": {"given": [[1, "2"]]}, "right_hand_side": []}}"#,
            "invalid type: string \"2\", expected f64 at line 1 column 39",
        );
    }
}
