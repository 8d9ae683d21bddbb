//! The REPORT line that ends the log of every invocation, and the INIT_REPORT line of an init phase that failed.

use std::fmt;

use crate::{MemorySize, Status};

/// The figures of a REPORT line, written exactly as AWS writes it: tabs between fields, a tab before the line's end.
#[derive(Clone, Debug)]
pub struct ReportLine<'a> {
    /// AWS request id.
    pub request_id: &'a str,
    /// AWS's Duration.
    pub duration_ns: u64,
    /// Billed Duration.
    pub billed_ms: u64,
    /// Of the function.
    pub memory_size: MemorySize,
    /// Peak so far; printed in whole MB, rounded up.
    pub max_memory_bytes: u64,
    /// Of a cold start.
    pub init_ns: Option<u64>,
    /// Adds `Status:` for those that AWS has one for.
    pub status: Status,
    /// Adds `Error Type:` for those that AWS has one for.
    pub error_type: Option<&'a str>,
}

impl fmt::Display for ReportLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "REPORT RequestId: {}\tDuration: {} ms\tBilled Duration: {} ms\tMemory Size: {}\tMax Memory Used: {} MB\t",
            self.request_id,
            hundredths(self.duration_ns),
            self.billed_ms,
            self.memory_size,
            self.max_memory_bytes.div_ceil(1 << 20),
        )?;
        if let Some(init_ns) = self.init_ns {
            write!(f, "Init Duration: {} ms\t", hundredths(init_ns))?;
        }
        match self.status {
            Status::Timeout => f.write_str("Status: timeout\t")?,
            Status::Crash | Status::OutOfMemory => {
                let error_type = self.error_type.unwrap_or("Runtime.ExitError");
                write!(f, "Status: error\tError Type: {error_type}\t")?;
            }
            _ => {}
        }
        f.write_str("\n")
    }
}

/// The phase of which an init is a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitPhase {
    /// The init phase itself.
    Init,
    /// The invoke phase, in which it is tried again: the suppressed init.
    Invoke,
}

/// An INIT_REPORT line, which AWS writes of an on-demand function where its init failed ("Lambda execution environment
/// lifecycle", developer guide).
#[derive(Clone, Debug)]
pub struct InitReportLine {
    /// How long it took.
    pub init_ns: u64,
    /// Where it was tried.
    pub phase: InitPhase,
    /// `None` if the time was over.
    pub error_type: Option<String>,
}

impl fmt::Display for InitReportLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match self.phase {
            InitPhase::Init => "init",
            InitPhase::Invoke => "invoke",
        };
        write!(f, "INIT_REPORT Init Duration: {} ms\tPhase: {phase}\t", hundredths(self.init_ns))?;
        match &self.error_type {
            Some(error_type) => {
                let told = if is_told(error_type) { error_type } else { "Runtime.Unknown" };
                writeln!(f, "Status: error\tError Type: {told}\t")
            }
            None => writeln!(f, "Status: timeout\t"),
        }
    }
}

/// Whether AWS repeats an error type in its own lines: of what runtimes say, only `Runtime.…` and `Function.…`.
fn is_told(error_type: &str) -> bool {
    let Some((family, name)) = error_type.split_once('.') else { return false };
    let plain = name.len() > 1 && name.chars().all(|c| c.is_ascii_alphabetic());
    matches!(family, "Runtime" | "Function" | "Extension" | "Sandbox")
        && plain
        && name.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Milliseconds with two decimals, rounded to the nearest.
fn hundredths(ns: u64) -> String {
    let hundredths = (ns + 5_000) / 10_000;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_like_a_line_from_cloudwatch() {
        let mut line = ReportLine {
            request_id: "8f5…",
            duration_ns: 3_010_000,
            billed_ms: 114,
            memory_size: MemorySize::MIN,
            max_memory_bytes: 36 << 20,
            init_ns: Some(110_100_000),
            status: Status::Ok,
            error_type: None,
        };
        assert_eq!(
            line.to_string(),
            "REPORT RequestId: 8f5…\tDuration: 3.01 ms\tBilled Duration: 114 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tInit Duration: 110.10 ms\t\n"
        );
        line.init_ns = None;
        line.status = Status::Timeout;
        line.error_type = Some("Sandbox.Timedout");
        assert!(line.to_string().ends_with("Max Memory Used: 36 MB\tStatus: timeout\t\n"));
        line.status = Status::Crash;
        line.error_type = Some("Runtime.ExitError");
        assert!(line.to_string().ends_with("\tStatus: error\tError Type: Runtime.ExitError\t\n"));
    }

    #[test]
    fn a_failed_init_says_where_and_why() {
        let check = |phase, error_type: Option<&str>, expected: &str| {
            let error_type = error_type.map(str::to_owned);
            let line = InitReportLine { init_ns: 10_170_000, phase, error_type };
            assert_eq!(
                line.to_string(),
                format!("INIT_REPORT Init Duration: 10.17 ms\t{expected}")
            );
        };
        let exit = Some("Runtime.ExitError");
        let told = "Phase: init\tStatus: error\tError Type: Runtime.ExitError\t\n";
        check(InitPhase::Init, exit, told);
        check(InitPhase::Invoke, None, "Phase: invoke\tStatus: timeout\t\n");
        let unknown = "Phase: init\tStatus: error\tError Type: Runtime.Unknown\t\n";
        for other in ["Config.Missing", "Error", "Runtime.x", "Runtime.", "Function.A b"] {
            check(InitPhase::Init, Some(other), unknown);
        }
    }
}
