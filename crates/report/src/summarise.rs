//! The summary of a run.

use kelvin_lambda::Start;
use kelvin_record::{FunctionSummary, InvocationRecord, Metric, Run, SCHEMA_VERSION, Summary};

use crate::cost;
use crate::kinds::failures;
use crate::load::loads;
use crate::metric::{of_invocations, of_launches};
use crate::number::megabytes;
use crate::starts;
use kelvin_analysis::FunctionRows;

/// Makes the statistics of a run of its records.
///
/// Cold metrics are of the first cold start of every launch, warm metrics of all warm starts; what failed is in neither,
/// and nor are starts with a suppressed init, whose duration contains one, and the invocations of loads, which have
/// statistics of their own.
pub fn summarise(run: &Run) -> Summary {
    Summary {
        schema: Summary::SCHEMA.to_owned(),
        schema_version: SCHEMA_VERSION,
        run_id: run.record.run_id.clone(),
        status: run.status(),
        truncated: run.truncated.clone(),
        incomplete: run.incomplete,
        platform: run.record.platform.name.clone(),
        functions: (0..)
            .zip(FunctionRows::of(run))
            .map(|(index, rows)| function(run, index, &rows))
            .collect(),
        loads: loads(run),
        failures: failures(run),
    }
}

fn function(run: &Run, index: u32, function: &FunctionRows<'_>) -> FunctionSummary {
    let launches = starts::launches_of(run, index);
    let record = function.record;
    let (cold, warm) = (function.cold(), function.warm());
    let memory = function.rows.iter().filter_map(|row| row.max_memory_bytes.value()).max();
    let cold = |fields: &[&str], value: &dyn Fn(&InvocationRecord) -> Option<u64>| -> Metric {
        let values: Vec<u64> = cold.iter().filter_map(|row| value(row)).collect();
        let missing =
            if cold.is_empty() { function.why_none(Start::Cold) } else { reason(run, fields) };
        with_failed(of_launches(&values, missing), function, Start::Cold)
    };
    let warm = |fields: &[&str], value: &dyn Fn(&InvocationRecord) -> Option<u64>| -> Metric {
        let launches = (0..).zip(&warm);
        let values = launches.flat_map(|(launch, rows)| {
            rows.iter().filter_map(|row| value(row)).map(move |value| (launch, value))
        });
        let missing =
            if warm.is_empty() { function.why_none(Start::Warm) } else { reason(run, fields) };
        with_failed(of_invocations(values, missing), function, Start::Warm)
    };
    const DURATION: [&str; 3] = ["response_latency_ns", "response_duration_ns", "post_response_ns"];
    FunctionSummary {
        name: record.name.clone(),
        workload: record.workload.clone(),
        variant: record.variant.clone(),
        memory_mb: record.memory_mb,
        architecture: record.architecture,
        binary_bytes: record.binary_bytes,
        package_bytes: record.package_bytes,
        launches: function.launches,
        invocations: function.rows.len() as u64,
        failed: function.failed().count() as u64,
        max_memory_mb: memory.map(megabytes),
        init_ms: cold(&["init_ns"], &|row| row.init_ns.value()),
        cold_invoke_ms: cold(&DURATION, &|row| row.timing().duration_ns()),
        cold_total_ms: cold(&["init_ns", DURATION[0], DURATION[1], DURATION[2]], &|row| {
            row.timing().cold_total_ns()
        }),
        warm_duration_ms: warm(&DURATION, &|row| row.timing().duration_ns()),
        warm_latency_ms: warm(&[], &|row| Some(row.latency_ns)),
        cpu_ms: warm(&["cpu_ns"], &|row| row.cpu_ns.value()),
        throttled_ms: warm(&["throttled_ns"], &|row| row.throttled_ns.value()),
        cost: cost::of_function(function, &run.record.price_table, run.record.billing),
        gaps: starts::gaps(&launches),
        init_parts: starts::init_summary(&launches),
        page_cache: starts::page_cache(&launches),
    }
}

/// The metric, of which whatever has too few numbers says how many starts failed.
fn with_failed(mut metric: Metric, function: &FunctionRows<'_>, start: Start) -> Metric {
    let failed = function.failed_starts(start);
    if failed == 0 || metric.n == 0 {
        return metric;
    }
    for estimate in [&mut metric.mean, &mut metric.p50, &mut metric.p90] {
        if let Some(reason) = &mut estimate.reason {
            let starts = if failed == 1 { "start" } else { "starts" };
            *reason = format!("{reason}; {failed} {} {starts} failed", start.as_str());
        }
    }
    metric
}

/// Why none of the invocations has these fields.
fn reason<'a>(run: &'a Run, fields: &[&str]) -> &'a str {
    let known = fields.iter().find_map(|&field| run.record.unavailable.get(field));
    known.map_or("not measured", String::as_str)
}
