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
}

impl Output {
    /// Takes the read end of a pipe; on a runtime.
    pub(crate) fn new(pipe: OwnedFd) -> io::Result<Output> {
        let pipe = pipe::Receiver::from_owned_fd(pipe)?;
        Ok(Output { pipe, ended: false, log: Log::default() })
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

    /// Forgets everything but the end of the log; for the next invocation.
    pub(crate) fn begin(&mut self) {
        self.drain();
        self.log = Log { partial: std::mem::take(&mut self.log.partial), ..Log::default() };
    }

    /// The line of spans of this invocation, if the function wrote one.
    pub(crate) fn take_spans(&mut self, request_id: &str) -> Option<SpanLine> {
        self.log.spans.take().filter(|spans| spans.request_id == request_id)
    }

    /// The last 4 KB since [`Output::begin`], without lines of spans.
    pub(crate) fn tail(&self) -> String {
        let mut bytes: Vec<u8> = self.log.tail.iter().copied().collect();
        bytes.extend_from_slice(&self.log.partial);
        let from = bytes.len().saturating_sub(LOG_TAIL_BYTES);
        String::from_utf8_lossy(&bytes[from..]).into_owned()
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
    fn endless_output_keeps_its_end_in_bounded_memory() {
        let long = "x".repeat(1 << 20);
        let log = log(&[&long, "\nthe end\n"]);
        assert_eq!(log.tail.len(), LOG_TAIL_BYTES);
        assert!(log.tail.iter().copied().collect::<Vec<_>>().ends_with(b"xxx\nthe end\n"));
        assert!(log.partial.capacity() <= 4 * Log::MAX_LINE);
    }
}
