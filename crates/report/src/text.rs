//! The report as text: two tables, what is above and what is below them.

use kelvin_record::{Estimate, FunctionSummary, Run, Summary};

use crate::label::{Names, order};
use crate::number::{interval, megabytes, three_digits};
use crate::page::{Page, Role, Style};
use crate::reasons::{EMPTY, Reasons};
use crate::table::{Align, Column, Spare, Table};
use crate::{checks, failures, footer, head, load, notes, pipes, seen, starts};
use kelvin_analysis::FunctionRows;

/// The report of a run. `summary` is that of the run.
pub fn render_text(run: &Run, summary: &Summary, style: &Style) -> String {
    let mut page = Page::new(*style);
    head::add(&mut page, run);
    let functions = &summary.functions;
    let names = Names::of_summaries(functions);
    if functions.is_empty() {
        page.gap();
        page.text(Role::Plain, 2, "No function was deployed.");
    } else if !FunctionRows::of(run).iter().all(FunctionRows::only_loads) {
        let title = |what: &str| format!("{what}{}", units(functions));
        let of_cold = cold(run, functions, &names);
        add_table(&mut page, &title("Cold starts"), of_cold, &COLD_SPARE);
        let of_warm = warm(run, functions, &names);
        add_table(&mut page, &title("Warm starts"), of_warm, &WARM_SPARE);
        seen::add(&mut page, functions, &names);
        starts::add(&mut page, functions, &names);
    }
    load::add(&mut page, run, &summary.loads, &names);
    pipes::add(&mut page, run, &names);
    failures::add(&mut page, summary, &names);
    checks::add(&mut page, run);
    notes::add(&mut page, run, &names);
    footer::add(&mut page, run);
    footer::add_answers(&mut page, run);
    page.render()
}

const COLD_SPARE: [Spare; 7] = [
    (5, "first p50"),
    (2, "binary MB"),
    (9, "billed mean"),
    (8, "total p90"),
    (3, "launches"),
    (10, "cost"),
    (4, "INIT p50"),
];

const WARM_SPARE: [Spare; 7] = [
    (8, "max MB"),
    (7, "CPU mean"),
    (6, "latency p50"),
    (9, "billed mean"),
    (5, "dur. p90"),
    (10, "cost"),
    (2, "launches × each"),
];

fn units(functions: &[FunctionSummary]) -> String {
    let costs = functions.iter().flat_map(|function| [&function.cost.cold, &function.cost.warm]);
    let fee = costs.filter_map(|cost| cost.request_usd_per_million).next();
    let fee = fee.map(|fee| format!(", plus {fee:.2} for requests")).unwrap_or_default();
    format!(" · ms · cost in $ per million invocations: compute{fee}")
}

fn add_table(page: &mut Page, title: &str, (table, reasons): (Table, Reasons), spare: &[Spare]) {
    page.gap();
    page.text(Role::Title, 2, title);
    page.table(&table, spare);
    for line in reasons.lines() {
        page.text(Role::Aside, 2, &line);
    }
}

