//! What went wrong in a run, and what its script had to say.

use std::collections::BTreeMap;

use kelvin_lambda::Start;
use kelvin_record::{MeasureRecord, Run};

use crate::functions::FunctionRows;
use crate::number::{interval, three_digits};
use crate::page::{Page, Role};
use crate::table::{Align, Column, Table, shortened};

/// Adds what there is of failures, checks and notes.
pub(crate) fn add(page: &mut Page, run: &Run) {
    let functions = FunctionRows::of(run);
    add_failures(page, &functions);
    add_checks(page, run);
    add_notes(page, run, &functions);
}

fn add_failures(page: &mut Page, functions: &[FunctionRows<'_>]) {
    let mut rows = Vec::new();
    for function in functions {
        let mut counts: BTreeMap<_, u64> = BTreeMap::new();
        for row in function.failed() {
            let error_type = row.error_type.as_deref().unwrap_or_default();
            *counts.entry((row.status, error_type, row.expected)).or_default() += 1;
        }
        rows.extend(counts.into_iter().map(|((status, error_type, expected), count)| {
            vec![
                function.record.name.clone(),
                status.as_str().to_owned(),
                shortened(error_type, 40),
                count.to_string(),
                (if expected { "expected" } else { "NOT EXPECTED" }).to_owned(),
            ]
        }));
    }
    if rows.is_empty() {
        return;
    }
    let column = |name, align| Column { head: ["", name], align };
    let columns = vec![
        column("function", Align::Left),
        column("status", Align::Left),
        column("error type", Align::Left),
        column("invocations", Align::Right),
        column("", Align::Left),
    ];
    page.gap();
    page.text(Role::Title, 2, "Failed invocations");
    page.table(&Table { columns, rows });
}

fn add_checks(page: &mut Page, run: &Run) {
    if run.record.checks.is_empty() {
        return;
    }
    page.gap();
    page.text(Role::Title, 2, "Checks");
    for check in &run.record.checks {
        let undecided = check.measure.as_ref().is_some_and(|measure| measure.undecided);
        let (role, result) = match (check.passed, undecided) {
            (true, _) => (Role::Plain, "passed"),
            (false, false) => (Role::Warning, "FAILED"),
            (false, true) => (Role::Warning, "UNDECIDED"),
        };
        let measure = check.measure.as_ref().map(measured).unwrap_or_default();
        page.text(role, 7, &format!("{result} {}{measure}", check.name));
    }
}

/// What a threshold was decided by, after its name.
fn measured(measure: &MeasureRecord) -> String {
    let unit = match measure.unit.as_str() {
        "usd_per_million" => " $ per million",
        "share" => " of all",
        _ => " ms",
    };
    let below = measure.below.map(|limit| format!("to be below {}", three_digits(limit)));
    let above = measure.above.map(|limit| format!("to be above {}", three_digits(limit)));
    let limit = below.or(above).unwrap_or_else(|| "without a limit".to_owned());
    let n = match (measure.n, measure.launches) {
        (Some(n), Some(launches)) if n != launches => format!(", n = {n} of {launches} launches"),
        (Some(n), Some(_)) => format!(", n = {n} launches"),
        (Some(n), None) => format!(", n = {n}"),
        (None, _) => String::new(),
    };
    let reason = measure.reason.as_deref();
    let Some(value) = measure.value else {
        return format!(": {limit}{unit}, but {}", reason.unwrap_or("not measured"));
    };
    let ci95 = measure.ci95.map(|[low, high]| {
        // Of a share of nothing the upper bound is what there is to read.
        let like = if value == 0.0 { high } else { value };
        format!(" ({})", interval([low, high], like))
    });
    let reason = reason.map(|reason| format!("; {reason}")).unwrap_or_default();
    format!(": {}{unit}{}, {limit}{n}{reason}", three_digits(value), ci95.unwrap_or_default())
}

fn add_notes(page: &mut Page, run: &Run, functions: &[FunctionRows<'_>]) {
    let mut notes = run.record.notes.clone();
    for function in functions {
        let suppressed = function.succeeded(Start::SuppressedInit).count();
        if suppressed > 0 {
            notes.push(format!(
                "{suppressed} of {}'s invocations found a process that had to be started again (suppressed init): their \
                 duration contains an INIT, so they are in neither table.",
                function.record.name
            ));
        }
        let proactive = function.succeeded(Start::ProactiveInit).count();
        if proactive > 0 {
            notes.push(format!(
                "{proactive} of {}'s invocations were the first of an environment that no caller had waited for (proactive \
                 init): they are in neither table.",
                function.record.name
            ));
        }
    }
    if run.incomplete > 0 {
        notes.push(format!(
            "{} invocations are left out because not all of their launch is recorded.",
            run.incomplete
        ));
    }
    if notes.is_empty() {
        return;
    }
    page.gap();
    page.text(Role::Title, 2, "Notes");
    for note in notes {
        page.text(Role::Plain, 2, &format!("- {note}"));
    }
}
