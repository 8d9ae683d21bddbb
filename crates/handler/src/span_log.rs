//! Where the lines of spans go.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

use kelvin_lambda::SpanLine;

/// Most lines are shorter.
const LINE_BYTES: usize = 512;

/// Standard output, without what [`io::Stdout`] does to find ends of lines: this is within an invocation that is measured.
pub(crate) struct SpanLog {
    output: File,
    text: RefCell<Vec<u8>>,
}

impl SpanLog {
    /// Fails if standard output is closed.
    pub(crate) fn open() -> io::Result<SpanLog> {
        let output = io::stdout().as_fd().try_clone_to_owned()?.into();
        Ok(SpanLog { output, text: RefCell::new(Vec::with_capacity(LINE_BYTES)) })
    }

    /// Writes a line in one piece, so that nothing gets in between. What the workload has written of a line of its own, which
    /// [`io::Stdout`] keeps until its end, comes after it.
    pub(crate) fn write(&self, line: &SpanLine) -> io::Result<()> {
        let mut text = self.text.borrow_mut();
        text.clear();
        line.write(&mut text);
        (&self.output).write_all(&text)
    }
}
