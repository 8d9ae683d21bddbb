//! Just enough of HTTP/1.1 for the floor and for a client that costs as little.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::time::{Duration, Instant};

/// Nothing here takes longer unless it is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How to wait for a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Asks again and again.
    Spin,
    /// Sleeps in the kernel.
    Sleep,
}

/// A connection that takes one message after another.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    wait: Wait,
    buffer: Box<[u8]>,
    filled: usize,
}

/// Where the parts of a message are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    head: Range<usize>,
    body: Range<usize>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, wait: Wait) -> io::Result<Connection> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(wait == Wait::Spin)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Connection { stream, wait, buffer: vec![0; 64 * 1024].into(), filled: 0 })
    }

    /// Looks for the next message, and waits only where the connection does. Each must be taken before the next.
    pub(crate) fn look(&mut self) -> io::Result<Option<Message>> {
        let space = &mut self.buffer[self.filled..];
        if space.is_empty() {
            return Err(io::Error::other("a message has more than 64 KB"));
        }
        match self.stream.read(space) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(bytes) => self.filled += bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(None),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                // Where the kernel waits, it has done so for long enough.
                return if self.wait == Wait::Spin { Ok(None) } else { Err(nothing_came()) };
            }
            Err(error) => return Err(error),
        }
        let message = parse(&self.buffer[..self.filled])?;
        if message.is_some() {
            // Neither side sends a message before it has the answer to the one before.
            self.filled = 0;
        }
        Ok(message)
    }

    /// Waits for the next message.
    pub(crate) fn wait(&mut self) -> io::Result<Message> {
        let mut patience = Patience::new();
        loop {
            if let Some(message) = self.look()? {
                return Ok(message);
            }
            patience.check()?;
            std::hint::spin_loop();
        }
    }

    pub(crate) fn head(&self, message: &Message) -> &[u8] {
        &self.buffer[message.head.clone()]
    }

    pub(crate) fn body(&self, message: &Message) -> &[u8] {
        &self.buffer[message.body.clone()]
    }

    /// Sends a few bytes, for which a socket always has room.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }
}

/// Ends a loop that waits for something that does not come.
#[derive(Debug)]
pub(crate) struct Patience {
    looks: u32,
    since: Instant,
}

impl Patience {
    pub(crate) fn new() -> Patience {
        Patience { looks: 0, since: Instant::now() }
    }

    /// Fails after [`PATIENCE`]. The clock is read rarely.
    pub(crate) fn check(&mut self) -> io::Result<()> {
        self.looks = self.looks.wrapping_add(1);
        if self.looks.is_multiple_of(1024) && self.since.elapsed() > PATIENCE {
            return Err(nothing_came());
        }
        Ok(())
    }
}

fn nothing_came() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "nothing came for 10 s")
}

/// `None` while the message is not complete.
fn parse(bytes: &[u8]) -> io::Result<Option<Message>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let mut length = 0;
    for line in bytes[..end].split(|&byte| byte == b'\n').skip(1) {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            let value = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok());
            length = value.ok_or_else(|| io::Error::other("a Content-Length is not a number"))?;
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            return Err(io::Error::other("a message is chunked, which is not understood here"));
        }
    }
    let body = end + 4..end + 4 + length;
    Ok((bytes.len() >= body.end).then_some(Message { head: 0..end, body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_complete_when_its_body_is() {
        let check = |text: &str, expected: Option<&str>| {
            let message = parse(text.as_bytes()).unwrap();
            assert_eq!(message.map(|message| &text[message.body]), expected);
        };
        check("", None);
        check("GET / HTTP/1.1\r\nhost: x\r\n", None);
        check("GET / HTTP/1.1\r\nhost: x\r\n\r\n", Some(""));
        check("POST / HTTP/1.1\r\nContent-Length:  5 \r\nhost: x\r\n\r\nabcd", None);
        check("POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nabcde", Some("abcde"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let check = |header: &str, expected: &str| {
            let error = parse(format!("POST / HTTP/1.1\r\n{header}\r\n\r\n").as_bytes());
            assert_eq!(error.unwrap_err().to_string(), expected);
        };
        check("Transfer-Encoding: chunked", "a message is chunked, which is not understood here");
        check("Content-Length: five", "a Content-Length is not a number");
    }
}
