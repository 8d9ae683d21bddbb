//! How much a scenario may use.

use std::time::Duration;

/// Limits on a script. What it measures is limited by `run_time` only.
///
/// Sizes are checked wherever a function or an operator makes a value or changes it, but not at `map[key] = value`, nor are
/// invocations and what closures keep; for those there is `memory_bytes`.
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
    /// Notes, and answers; what comes after them is left out.
    pub notes: usize,
    /// Checks and thresholds.
    pub checks: usize,
    /// Length in bytes of all notes, of all answers, and of all names of checks and thresholds.
    pub text_bytes: usize,
    /// Functions, and changes of their configuration.
    pub functions: usize,
    /// Services, and changes of their latency and errors.
    pub services: usize,
    /// Memory of the whole process beyond what it had when the script began: for values of the script, and for what is kept
    /// of each invocation.
    pub memory_bytes: u64,
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
            notes: 10_000,
            checks: 10_000,
            text_bytes: 1 << 20,
            functions: 1_000,
            services: 1_000,
            memory_bytes: 1 << 30,
            run_time: Duration::from_secs(3600),
        }
    }
}