fn column(head: [&'static str; 2], align: Align) -> Column {
    Column { head, align }
}

fn cold(run: &Run, functions: &[FunctionSummary], names: &Names) -> (Table, Reasons) {
    let columns = vec![
        column(["", "function"], Align::Left),
        column(["", "MB"], Align::Right),
        column(["binary", "MB"], Align::Decimal),
        column(["", "launches"], Align::Right),
        column(["INIT", "p50"], Align::Decimal),
        column(["first", "p50"], Align::Decimal),
        column(["total", "p50"], Align::Decimal),
        column(["total p50", "95 % interval"], Align::Right),
        column(["total", "p90"], Align::Decimal),
        column(["billed", "mean"], Align::Decimal),
        column(["", "cost"], Align::Decimal),
    ];
    let mut reasons = Reasons::new(functions.len());
    let of_run = FunctionRows::of(run);
    let rows = order(functions)
        .into_iter()
        .map(|index| {
            let (function, name) = (&functions[index], &names.full[index]);
            let launches = of_run[index].launches_outside_of_loads();
            let total = &function.cold_total_ms;
            let cost = &function.cost.cold;
            reasons.value(name, "INIT p50", &function.init_ms.p50);
            reasons.value(name, "first p50", &function.cold_invoke_ms.p50);
            reasons.value(name, "total p50", &total.p50);
            reasons.value(name, "total p90", &total.p90);
            vec![
                names.beside_memory[index].clone(),
                function.memory_mb.mb().to_string(),
                number(function.size_bytes().map(megabytes)),
                cold_starts(function, launches),
                number(function.init_ms.p50.value),
                number(function.cold_invoke_ms.p50.value),
                number(total.p50.value),
                bounds(&total.p50),
                number(total.p90.value),
                number(cost.billed_ms),
                number(cost.compute_usd_per_million),
            ]
        })
        .collect();
    (Table { columns, rows }, reasons)
}

fn warm(run: &Run, functions: &[FunctionSummary], names: &Names) -> (Table, Reasons) {
    let columns = vec![
        column(["", "function"], Align::Left),
        column(["", "MB"], Align::Right),
        column(["launches", "× each"], Align::Right),
        column(["dur.", "p50"], Align::Decimal),
        column(["duration p50", "95 % interval"], Align::Right),
        column(["dur.", "p90"], Align::Decimal),
        column(["latency", "p50"], Align::Decimal),
        column(["CPU", "mean"], Align::Decimal),
        column(["max", "MB"], Align::Decimal),
        column(["billed", "mean"], Align::Decimal),
        column(["", "cost"], Align::Decimal),
    ];
    let mut reasons = Reasons::new(functions.len());
    let of_run = FunctionRows::of(run);
    let rows = order(functions)
        .into_iter()
        .map(|index| {
            let (function, rows) = (&functions[index], &of_run[index]);
            let name = &names.full[index];
            let duration = &function.warm_duration_ms;
            let cost = &function.cost.warm;
            reasons.value(name, "duration p50", &duration.p50);
            reasons.value(name, "duration p90", &duration.p90);
            reasons.value(name, "latency p50", &function.warm_latency_ms.p50);
            reasons.value(name, "CPU", &function.cpu_ms.mean);
            vec![
                names.beside_memory[index].clone(),
                function.memory_mb.mb().to_string(),
                sample_size(rows),
                number(duration.p50.value),
                bounds(&duration.p50),
                number(duration.p90.value),
                number(function.warm_latency_ms.p50.value),
                number(function.cpu_ms.mean.value),
                number(function.max_memory_mb),
                number(cost.billed_ms),
                number(cost.compute_usd_per_million),
            ]
        })
        .collect();
    (Table { columns, rows }, reasons)
}

/// How many launches the cold metrics rest on, and of how many if it is not all. Those that began within a load do not count.
fn cold_starts(function: &FunctionSummary, launches: u64) -> String {
    let n = function.cold_total_ms.n;
    if n == launches { n.to_string() } else { format!("{n} of {launches}") }
}

/// `20 × 100`, or `20 × 98–100` where launches differ.
fn sample_size(function: &FunctionRows<'_>) -> String {
    let sizes: Vec<usize> = function.warm().iter().map(Vec::len).collect();
    match (sizes.iter().min(), sizes.iter().max()) {
        (Some(least), Some(most)) if least == most => format!("{} × {least}", sizes.len()),
        (Some(least), Some(most)) => format!("{} × {least}–{most}", sizes.len()),
        _ => "0".to_owned(),
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| EMPTY.to_owned(), three_digits)
}

fn bounds(estimate: &Estimate) -> String {
    match (estimate.value, estimate.ci95) {
        (Some(value), Some(ci95)) => interval(ci95, value),
        _ => EMPTY.to_owned(),
    }
}
