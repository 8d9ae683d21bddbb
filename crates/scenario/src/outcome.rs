//! What came of a scenario that ran to its end.

/// Counts over a whole run. A host that records everything can derive them too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Functions that were deployed.
    pub functions: u64,
    /// Invocations that were recorded.
    pub invocations: u64,
    /// Of them, those whose status is not ok.
    pub failed: u64,
    /// Of the failed ones, those that the script did not declare with `expect_status()`.
    pub unexpected: u64,
    /// `check()` and `expect_status()` together.
    pub checks: u64,
    /// Of them, those that did not pass.
    pub failed_checks: u64,
    /// Whether the run would wait longer than it may, as far as nominal figures tell.
    pub waits_too_long: bool,
}
