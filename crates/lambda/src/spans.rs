//! The line of spans: what a handler tells about the inside of one invocation.
//!
//! A bootstrap that runs with `KELVIN_SPANS=1` writes one such JSON line to its log per invocation, after the response.

use serde::Deserialize;

/// From and to, in nanoseconds of the machine's monotonic clock (`CLOCK_MONOTONIC`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SpanLine {
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
    #[serde(default)]
    pub io: Vec<Interval>,
}

impl SpanLine {
    /// How a line begins, which tells it from the function's own log.
    pub const PREFIX: &'static str = "{\"kelvin\":\"spans\",";
    /// How many single waits a line lists at most.
    pub const MAX_WAITS: usize = 64;

    /// The handler's own time.
    pub fn compute_ns(&self) -> u64 {
        self.handle.ns().saturating_sub(self.io_ns)
    }

    /// Adds the line to a text, with its line break.
    ///
    /// By hand, because it is written within an invocation that is measured, where serde's code is not in the CPU's caches.
    pub fn write(&self, text: &mut Vec<u8>) {
        let mut digits = itoa::Buffer::new();
        let mut interval = |text: &mut Vec<u8>, Interval(from, to): Interval| {
            text.push(b'[');
            text.extend_from_slice(digits.format(from).as_bytes());
            text.push(b',');
            text.extend_from_slice(digits.format(to).as_bytes());
            text.push(b']');
        };
        text.extend_from_slice(Self::PREFIX.as_bytes());
        text.extend_from_slice(b"\"request_id\":");
        write_string(&self.request_id, text);
        text.extend_from_slice(b",\"decode\":");
        interval(text, self.decode);
        text.extend_from_slice(b",\"handle\":");
        interval(text, self.handle);
        text.extend_from_slice(b",\"encode\":");
        interval(text, self.encode);
        text.extend_from_slice(b",\"io_ns\":");
        text.extend_from_slice(itoa::Buffer::new().format(self.io_ns).as_bytes());
        if !self.io.is_empty() {
            text.extend_from_slice(b",\"io\":");
            let mut before = b'[';
            for wait in &self.io {
                text.push(before);
                interval(text, *wait);
                before = b',';
            }
            text.push(b']');
        }
        text.extend_from_slice(b"}\n");
    }

    /// Reads a log line; `None` if it is not a line of spans.
    pub fn parse(line: &[u8]) -> Option<SpanLine> {
        if !line.starts_with(Self::PREFIX.as_bytes()) {
            return None;
        }
        serde_json::from_slice(line).ok()
    }
}

/// A text as JSON. Request ids are plain, so nearly none is left to serde.
fn write_string(string: &str, text: &mut Vec<u8>) {
    if string.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        text.push(b'"');
        text.extend_from_slice(string.as_bytes());
        text.push(b'"');
    } else {
        text.extend_from_slice(serde_json::Value::from(string).to_string().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_lines_are_recognised() {
        let line = SpanLine {
            request_id: "id".to_owned(),
            decode: Interval(1, 2),
            handle: Interval(2, 10),
            encode: Interval(10, 12),
            io_ns: 3,
            io: vec![Interval(4, 7)],
        };
        let without_waits =
            SpanLine { io: Vec::new(), request_id: "\"\n".to_owned(), ..line.clone() };
        let with_waits =
            SpanLine { io: vec![Interval(4, 5), Interval(6, u64::MAX)], ..line.clone() };
        for line in [&line, &without_waits, &with_waits] {
            let mut text = Vec::new();
            line.write(&mut text);
            assert_eq!(text.iter().position(|byte| *byte == b'\n'), Some(text.len() - 1));
            assert_eq!(SpanLine::parse(&text).as_ref(), Some(line));
        }
        assert_eq!(line.compute_ns(), 5);
        assert_eq!(SpanLine::parse(b"{\"kelvin\":\"spans\",nonsense"), None);
        assert_eq!(SpanLine::parse(b"hello"), None);
    }
}
