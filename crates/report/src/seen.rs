//! What was seen where there is too little of it for an estimate: a table of its own, so that nobody takes it for one.

use std::fmt::Write;

use kelvin_record::{FunctionSummary, Metric, Seen};

use crate::label::{Names, order};
use crate::number::three_digits;
use crate::page::{Page, Role};
use crate::table::{Align, Column, Spare, Table};

const TITLE: &str = "Seen, too few for an estimate";

/// Metrics that show most of what there was to see; the summary has them all.
type Named = (&'static str, fn(&FunctionSummary) -> &Metric);

const METRICS: [Named; 3] = [
    ("INIT", |f| &f.init_ms),
    ("cold total", |f| &f.cold_total_ms),
    ("warm duration", |f| &f.warm_duration_ms),
];

const SPARE: [Spare; 4] = [(3, "launches"), (4, "n"), (5, "min"), (7, "max")];

/// What was seen of one metric of one function.
struct Row<'a> {
    function: &'a FunctionSummary,
    name: &'a str,
    metric: &'static str,
    of: &'a Metric,
    seen: Seen,
}

fn rows<'a>(functions: &'a [FunctionSummary], names: &'a Names) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for index in order(functions) {
        let (function, name) = (&functions[index], names.beside_memory[index].as_str());
        rows.extend(METRICS.into_iter().filter_map(|(metric, of)| {
            let of = of(function);
            Some(Row { function, name, metric, of, seen: of.seen? })
        }));
    }
    rows
}

/// Adds the table, if there is something to show.
pub(crate) fn add(page: &mut Page, functions: &[FunctionSummary], names: &Names) {
    let rows = rows(functions, names);
    if rows.is_empty() {
        return;
    }
    let column = |head, align| Column { head, align };
    let columns = vec![
        column(["", "function"], Align::Left),
        column(["", "MB"], Align::Right),
        column(["", "metric"], Align::Right),
        column(["", "launches"], Align::Right),
        column(["", "n"], Align::Right),
        column(["", "min"], Align::Decimal),
        column(["", "median"], Align::Decimal),
        column(["", "max"], Align::Decimal),
    ];
    let cells = |row: &Row<'_>| {
        let Seen { min, median, max } = row.seen;
        let numbers = [min, median, max].map(three_digits);
        let counts = [row.of.launches, row.of.n].map(|n| n.to_string());
        let name = [row.name.to_owned(), row.function.memory_mb.mb().to_string()];
        name.into_iter().chain([row.metric.to_owned()]).chain(counts).chain(numbers).collect()
    };
    let rows = rows.iter().map(cells).collect();
    page.gap();
    page.text(Role::Title, 2, &format!("{TITLE} · ms · the median is of all numbers together"));
    page.table(&Table { columns, rows }, &SPARE);
}

/// The same below a table in Markdown; nothing if there is nothing to show.
pub(crate) fn markdown(functions: &[FunctionSummary], names: &Names) -> String {
    let rows = rows(functions, names);
    if rows.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "\n{TITLE} (the median is of all numbers together):\n\n\
         | function | memory (MB) | metric | launches | n | min (ms) | median (ms) | max (ms) |\n\
         |---|--:|---|--:|--:|--:|--:|--:|\n"
    );
    for Row { function, name, metric, of, seen } in rows {
        let (name, memory) = (name.replace('|', "\\|"), function.memory_mb.mb());
        let [min, median, max] = [seen.min, seen.median, seen.max].map(three_digits);
        let (launches, n) = (of.launches, of.n);
        let row = format!(
            "| {name} | {memory} | {metric} | {launches} | {n} | {min} | {median} | {max} |"
        );
        writeln!(text, "{row}").expect("writing to a string does not fail");
    }
    text
}
