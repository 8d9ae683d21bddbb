//! Loads: their statistics, and their table.
//!
//! However many requests a load sends, it is one sample of its level, so nothing here has an interval; a quantile is given
//! where its sample would allow one.

mod at_once;
mod spread;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use kelvin_lambda::{Start, Status};
use kelvin_record::{InvocationRecord, LoadKind, LoadLatency, LoadRecord, LoadSummary, Run};
use kelvin_stats::Sample;

pub(crate) use table::add;

/// The statistics of every load of a run.
pub(crate) fn loads(run: &Run) -> Vec<LoadSummary> {
    let mut rows: BTreeMap<u64, Vec<&InvocationRecord>> = BTreeMap::new();
    for row in &run.invocations {
        if let Some(load) = row.load {
            rows.entry(load).or_default().push(row);
        }
    }
    let of =
        |load: &LoadRecord| summary(run, load, rows.get(&load.load).map_or(&[], Vec::as_slice));
    run.loads.iter().map(of).collect()
}

fn summary(run: &Run, load: &LoadRecord, rows: &[&InvocationRecord]) -> LoadSummary {
    let function = usize::try_from(load.function).ok().and_then(|at| run.record.functions.get(at));
    let function = function.expect("the reader refuses loads of functions that are not there");
    let good: Vec<&InvocationRecord> =
        rows.iter().copied().filter(|row| row.status == Status::Ok).collect();
    let started = |start| good.iter().filter(|row| row.start == start).count() as u64;
    let throttled = rows.iter().filter(|row| row.status == Status::Throttled).count();
    let environments: BTreeSet<u64> = rows.iter().filter_map(|row| row.launch).collect();
    let behind = |row: &&InvocationRecord| Some(row.at_ns.saturating_sub(row.intended_ns?));
    LoadSummary {
        load: load.load,
        function: function.name.clone(),
        memory_mb: function.memory_mb,
        kind: load.kind,
        arrivals: load.arrivals.clone(),
        trace: load.trace.clone(),
        planned_seconds: load.planned_ns.map(|ns| ns as f64 / 1e9),
        planned: load.planned,
        seconds: load.ended_offset_ns.saturating_sub(load.started_offset_ns) as f64 / 1e9,
        offered_per_second: load.offered_per_second,
        clients: load.clients,
        sent: rows.len() as u64,
        achieved_per_second: achieved(rows, good.len()),
        ok: good.len() as u64,
        throttled: throttled as u64,
        failed: (rows.len() - good.len() - throttled) as u64,
        cold: started(Start::Cold),
        proactive: started(Start::ProactiveInit),
        suppressed: started(Start::SuppressedInit),
        environments: environments.len() as u64,
        at_once: at_once::most(rows),
        latency_ms: of(good.iter().map(|row| row.latency_ns)),
        duration_ms: of(good.iter().filter_map(|row| row.timing().duration_ns())),
        queue_ms: of(good.iter().filter_map(|row| row.queue_ns.value())).mean,
        behind_ms: (load.kind == LoadKind::Open).then(|| of(rows.iter().filter_map(behind))),
    }
}

/// Good answers a second, from when the first request was due to the last answer.
fn achieved(rows: &[&InvocationRecord], good: usize) -> Option<f64> {
    let due = |row: &InvocationRecord| row.intended_ns.unwrap_or(row.at_ns);
    let first = rows.iter().map(|row| due(row)).min()?;
    let last = rows.iter().map(|row| due(row) + row.latency_ns).max()?;
    let seconds = (last - first) as f64 / 1e9;
    (seconds > 0.0).then(|| good as f64 / seconds)
}

fn of(ns: impl Iterator<Item = u64>) -> LoadLatency {
    let sample: Sample = ns.map(|ns| ns as f64).collect();
    let milliseconds = |ns: f64| ns.round() / 1e6;
    let at = |q| sample.quantile_if_enough(q).map(milliseconds);
    LoadLatency { mean: sample.mean().map(milliseconds), p50: at(0.5), p90: at(0.9), p99: at(0.99) }
}
