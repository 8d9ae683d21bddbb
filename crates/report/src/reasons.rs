//! Why cells of a table are empty, said once for all cells that share a reason.

use std::fmt::Write;

use kelvin_record::Estimate;

/// What stands in an empty cell.
pub(crate) const EMPTY: &str = "–";

/// Reasons of empty cells, in the order in which they are met.
#[derive(Default)]
pub(crate) struct Reasons {
    /// A column, the reason, and the functions that it holds for.
    entries: Vec<(String, String, Vec<String>)>,
    functions: usize,
}

impl Reasons {
    /// For a table of so many functions.
    pub(crate) fn new(functions: usize) -> Reasons {
        Reasons { entries: Vec::new(), functions }
    }

    /// Notes an empty cell.
    pub(crate) fn add(&mut self, function: &str, column: &str, reason: Option<&str>) {
        let reason = reason.unwrap_or("not measured");
        let known = self.entries.iter_mut().find(|(c, r, _)| c == column && r == reason);
        match known {
            Some((_, _, functions)) => functions.push(function.to_owned()),
            None => {
                self.entries.push((
                    column.to_owned(),
                    reason.to_owned(),
                    vec![function.to_owned()],
                ));
            }
        }
    }

    /// Notes the cell of a value, if it is empty.
    pub(crate) fn value(&mut self, function: &str, column: &str, estimate: &Estimate) {
        if estimate.value.is_none() {
            self.add(function, column, estimate.reason.as_deref());
        }
    }

    /// Notes the cell of an interval, if it is empty though its value is not.
    pub(crate) fn interval(&mut self, function: &str, column: &str, estimate: &Estimate) {
        if estimate.value.is_some() && estimate.ci95.is_none() {
            let reason = estimate.reason.as_deref();
            self.add(function, column, reason.map(|r| r.trim_start_matches("interval ")));
        }
    }

    /// One line for all columns that share reason and functions.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut groups: Vec<(Vec<&str>, &str, &[String])> = Vec::new();
        for (column, reason, functions) in &self.entries {
            let group = groups.iter_mut().find(|(_, r, f)| r == reason && f == functions);
            match group {
                Some((columns, _, _)) => columns.push(column),
                None => groups.push((vec![column], reason, functions)),
            }
        }
        groups
            .into_iter()
            .map(|(columns, reason, functions)| {
                let mut line = format!("{EMPTY} {}", columns.join(", "));
                if functions.len() < self.functions {
                    write!(line, " of {}", functions.join(", "))
                        .expect("writing to a string does not fail");
                }
                format!("{line}: {reason}")
            })
            .collect()
    }
}
