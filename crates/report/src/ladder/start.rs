//! The mean invocation of one kind of start.

use std::collections::BTreeMap;
use std::iter;

use kelvin_record::{InitRecord, InvocationRecord, Measured, Run};
use kelvin_stats::Sample;

use crate::ladder::parts::{self, Parts, apportioned};
use crate::ladder::{Part, StartLadder};
use crate::metric::{mean_of, without_value};

/// An invocation with its parts.
type Split<'a> = (&'a InvocationRecord, Parts);

/// Splits the mean of these invocations, given launch by launch. `missing` says why there are none.
pub(super) fn ladder(
    run: &Run,
    rows_by_launch: &[Vec<&InvocationRecord>],
    missing: &str,
) -> StartLadder {
    let n: usize = rows_by_launch.iter().map(Vec::len).sum();
    let launches = alike(run, rows_by_launch);
    let invocations = launches.iter().map(Vec::len).sum::<usize>() as u64;
    let Some((_, names)) = launches.first().and_then(|launch| launch.first()) else {
        return empty(missing);
    };
    let of_parts = names.iter().enumerate().map(|(at, &(name, _))| {
        let values = means(&launches, |(_, parts)| Some(parts[at].1 as f64));
        // A part that is no more than a remainder is always there.
        let measured = launches.iter().flatten().any(|(row, _)| is_measured(row, name));
        let part = if measured { part(name, &values) } else { unknown(run, name) };
        (part, values.mean().unwrap_or(0.0))
    });
    let (mut of_parts, exact): (Vec<Part>, Vec<f64>) = of_parts.unzip();
    let mut latency_ms = mean_of(&means(&launches, |(row, _)| Some(row.latency_ns as f64)));
    latency_ms.value = Some(make_add_up(&mut of_parts, &exact));
    let after = vec![
        after(run, &launches, "post_response", |row| row.post_response_ns),
        after(run, &launches, "extension_overhead", |row| row.extension_overhead_ns),
    ];
    let duration = means(&launches, |(row, _)| Some(row.timing().duration_ns()? as f64));
    let total = means(&launches, |(row, _)| Some(row.throttled_total_ns.value()? as f64));
    StartLadder {
        launches: launches.len() as u64,
        invocations,
        left_out: n as u64 - invocations,
        latency_ms,
        parts: of_parts,
        after,
        duration_ms: if duration.is_empty() {
            without_value(reason(run, "response_latency"))
        } else {
            mean_of(&duration)
        },
        throttled_total_ms: mean_of(&total).value,
        held_back: None,
    }
}

/// The invocations that are split in the most detail that any of them is.
fn alike<'a>(run: &Run, rows_by_launch: &[Vec<&'a InvocationRecord>]) -> Vec<Vec<Split<'a>>> {
    let inits: BTreeMap<u64, &InitRecord> =
        run.launches.iter().filter_map(|l| Some((l.launch, l.init.as_ref()?))).collect();
    let init = |row: &InvocationRecord| inits.get(&row.launch?).copied();
    let split = rows_by_launch.iter().map(|rows| {
        rows.iter().map(|&row| (row, parts::of(row, init(row)))).collect::<Vec<Split<'a>>>()
    });
    let mut launches: Vec<_> = split.collect();
    let most = launches.iter().flatten().map(|(_, parts)| parts.len()).max().unwrap_or(0);
    for launch in &mut launches {
        launch.retain(|(_, parts)| parts.len() == most);
    }
    launches.retain(|launch| !launch.is_empty());
    launches
}

/// The mean of every launch that has the value.
fn means(launches: &[Vec<Split<'_>>], value: impl Fn(&Split<'_>) -> Option<f64>) -> Sample {
    let mean = |launch: &Vec<Split<'_>>| {
        let values: Vec<f64> = launch.iter().filter_map(&value).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    launches.iter().filter_map(mean).collect()
}

/// Whether this part was measured, where it is one that a platform may be unable to attribute.
fn is_measured(row: &InvocationRecord, name: &str) -> bool {
    name != "throttled" || row.throttled_ns.value().is_some()
}

fn after(
    run: &Run,
    launches: &[Vec<Split<'_>>],
    name: &'static str,
    field: impl Fn(&InvocationRecord) -> Measured,
) -> Part {
    let values = means(launches, |(row, _)| Some(field(row).value()? as f64));
    if values.is_empty() { unknown(run, name) } else { part(name, &values) }
}

fn part(name: &'static str, launch_means: &Sample) -> Part {
    let mean_ms = mean_of(launch_means);
    let around_zero = |[low, high]: [f64; 2]| low <= 0.0 && 0.0 <= high;
    let happened = launch_means.values().iter().any(|&ns| ns != 0.0);
    let below_resolution = happened && mean_ms.ci95.is_some_and(around_zero);
    Part { name, mean_ms, below_resolution }
}

fn unknown(run: &Run, name: &'static str) -> Part {
    Part { name, mean_ms: without_value(reason(run, name)), below_resolution: false }
}

/// Why a part was not measured.
fn reason(run: &Run, name: &str) -> String {
    let known = run.record.unavailable.get(&format!("{name}_ns"));
    known.map_or("not measured", String::as_str).to_owned()
}

/// Rounds the parts to nanoseconds such that they add up to the latency, in milliseconds. `exact` has their means.
fn make_add_up(parts: &mut [Part], exact: &[f64]) -> f64 {
    let ns = apportioned(exact, 1.0);
    for (part, ns) in iter::zip(parts, &ns) {
        part.mean_ms.value = part.mean_ms.value.map(|_| *ns as f64 / 1e6);
    }
    ns.iter().sum::<i64>() as f64 / 1e6
}

fn empty(missing: &str) -> StartLadder {
    StartLadder {
        launches: 0,
        invocations: 0,
        left_out: 0,
        latency_ms: without_value(missing.to_owned()),
        parts: Vec::new(),
        after: Vec::new(),
        duration_ms: without_value(missing.to_owned()),
        throttled_total_ms: None,
        held_back: None,
    }
}
