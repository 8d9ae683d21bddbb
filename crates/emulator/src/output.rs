//! What a function's process writes to its standard output and standard error: its log.

use std::collections::VecDeque;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use kelvin_lambda::{LOG_TAIL_BYTES, SpanLine};
use tokio::net::unix::pipe;

/// The read end of a process's output, and what is kept of it.
#[derive(Debug)]
pub(crate) struct Output {
    pipe: pipe::Receiver,
    ended: bool,
    log: Log,
    /// What was written before the first event; only until the second.
    init: Option<String>,
}

/// The log of an invocation, each part of at most 4 KB.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Before the event, by the init phase; empty of all but a process's first invocation.
    pub init: String,
    /// Since the event.
    pub invoke: String,
}

impl Output {
    /// Takes the read end of a pipe; on a runtime.
    pub(crate) fn new(pipe: OwnedFd) -> io::Result<Output> {
        let pipe = pipe::Receiver::from_owned_fd(pipe)?;
        Ok(Output { pipe, ended: false, log: Log::default(), init: None })
    }

    /// Waits until something was written and takes it; waits for ever after the end. Cancel safe.
    pub(crate) async fn fill(&mut self) {
        if self.ended {
            return std::future::pending().await;
        }
        let readable = self.pipe.readable().await;
        let mut buffer = [0; 16 * 1024];
        match readable.and_then(|()| self.pipe.try_read(&mut buffer)) {
            Ok(0) => self.ended = true,
            Ok(n) => self.log.push(&buffer[..n]),
            // Nothing there after all: tokio now waits for the next event.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.ended = true,
        }
    }

    /// Takes what is in the pipe at this moment, without waiting, at most 1 MiB.
    pub(crate) fn drain(&mut self) {
        for _ in 0..64 {
            if !self.read() {
                return;
            }
        }
    }

    /// Takes one buffer full; `false` if there was nothing.
    fn read(&mut self) -> bool {
        let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
        // Not tokio's `try_read`, which believes the last readiness it was told: what the process wrote before its last
        // request is in the pipe for certain, but its event may not have been looked at.
        match rustix::io::read(&self.pipe, &mut buffer) {
            Ok(([], _)) => {
                self.ended = true;
                false
            }
            Ok((bytes, _)) => {
                self.log.push(bytes);
                true
            }
            Err(_) => false,
        }
    }

    /// An event is about to be handed over: what was written before the first belongs to its invocation, and what was
    /// written since an event is forgotten. A line that has not ended goes on in the next invocation.
    pub(crate) fn begin(&mut self) {
        self.drain();
        let partial = std::mem::take(&mut self.log.partial);
        self.init = Some(if self.has_begun() { String::new() } else { self.log.end() });
        self.log = Log { partial, ..Log::default() };
    }

    /// Whether an event was handed over.
    pub(crate) fn has_begun(&self) -> bool {
        self.init.is_some()
    }

    /// The line of spans of this invocation, if the function wrote one.
    pub(crate) fn take_spans(&mut self, request_id: &str) -> Option<SpanLine> {
        self.log.spans.take().filter(|spans| spans.request_id == request_id)
    }

    /// What belongs to the invocation under way, or to the init phase that came before any. Without lines of spans.
    pub(crate) fn written(&self) -> Written {
        match &self.init {
            Some(init) => Written { init: init.clone(), invoke: self.log.end() },
            None => Written { init: self.log.end(), invoke: String::new() },
        }
    }
}

/// Lines, of which only the last few kilobytes are kept.
#[derive(Debug, Default)]
struct Log {
    tail: VecDeque<u8>,
    /// The line that has not ended yet; never more than [`Log::MAX_LINE`].
    partial: Vec<u8>,
    spans: Option<SpanLine>,
}

impl Log {
    /// Longer lines are cut in pieces. A line of spans is at most 64 intervals of 44 characters.
    const MAX_LINE: usize = 8 * 1024;

    fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|&b| b == b'\n') {
            for part in piece.chunks(Self::MAX_LINE) {
                self.partial.extend_from_slice(part);
                if part.ends_with(b"\n") || self.partial.len() >= Self::MAX_LINE {
                    self.end_line();
                }
            }
        }
    }

    /// The last 4 KB.
    fn end(&self) -> String {
        let mut bytes: Vec<u8> = self.tail.iter().copied().collect();
        bytes.extend_from_slice(&self.partial);
        let from = bytes.len().saturating_sub(LOG_TAIL_BYTES);
        // A character of which only the end is left is none.
        let is_rest = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
        let rest = bytes[from..].iter().take_while(is_rest).take(3).count();
        let from = if from > 0 { from + rest } else { from };
        String::from_utf8_lossy(&bytes[from..]).into_owned()
    }

    fn end_line(&mut self) {
        if let Some(spans) = SpanLine::parse(&self.partial) {
            self.spans = Some(spans);
        } else {
            self.tail.extend(&self.partial);
            let excess = self.tail.len().saturating_sub(LOG_TAIL_BYTES);
            self.tail.drain(..excess);
        }
        self.partial.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(pieces: &[&str]) -> Log {
        let mut log = Log::default();
        for piece in pieces {
            log.push(piece.as_bytes());
        }
        log
    }

    #[test]
    fn spans_are_found_between_other_lines_and_taken_out() {
        let line = concat!(
            r#"{"kelvin":"spans","request_id":"r","decode":[1,2],"handle":[2,3],"#,
            r#""encode":[3,4],"io_ns":0}"#,
            "\n"
        );
        let (head, rest) = line.split_at(30);
        let log = log(&["hello\n", head, rest, "world\n"]);
        assert_eq!(log.spans.as_ref().map(|spans| spans.request_id.as_str()), Some("r"));
        assert_eq!(log.tail.iter().copied().collect::<Vec<_>>(), b"hello\nworld\n");
    }

    #[test]
    fn the_end_begins_with_a_whole_character() {
        let log = log(&["é".repeat(LOG_TAIL_BYTES).as_str(), "x"]);
        let end = log.end();
        assert_eq!((end.len(), end.contains('\u{fffd}')), (LOG_TAIL_BYTES - 1, false));
    }

    #[test]
    fn endless_output_keeps_its_end_in_bounded_memory() {
        let long = "x".repeat(1 << 20);
        let log = log(&[&long, "\nthe end\n"]);
        assert_eq!(log.tail.len(), LOG_TAIL_BYTES);
        assert!(log.tail.iter().copied().collect::<Vec<_>>().ends_with(b"xxx\nthe end\n"));
        assert!(log.partial.capacity() <= 4 * Log::MAX_LINE);
    }
}
