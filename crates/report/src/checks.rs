//! What a script checked, and what its thresholds were decided by.

use kelvin_record::{MeasureRecord, Run};

use crate::number::{interval, three_digits};
use crate::page::{Page, Role};

/// Adds the checks, if there are some.
pub(crate) fn add(page: &mut Page, run: &Run) {
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
