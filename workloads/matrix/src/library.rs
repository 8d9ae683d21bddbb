//! The systems of equations and the observations, inside the program, and reading them.

use std::error::Error;

use kelvin_workload::WorkloadError;
use nalgebra::DMatrix;

use crate::fit::Observations;

type Cause = Box<dyn Error + Send + Sync>;

const ECONOMY: &str = include_str!("../cases/economy.columns");

const SYSTEMS: [&str; 2] = ["economy", "economy-half"];

const OBSERVATIONS: [(&str, &str); 3] = [
    ("filip", include_str!("../cases/filip.csv")),
    ("longley", include_str!("../cases/longley.csv")),
    ("wampler4", include_str!("../cases/wampler4.csv")),
];

/// All that has a name, ready for use: what is costly to make and made once.
#[derive(Debug)]
pub(crate) struct Library {
    /// In the order of [`SYSTEMS`].
    systems: [DMatrix<f64>; 2],
    /// In the order of [`OBSERVATIONS`].
    observations: Vec<Observations>,
}

impl Library {
    pub(crate) fn read() -> Result<Library, WorkloadError> {
        let failed = |name: &str, cause: Cause| {
            WorkloadError::preparation_failed(format!("could not read {name}"), cause)
        };
        let used = read_columns(ECONOMY).map_err(|cause| failed("the economy", cause))?;
        let whole = DMatrix::identity(used.nrows(), used.ncols()) - used;
        let half = whole.nrows() / 2;
        let half = whole.view((0, 0), (half, half)).into_owned();
        let read = |(name, text)| read_observations(text).map_err(|cause| failed(name, cause));
        let observations = OBSERVATIONS.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Library { systems: [whole, half], observations })
    }

    /// The matrix of the system of this name; the error lists the names that there are.
    pub(crate) fn system(&self, name: &str) -> Result<&DMatrix<f64>, WorkloadError> {
        let found = SYSTEMS.iter().position(|&known| known == name);
        found.map(|n| &self.systems[n]).ok_or_else(|| unknown("system", name, &SYSTEMS))
    }

    /// The observations of this name; the error lists the names that there are.
    pub(crate) fn observations(&self, name: &str) -> Result<&Observations, WorkloadError> {
        let names = OBSERVATIONS.map(|(name, _)| name);
        let found = names.iter().position(|&known| known == name);
        found.map(|n| &self.observations[n]).ok_or_else(|| unknown("data set", name, &names))
    }
}

fn unknown(kind: &str, name: &str, known: &[&str]) -> WorkloadError {
    let known = known.join(", ");
    WorkloadError::invalid_event(format!("there is no {kind} \"{name}\"; there are {known}"))
}

/// A square matrix: a line for each column, with the entries `row:value` that are not 0.
fn read_columns(text: &str) -> Result<DMatrix<f64>, Cause> {
    let size = text.lines().count();
    let mut matrix = DMatrix::zeros(size, size);
    for (column, line) in text.lines().enumerate() {
        let wrong = |cause: Cause| format!("column {column}: {cause}");
        for entry in line.split_ascii_whitespace() {
            let (row, value) = read_entry(entry).map_err(wrong)?;
            let place =
                matrix.get_mut((row, column)).ok_or_else(|| format!("there is no row {row}"));
            *place.map_err(|cause| wrong(cause.into()))? = value;
        }
    }
    Ok(matrix)
}

fn read_entry(entry: &str) -> Result<(usize, f64), Cause> {
    let (row, value) = entry.split_once(':').ok_or("an entry is row:value")?;
    Ok((row.parse()?, value.parse()?))
}

/// A table: a line of names, then one for each observation, separated by commas; what is explained comes first.
fn read_observations(text: &str) -> Result<Observations, Cause> {
    let read = |line: &str| line.split(',').map(str::parse).collect::<Result<Vec<f64>, _>>();
    let rows: Vec<_> = text.lines().skip(1).map(read).collect::<Result<_, _>>()?;
    Ok(Observations::new(&rows)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_or_refused_with_a_reason() {
        let matrix = read_columns("0:1 1:.5\n\n1:-2e-1").unwrap();
        assert_eq!(
            matrix,
            DMatrix::from_row_slice(3, 3, &[1.0, 0.0, 0.0, 0.5, 0.0, -0.2, 0.0, 0.0, 0.0])
        );
        let check = |text: &str, expected: &str| {
            assert_eq!(read_columns(text).unwrap_err().to_string(), expected);
        };
        check("0:1\n1", "column 1: an entry is row:value");
        check("0:1\n2:1", "column 1: there is no row 2");
        check("0:one", "column 0: invalid float literal");
        check("-1:1", "column 0: invalid digit found in string");
    }

    #[test]
    fn the_economy_is_as_large_as_the_matrix_of_its_source() {
        let library = Library::read().unwrap();
        assert_eq!(library.system("economy").unwrap().shape(), (492, 492));
        assert_eq!(library.system("economy-half").unwrap().shape(), (246, 246));
    }
}
