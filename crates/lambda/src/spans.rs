//! The line of spans: what a handler tells about the inside of one invocation.
//!
//! A bootstrap that runs with `KELVIN_SPANS=1` writes one such JSON line to its log per invocation, after the response.

use serde::{Deserialize, Serialize};

/// From and to, in nanoseconds of the machine's monotonic clock (`CLOCK_MONOTONIC`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval(pub u64, pub u64);

impl Interval {
    /// Its length; 0 for one that ends before it begins.
    pub fn ns(self) -> u64 {
        self.1.saturating_sub(self.0)
    }
}

/// The spans of one invocation.
///
/// `compute` of the timing contract is `handle` without `io`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanLine {
    /// Always [`SpanLine::KIND`]; tells the line from the function's own log.
    pub kelvin: String,
    /// Which invocation.
    pub request_id: String,
    /// Payload → event.
    pub decode: Interval,
    /// The workload's handler, waits included.
    pub handle: Interval,
    /// Response → payload. Empty if the handler failed.
    pub encode: Interval,
    /// Union of all waits inside `handle`.
    pub io_ns: u64,
    /// The first [`SpanLine::MAX_WAITS`] waits, disjoint and in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub io: Vec<Interval>,
}

impl SpanLine {
    /// The value of the field `kelvin`.
    pub const KIND: &'static str = "spans";
    /// How a line begins, so that a reader of logs need not parse every line as JSON.
    pub const PREFIX: &'static str = "{\"kelvin\":\"spans\",";
    /// How many single waits a line lists at most.
    pub const MAX_WAITS: usize = 64;

    /// The handler's own time.
    pub fn compute_ns(&self) -> u64 {
        self.handle.ns().saturating_sub(self.io_ns)
    }

    /// Reads a log line; `None` if it is not a line of spans.
    pub fn parse(line: &[u8]) -> Option<SpanLine> {
        if !line.starts_with(Self::PREFIX.as_bytes()) {
            return None;
        }
        serde_json::from_slice(line).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_lines_are_recognised() {
        let line = SpanLine {
            kelvin: SpanLine::KIND.to_owned(),
            request_id: "id".to_owned(),
            decode: Interval(1, 2),
            handle: Interval(2, 10),
            encode: Interval(10, 12),
            io_ns: 3,
            io: vec![Interval(4, 7)],
        };
        let text = serde_json::to_string(&line).unwrap();
        assert!(text.starts_with(SpanLine::PREFIX), "{text}");
        assert_eq!(SpanLine::parse(text.as_bytes()), Some(line.clone()));
        assert_eq!(line.compute_ns(), 5);
        assert_eq!(SpanLine::parse(b"{\"kelvin\":\"spans\",nonsense"), None);
        assert_eq!(SpanLine::parse(b"hello"), None);
    }
}
