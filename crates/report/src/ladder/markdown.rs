//! The ladders as tables for a README.

use kelvin_record::Estimate;

use crate::ladder::text::names;
use crate::ladder::{FunctionLadder, LadderReport, Part, Rungs, StartLadder};
use crate::reasons::EMPTY;

/// One table a function: a row for each part, warm and cold side by side.
pub fn render_ladder_markdown(report: &LadderReport) -> String {
    let names = names(report).beside_memory;
    let functions = report.functions.iter().zip(&names);
    functions.map(|(ladder, name)| function(ladder, name)).collect::<Vec<_>>().join("\n")
}

fn function(function: &FunctionLadder, name: &str) -> String {
    let name = name.replace('|', "\\|");
    let (warm, cold) = (&function.warm, &function.cold);
    let mut text = format!(
        "| {name}, {} MB | warm (µs), {} launches | cold, the first (µs), {} launches |\n|---|--:|--:|\n",
        function.memory_mb.mb(),
        warm.launches,
        cold.launches,
    );
    let mut row = |name: &str, [warm, cold]: [String; 2]| {
        text.extend(["| ", name, " | ", &warm, " | ", &cold, " |\n"]);
    };
    // A cold start has all parts of a warm one, and INIT.
    let names = if cold.parts.is_empty() { &warm.parts } else { &cold.parts };
    for name in names.iter().map(|part| part.name) {
        row(name, [of_part(&warm.parts, name), of_part(&cold.parts, name)]);
    }
    row("**latency**", [bold(&warm.latency_ms), bold(&cold.latency_ms)]);
    let after = if cold.after.is_empty() { &warm.after } else { &cold.after };
    for name in after.iter().map(|part| part.name) {
        let label = format!("{name} (after the response)");
        row(&label, [of_part(&warm.after, name), of_part(&cold.after, name)]);
    }
    row("duration", [estimate(&warm.duration_ms), estimate(&cold.duration_ms)]);
    if warm.held_back.is_some() {
        row("CPU limit: × full speed (predicted)", [held_back(warm), held_back(cold)]);
    }
    if let Some(check) = function.criterion.as_ref().filter(|check| check.ratio.is_some()) {
        let ratio = check.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        row("compute ÷ criterion", [ratio, String::new()]);
    }
    if let Some(rungs) = &function.rungs {
        text.extend(["\n", &of_rungs(rungs)]);
    }
    text
}

fn of_rungs(rungs: &Rungs) -> String {
    let mut text = format!(
        "| rung, {} blocks | µs | step (µs) | ladder says (µs) | gap |\n|---|--:|--:|--:|--:|\n",
        rungs.blocks
    );
    for rung in &rungs.rungs {
        let ladder =
            rung.ladder_ms.map_or_else(|| EMPTY.to_owned(), |ms| format!("{:.1}", ms * 1e3));
        let gap = rung.gap.map_or_else(|| EMPTY.to_owned(), |gap| format!("{:.1} %", gap * 100.0));
        let finding = if rung.finding { ", finding" } else { "" };
        let cells = [
            rung.name,
            &estimate(&rung.mean_ms),
            &estimate(&rung.step_ms),
            &ladder,
            &format!("{gap}{finding}"),
        ];
        text.extend(["| ", &cells.join(" | "), " |\n"]);
    }
    text
}

fn of_part(parts: &[Part], name: &str) -> String {
    let Some(part) = parts.iter().find(|part| part.name == name) else { return String::new() };
    let text = estimate(&part.mean_ms);
    if part.below_resolution { format!("{text}, below resolution") } else { text }
}

fn bold(estimate: &Estimate) -> String {
    format!("**{}**", self::estimate(estimate))
}

fn estimate(estimate: &Estimate) -> String {
    match (estimate.value, estimate.ci95) {
        (None, _) => EMPTY.to_owned(),
        (Some(ms), None) => format!("{:.1}", ms * 1e3),
        (Some(ms), Some([low, high])) => {
            format!("{:.1} ± {:.1}", ms * 1e3, (high - low) / 2.0 * 1e3)
        }
    }
}

fn held_back(ladder: &StartLadder) -> String {
    let number = |x: Option<f64>| x.map_or_else(|| EMPTY.to_owned(), |x| format!("{x:.2}"));
    ladder.held_back.as_ref().map_or_else(String::new, |held_back| {
        format!("{} ({})", number(held_back.factor), number(held_back.predicted))
    })
}
