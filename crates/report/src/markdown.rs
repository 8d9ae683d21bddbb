//! The result as a table for a README.

use kelvin_record::{Estimate, Summary};

use crate::label::{Names, order};
use crate::number::{interval, megabytes, three_digits};
use crate::reasons::EMPTY;
use crate::seen;

/// One row a function: cold start, warm start, memory and cost. Made of the summary alone.
pub fn render_markdown_table(summary: &Summary) -> String {
    let mut text = String::from(
        "| function | memory (MB) | binary (MB) | launches | INIT p50 (ms) | cold start p50 (ms) | warm p50 (ms) \
         | warm p90 (ms) | max memory (MB) | cold start ($/million) | warm ($/million) |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    let names = Names::of_summaries(&summary.functions);
    for index in order(&summary.functions) {
        let function = &summary.functions[index];
        let cost = &function.cost;
        let cells = [
            names.beside_memory[index].replace('|', "\\|"),
            function.memory_mb.mb().to_string(),
            number(function.size_bytes().map(megabytes)),
            function.launches.to_string(),
            number(function.init_ms.p50.value),
            estimate(&function.cold_total_ms.p50),
            estimate(&function.warm_duration_ms.p50),
            number(function.warm_duration_ms.p90.value),
            number(function.max_memory_mb),
            total(cost.cold.compute_usd_per_million, cost.cold.request_usd_per_million),
            total(cost.warm.compute_usd_per_million, cost.warm.request_usd_per_million),
        ];
        text.extend(["| ", &cells.join(" | "), " |\n"]);
    }
    text.push_str(&seen::markdown(&summary.functions, &names));
    text
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| EMPTY.to_owned(), three_digits)
}

fn estimate(estimate: &Estimate) -> String {
    match (estimate.value, estimate.ci95) {
        (Some(value), Some(ci95)) => format!("{} ({})", three_digits(value), interval(ci95, value)),
        (value, _) => number(value),
    }
}

fn total(compute: Option<f64>, request: Option<f64>) -> String {
    number(compute.zip(request).map(|(compute, request)| compute + request))
}
