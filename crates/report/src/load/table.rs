//! The table of loads, and what must be said of them.

use kelvin_record::{LoadKind, LoadRecord, LoadSummary, Run};

use super::spread;
use crate::label::Names;
use crate::number::three_digits;
use crate::page::{Page, Role};
use crate::reasons::EMPTY;
use crate::table::{Align, Column, Spare, Table};

/// A generator that is later than this at the 99th percentile was behind its schedule, in milliseconds.
const BEHIND_MS: f64 = 1.0;

const OUTCOMES_SPARE: [Spare; 8] = [
    (3, "sent"),
    (10, "at once"),
    (9, "environments"),
    (4, "good per s"),
    (8, "cold"),
    (2, "load"),
    (7, "throttled"),
    (6, "failed"),
];

const TIMES_SPARE: [Spare; 4] = [(7, "queue mean"), (6, "dur. p50"), (8, "behind p99"), (4, "p90")];

/// Adds what there is of loads.
pub(crate) fn add(page: &mut Page, run: &Run, loads: &[LoadSummary], names: &Names) {
    if loads.is_empty() {
        return;
    }
    let loads: Vec<LoadSummary> =
        run.loads.iter().zip(loads).map(|(record, load)| called(record, load, names)).collect();
    let loads = loads.as_slice();
    page.gap();
    page.text(Role::Title, 2, "Loads · what became of the requests");
    page.table(&outcomes(loads), &OUTCOMES_SPARE);
    page.gap();
    page.text(Role::Title, 2, "Loads · ms · of good answers");
    page.table(&times(loads), &TIMES_SPARE);
    for line in spread::lines(loads) {
        page.text(Role::Plain, 2, &line);
    }
    page.text(
        Role::Aside,
        2,
        "Response: an open loop (requests a second) sends when a request is due; its latency is response time, from when it \
         was due. Service: a closed loop (clients) sends when there is an answer; its latency is service time. Behind is by \
         how much the generator sent later than due. Each load is one sample of its level, however many requests it sends: no \
         intervals. A quantile needs 6 (p50), 36 (p90), 368 (p99) answers.",
    );
    for load in loads {
        for note in unusual_starts(load) {
            page.text(Role::Plain, 2, &note);
        }
        if let Some(warning) = behind(load) {
            page.text(Role::Warning, 2, &warning);
        }
    }
}

/// The same with a name of its function that no other has.
fn called(record: &LoadRecord, load: &LoadSummary, names: &Names) -> LoadSummary {
    let name = usize::try_from(record.function).ok().and_then(|at| names.full.get(at));
    let function = name.cloned().unwrap_or_else(|| load.function.clone());
    LoadSummary { function, ..load.clone() }
}

/// What started in another way than cold and warm.
fn unusual_starts(load: &LoadSummary) -> impl Iterator<Item = String> {
    let line = |count, what: &str| match count {
        0 => None,
        1 => Some(format!("Load {}: 1 request {what}", load.load)),
        count => Some(format!("Load {}: {count} requests {what}", load.load)),
    };
    let proactive = line(
        load.proactive,
        "came first to an environment that nobody had waited for (proactive init).",
    );
    let suppressed = line(
        load.suppressed,
        "waited for a process that had to be started again (suppressed init), which the duration contains.",
    );
    proactive.into_iter().chain(suppressed)
}

fn column(head: [&'static str; 2], align: Align) -> Column {
    Column { head, align }
}

fn outcomes(loads: &[LoadSummary]) -> Table {
    let columns = vec![
        column(["", "function"], Align::Left),
        column(["", "no."], Align::Right),
        column(["", "load"], Align::Right),
        column(["", "sent"], Align::Right),
        column(["good", "per s"], Align::Decimal),
        column(["", "good"], Align::Right),
        column(["", "failed"], Align::Right),
        column(["throt-", "tled"], Align::Right),
        column(["", "cold"], Align::Right),
        column(["envi-", "ronm."], Align::Right),
        column(["at", "once"], Align::Right),
    ];
    let rows = loads.iter().map(|load| {
        vec![
            load.function.clone(),
            load.load.to_string(),
            level(load),
            load.sent.to_string(),
            number(load.achieved_per_second),
            load.ok.to_string(),
            load.failed.to_string(),
            load.throttled.to_string(),
            cold_share(load),
            load.environments.to_string(),
            load.at_once.to_string(),
        ]
    });
    Table { columns, rows: rows.collect() }
}

fn times(loads: &[LoadSummary]) -> Table {
    let columns = vec![
        column(["", "function"], Align::Left),
        column(["", "no."], Align::Right),
        column(["latency", "is"], Align::Right),
        column(["latency", "p50"], Align::Decimal),
        column(["", "p90"], Align::Decimal),
        column(["", "p99"], Align::Decimal),
        column(["dur.", "p50"], Align::Decimal),
        column(["queue", "mean"], Align::Decimal),
        column(["behind", "p99"], Align::Decimal),
    ];
    let rows = loads.iter().map(|load| {
        let is_open = load.kind == LoadKind::Open;
        vec![
            load.function.clone(),
            load.load.to_string(),
            if is_open { "response" } else { "service" }.to_owned(),
            number(load.latency_ms.p50),
            number(load.latency_ms.p90),
            number(load.latency_ms.p99),
            number(load.duration_ms.p50),
            number(load.queue_ms),
            number(load.behind_ms.and_then(|behind| behind.p99)),
        ]
    });
    Table { columns, rows: rows.collect() }
}

/// Of the good answers.
fn cold_share(load: &LoadSummary) -> String {
    if load.ok == 0 {
        return EMPTY.to_owned();
    }
    let percent = load.cold as f64 / load.ok as f64 * 100.0;
    // What there is must not be rounded away.
    if load.cold > 0 && percent < 0.1 { "<0.1%".to_owned() } else { format!("{percent:.1}%") }
}

/// `20/s poisson 60 s`, or `16 clients, 1000 requests`.
pub(super) fn level(load: &LoadSummary) -> String {
    let extent = match (load.planned_seconds, load.planned) {
        (Some(seconds), _) => format!(" {} s", plain(seconds)),
        (None, Some(requests)) => format!(", {requests} requests"),
        (None, None) => String::new(),
    };
    match (load.kind, load.clients) {
        (LoadKind::Closed, Some(1)) => format!("1 client{extent}"),
        (LoadKind::Closed, clients) => format!("{} clients{extent}", clients.unwrap_or_default()),
        (LoadKind::Open, _) => {
            let rate = load.offered_per_second.map_or(EMPTY.to_owned(), plain);
            let arrivals = load.arrivals.as_deref().filter(|name| *name != "constant");
            let arrivals = arrivals.map(|name| format!(" {name}")).unwrap_or_default();
            format!("{rate}/s{arrivals}{extent}")
        }
    }
}

/// Whole numbers as such: they are what somebody has asked for.
fn plain(number: f64) -> String {
    if number.fract() == 0.0 { format!("{number:.0}") } else { three_digits(number) }
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
        "Load {}: THE GENERATOR FELL BEHIND its schedule by {} ms ({which}); this machine was too busy to send when requests \
         were due, and latency contains it.",
        load.load,
        three_digits(late)
    ))
}
