//! What is laid beside a ladder in the terminal: rungs that were measured by themselves, and criterion.

use kelvin_record::Estimate;

use crate::ladder::text::{half, micros};
use crate::ladder::{CriterionCheck, Rungs, StartLadder};
use crate::number::three_digits;
use crate::page::{Page, Role};
use crate::reasons::{EMPTY, Reasons};
use crate::table::{Align, Column, Spare, Table};

const SPARE: [Spare; 2] = [(3, "step ± 95 %"), (4, "ladder says µs")];

/// Adds the rungs, the differences between them, and what the ladder says of the same.
pub(super) fn add_rungs(page: &mut Page, title: &str, rungs: &Rungs) {
    let Rungs { blocks, full_speed, rungs } = rungs;
    page.gap();
    page.text(
        Role::Title,
        2,
        &format!("{title} · rungs by themselves · {blocks} blocks · + runtime is {full_speed}"),
    );
    let column = |head, align| Column { head, align };
    let columns = vec![
        column(["", "rung"], Align::Left),
        column(["", "µs"], Align::Decimal),
        column(["step", "µs"], Align::Decimal),
        column(["step", "± 95 %"], Align::Decimal),
        column(["ladder", "says µs"], Align::Decimal),
        column(["", "gap"], Align::Right),
    ];
    let mut reasons = Reasons::new(1);
    let value = |ms: Option<f64>| ms.map_or_else(|| EMPTY.to_owned(), micros);
    let mut rows = Vec::new();
    for rung in rungs {
        let Estimate { value: step, ci95, .. } = &rung.step_ms;
        if let Some(reason) = rung.step_ms.reason.as_deref() {
            let reason = reason.trim_start_matches("interval ").replace("launches", "blocks");
            reasons.add("", "±", Some(&reason));
        }
        let gap = rung.gap.map(|gap| format!("{:.1} %", gap * 100.0));
        rows.push(vec![
            rung.name.to_owned(),
            value(rung.mean_ms.value),
            value(*step),
            value(ci95.map(half)),
            value(rung.ladder_ms),
            gap.unwrap_or_else(|| EMPTY.to_owned()),
        ]);
    }
    page.table(&Table { columns, rows }, &SPARE);
    for line in reasons.lines() {
        page.text(Role::Aside, 2, &line);
    }
    let findings = rungs.iter().filter(|rung| rung.finding).map(|rung| rung.name);
    let findings: Vec<&str> = findings.collect();
    if !findings.is_empty() {
        let text = format!(
            "FINDING: ladder and rungs differ by more than 10 % of the rung at {}",
            findings.join(", ")
        );
        page.text(Role::Warning, 2, &text);
    }
}

/// Adds a line about the same case under criterion.
pub(super) fn add_criterion(page: &mut Page, warm: &StartLadder, check: &CriterionCheck) {
    let CriterionCheck { case, mean_ms, ratio, finding, reason } = check;
    let case = case.as_ref().map(|case| format!(", case {case}")).unwrap_or_default();
    let compute = warm.parts.iter().find(|part| part.name == "compute");
    let compute = compute.and_then(|part| part.mean_ms.value);
    let text = match (mean_ms, compute, ratio) {
        (Some(mean), Some(compute), Some(ratio)) => format!(
            "warm compute {} µs ÷ {} µs = ×{}",
            micros(compute),
            micros(*mean),
            three_digits(*ratio)
        ),
        _ => format!("{EMPTY}: {}", reason.as_deref().unwrap_or("not compared")),
    };
    page.text(Role::Plain, 2, &format!("criterion{case}: {text}"));
    if *finding {
        page.text(Role::Warning, 2, "FINDING: compute and criterion differ by more than 10 %");
    }
}
