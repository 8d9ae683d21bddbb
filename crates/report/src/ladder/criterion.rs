//! The same case under criterion, beside the part `compute`.

use std::collections::{BTreeMap, BTreeSet};

use kelvin_lambda::MemorySize;
use kelvin_record::{InvocationRecord, Run};
use serde::Serialize;

use crate::ladder::{FINDING, StartLadder};
use kelvin_analysis::FunctionRows;

/// Workload and case.
pub type CaseName = (String, String);

/// What criterion says of one case of one workload: the mean in nanoseconds, or why there is none.
pub type Criterion = BTreeMap<CaseName, Result<f64, String>>;

/// The part `compute` against the same case under criterion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CriterionCheck {
    /// The case.
    pub case: Option<String>,
    /// Criterion's mean.
    pub mean_ms: Option<f64>,
    /// The part `compute` of warm starts divided by it.
    pub ratio: Option<f64>,
    /// They differ by more than a tenth.
    pub finding: bool,
    /// Why they cannot be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The cases that functions of a run were invoked with.
pub fn cases_of(run: &Run) -> BTreeSet<CaseName> {
    let of_function = |rows: &FunctionRows<'_>| {
        let workload = rows.record.workload.clone();
        let pair = |row: &&InvocationRecord| Some((workload.clone()?, row.case.clone()?));
        rows.rows.iter().filter_map(pair).collect::<Vec<_>>()
    };
    FunctionRows::of(run).iter().flat_map(of_function).collect()
}

/// Compares; `None` of functions that are no workload of a workspace.
pub(super) fn check(
    function: &FunctionRows<'_>,
    warm: &StartLadder,
    criterion: &Criterion,
) -> Option<CriterionCheck> {
    let workload = function.record.workload.clone()?;
    let cases: BTreeSet<Option<String>> =
        function.warm().iter().flatten().map(|row| row.case.clone()).collect();
    let case = if cases.len() == 1 { cases.into_iter().next().flatten() } else { None };
    let found = match &case {
        None => Err("it was not invoked with one case only".to_owned()),
        Some(case) => compute(function, warm).and_then(|compute_ms| {
            let mean_ms = known(criterion, workload, case)? / 1e6;
            Ok((mean_ms, compute_ms / mean_ms))
        }),
    };
    let (numbers, reason) = match found {
        Ok(numbers) => (Some(numbers), None),
        Err(reason) => (None, Some(reason)),
    };
    Some(CriterionCheck {
        case,
        mean_ms: numbers.map(|(mean_ms, _)| (mean_ms * 1e6).round() / 1e6),
        ratio: numbers.map(|(_, ratio)| (ratio * 1e4).round() / 1e4),
        finding: numbers.is_some_and(|(_, ratio)| (ratio - 1.0).abs() > FINDING),
        reason,
    })
}

fn known(criterion: &Criterion, workload: String, case: &str) -> Result<f64, String> {
    let found = criterion.get(&(workload, case.to_owned())).cloned();
    found.unwrap_or_else(|| Err("criterion was not asked".to_owned()))
}

/// The part that is comparable, in milliseconds.
fn compute(function: &FunctionRows<'_>, warm: &StartLadder) -> Result<f64, String> {
    let variant = function.record.variant.as_deref().unwrap_or("release");
    if variant != "release" {
        return Err(format!("it was built as {variant}, and criterion measures release builds"));
    }
    let value = |name| warm.parts.iter().find(|part| part.name == name)?.mean_ms.value;
    if function.record.memory_mb < MemorySize::ONE_VCPU && value("throttled").is_none() {
        return Err("its compute may contain time held back".to_owned());
    }
    value("compute").ok_or_else(|| "its compute was not measured".to_owned())
}
