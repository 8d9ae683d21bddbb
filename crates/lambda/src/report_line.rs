//! The REPORT line that ends the log of every invocation.

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
}
