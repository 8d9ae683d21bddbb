//! Chains of functions: each stage, and the whole.

use std::collections::BTreeMap;

use kelvin_record::{PipeRecord, Run};
use kelvin_stats::Sample;

use crate::label::Names;
use crate::number::three_digits;
use crate::page::{Page, Role};
use crate::reasons::EMPTY;
use crate::table::{Align, Column, Spare, Table};

const SPARE: [Spare; 3] = [(6, "between"), (5, "stages"), (2, "runs")];

/// Adds a row for each chain, its runs with and without cold starts apart.
pub(crate) fn add(page: &mut Page, run: &Run, names: &Names) {
    let mut chains: BTreeMap<(&[u32], bool), Vec<&PipeRecord>> = BTreeMap::new();
    for pipe in run.pipes.iter().filter(|pipe| pipe.ok) {
        chains.entry((&pipe.functions, pipe.cold > 0)).or_default().push(pipe);
    }
    if run.pipes.is_empty() {
        return;
    }
    let column = |head, align| Column { head, align };
    let columns = vec![
        column(["", "chain"], Align::Left),
        column(["", "starts"], Align::Right),
        column(["", "runs"], Align::Right),
        column(["latency", "mean"], Align::Decimal),
        column(["pooled", "p50"], Align::Decimal),
        column(["stages", "mean"], Align::Decimal),
        column(["between", "mean"], Align::Decimal),
    ];
    let rows = chains.iter().map(|((functions, cold), pipes)| {
        let ms = |of: &dyn Fn(&PipeRecord) -> u64| -> Sample {
            pipes.iter().map(|pipe| of(pipe) as f64 / 1e6).collect()
        };
        let whole = ms(&|pipe| pipe.whole_ns);
        let stages = ms(&|pipe| pipe.latency_ns.iter().sum());
        let between = ms(&|pipe| pipe.whole_ns.saturating_sub(pipe.latency_ns.iter().sum()));
        let median = whole.quantile_if_enough(0.5);
        vec![
            chain(functions, names),
            if *cold { "cold" } else { "warm" }.to_owned(),
            pipes.len().to_string(),
            number(whole.mean()),
            number(median),
            number(stages.mean()),
            number(between.mean()),
        ]
    });
    let table = Table { columns, rows: rows.collect() };
    page.gap();
    page.text(Role::Title, 2, "Chains · ms · of those that were answered");
    if !table.rows.is_empty() {
        page.table(&table, &SPARE);
    }
    page.text(
        Role::Aside,
        2,
        "A chain takes what its stages take, one after another, and what lies between a response and the next request. It \
         is cold if one of its stages started cold. Warm runs share launches: means and the p50 are over all runs together, \
         and there are no intervals.",
    );
    let failed = run.pipes.iter().filter(|pipe| !pipe.ok).count();
    if failed > 0 {
        page.text(
            Role::Warning,
            2,
            &format!("Runs through a chain that ended before its end: {failed}."),
        );
    }
}

fn chain(functions: &[u32], names: &Names) -> String {
    let name = |index: &u32| {
        let name = usize::try_from(*index).ok().and_then(|at| names.full.get(at));
        name.map_or(EMPTY, String::as_str)
    };
    functions.iter().map(name).collect::<Vec<_>>().join(" > ")
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| EMPTY.to_owned(), three_digits)
}
