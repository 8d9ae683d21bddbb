//! The table of loads, and what must be said of them.

use kelvin_record::{LoadKind, LoadSummary};

use crate::number::three_digits;
use crate::page::{Page, Role};
use crate::reasons::EMPTY;
use crate::table::{Align, Column, Table};

/// A generator that is later than this at the 99th percentile was behind its schedule, in milliseconds.
const BEHIND_MS: f64 = 1.0;

/// Adds what there is of loads.
pub(crate) fn add(page: &mut Page, loads: &[LoadSummary]) {
    if loads.is_empty() {
        return;
    }
    page.gap();
    page.text(Role::Title, 2, "Loads · ms · of good answers");
    page.table(&table(loads));
    page.text(
        Role::Aside,
        2,
        "An open loop (requests a second) sends when a request is due; its latency is response time, counted from then. A \
         closed loop (clients) sends when there is an answer; its latency is service time. Each load is one sample of its \
         level, however many requests it sends: no intervals. A quantile needs 6 (p50), 36 (p90), 368 (p99) good answers.",
    );
    for load in loads {
        if let Some(warning) = behind(load) {
            page.text(Role::Warning, 2, &warning);
        }
    }
}

fn table(loads: &[LoadSummary]) -> Table {
    let column = |head, align| Column { head, align };
    let columns = vec![
        column(["", "function"], Align::Left),
        column(["", "load"], Align::Right),
        column(["", "sent"], Align::Right),
        column(["good", "per s"], Align::Decimal),
        column(["", "failed"], Align::Right),
        column(["throt-", "tled"], Align::Right),
        column(["", "cold"], Align::Right),
        column(["envi-", "ronm."], Align::Right),
        column(["latency", "p50"], Align::Decimal),
        column(["", "p90"], Align::Decimal),
        column(["", "p99"], Align::Decimal),
        column(["dur.", "p50"], Align::Decimal),
    ];
    let rows = loads.iter().map(|load| {
        vec![
            load.function.clone(),
            level(load),
            load.sent.to_string(),
            number(load.achieved_per_second),
            load.failed.to_string(),
            load.throttled.to_string(),
            load.cold.to_string(),
            load.environments.to_string(),
            number(load.latency_ms.p50),
            number(load.latency_ms.p90),
            number(load.latency_ms.p99),
            number(load.duration_ms.p50),
        ]
    });
    Table { columns, rows: rows.collect() }
}

/// `20/s poisson`, or `16 clients`.
fn level(load: &LoadSummary) -> String {
    match (load.kind, load.clients) {
        (LoadKind::Closed, Some(1)) => "1 client".to_owned(),
        (LoadKind::Closed, clients) => format!("{} clients", clients.unwrap_or_default()),
        (LoadKind::Open, _) => {
            let rate = load.offered_per_second.map_or(EMPTY.to_owned(), plain);
            let arrivals = load.arrivals.as_deref().filter(|name| *name != "constant");
            format!("{rate}/s{}", arrivals.map(|name| format!(" {name}")).unwrap_or_default())
        }
    }
}

/// Whole numbers as such: a rate is what somebody has asked for.
fn plain(rate: f64) -> String {
    if rate.fract() == 0.0 { format!("{rate:.0}") } else { three_digits(rate) }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| EMPTY.to_owned(), three_digits)
}

/// Says so where the generator could not keep its schedule.
fn behind(load: &LoadSummary) -> Option<String> {
    let behind = load.behind_ms?;
    // Of a small sample the mean, which no single outlier makes small.
    let late = behind.p99.or(behind.mean).filter(|late| *late > BEHIND_MS)?;
    let which = if behind.p99.is_some() { "p99" } else { "on average" };
    Some(format!(
        "{}, {}: THE GENERATOR FELL BEHIND its schedule by {} ms ({which}); this machine was too busy to send when requests \
         were due, and latency contains it.",
        load.function,
        level(load),
        three_digits(late)
    ))
}
