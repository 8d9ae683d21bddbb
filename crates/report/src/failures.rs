//! What went wrong in a run.

use std::collections::BTreeMap;

use kelvin_record::Run;

use crate::functions::FunctionRows;
use crate::page::{Page, Role};
use crate::table::{Align, Column, Table, shortened};

/// Adds a table of the invocations that failed, if some did.
pub(crate) fn add(page: &mut Page, run: &Run) {
    let mut rows = Vec::new();
    for function in &FunctionRows::of(run) {
        let mut counts: BTreeMap<_, u64> = BTreeMap::new();
        for row in function.failed() {
            let error_type = row.error_type.as_deref().unwrap_or_default();
            *counts.entry((row.status, error_type, row.expected)).or_default() += 1;
        }
        rows.extend(counts.into_iter().map(|((status, error_type, expected), count)| {
            vec![
                function.record.name.clone(),
                status.as_str().to_owned(),
                shortened(error_type, 40),
                count.to_string(),
                (if expected { "expected" } else { "NOT EXPECTED" }).to_owned(),
            ]
        }));
    }
    if rows.is_empty() {
        return;
    }
    let column = |name, align| Column { head: ["", name], align };
    let columns = vec![
        column("function", Align::Left),
        column("status", Align::Left),
        column("error type", Align::Left),
        column("invocations", Align::Right),
        column("", Align::Left),
    ];
    page.gap();
    page.text(Role::Title, 2, "Failed invocations");
    page.table(&Table { columns, rows });
}
