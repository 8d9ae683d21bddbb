//! How functions are named and ordered in tables.

use kelvin_lambda::MemorySize;
use kelvin_record::FunctionSummary;

/// A function's name without its memory size at the end, which has a column of its own.
pub(crate) fn label(function: &FunctionSummary) -> &str {
    without_size(&function.name, function.memory_mb)
}

/// The same of a name.
pub(crate) fn without_size(name: &str, memory: MemorySize) -> &str {
    let suffix = format!("-{}", memory.mb());
    name.strip_suffix(&suffix).filter(|name| !name.is_empty()).unwrap_or(name)
}

/// Indices in the order of a table: memory sizes of one function follow one another, functions are in the order of
/// deployment.
pub(crate) fn order(functions: &[FunctionSummary]) -> Vec<usize> {
    let first = |function: &FunctionSummary| {
        functions.iter().position(|other| label(other) == label(function))
    };
    let mut order: Vec<usize> = (0..functions.len()).collect();
    order.sort_by_key(|&index| (first(&functions[index]), functions[index].memory_mb));
    order
}
