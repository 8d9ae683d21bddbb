//! Why a text is no trace that can be played.

use csv::ByteRecord;

use crate::TooManyArrivals;

/// What is wrong with a trace, or with what is wanted of it.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// It is no CSV.
    #[error("it is not CSV")]
    Csv {
        /// Where and why.
        #[source]
        source: csv::Error,
    },
    /// A field is not what its column has.
    #[error("line {line}, column {column}: expected {expected}, got {got:?}")]
    Field {
        /// From 1.
        line: u64,
        /// From 1.
        column: usize,
        /// With its article.
        expected: &'static str,
        /// As it is there, cut after 40 characters.
        got: String,
    },
    /// No row is of this function.
    #[error("no row has the function {wanted:?}; the busiest is {busiest:?}")]
    NoSuchFunction {
        /// What was asked for.
        wanted: String,
        /// What there is.
        busiest: String,
    },
    /// A function was asked for, and the trace does not tell functions apart.
    #[error("it has moments only, and no functions to choose from")]
    NoFunctions,
    /// A spread was asked for, and the trace has the moments themselves.
    #[error("only counts per minute can be spread; it has the moments themselves")]
    NothingToSpread,
    /// The speed is not positive.
    #[error("the speed has to be positive, and is {got}")]
    Speed {
        /// What was asked for.
        got: f64,
    },
    /// There is no request in the wanted part.
    #[error("no request lies in the wanted part of it")]
    Nothing,
    /// There are more requests than a load can have.
    #[error(transparent)]
    TooMany(#[from] TooManyArrivals),
}

impl TraceError {
    pub(super) fn csv(source: csv::Error) -> TraceError {
        TraceError::Csv { source }
    }

    pub(super) fn wrong(row: &ByteRecord, column: usize, expected: &'static str) -> TraceError {
        let got = String::from_utf8_lossy(row.get(column).unwrap_or_default());
        TraceError::Field {
            line: row.position().map_or(1, csv::Position::line),
            column: column + 1,
            expected,
            got: got.chars().take(40).collect(),
        }
    }
}
