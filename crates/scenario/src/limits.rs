//! How much a scenario may use.

use std::time::Duration;

/// Limits on a script. What it measures is limited by `run_time` only.
///
/// Sizes are checked wherever a function or an operator makes a value or changes it, but not at `map[key] = value`, where
/// only the number of operations sets a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps of the interpreter, in the whole run.
    pub operations: u64,
    /// Nested calls of script functions and closures.
    pub call_levels: usize,
    /// Nesting of one expression.
    pub expression_depth: usize,
    /// Length of a string in bytes, and of all strings within one value. The largest payload fits.
    pub string_bytes: usize,
    /// Elements of an array, those of nested arrays included.
    pub array_elements: usize,
    /// Properties of a map, those of nested maps included.
    pub map_properties: usize,
    /// Variables that exist at the same time.
    pub variables: usize,
    /// From start to end, in real time.
    pub run_time: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            operations: 50_000_000,
            call_levels: 64,
            expression_depth: 64,
            string_bytes: 8 << 20,
            array_elements: 100_000,
            map_properties: 100_000,
            variables: 300,
            run_time: Duration::from_secs(3600),
        }
    }
}
