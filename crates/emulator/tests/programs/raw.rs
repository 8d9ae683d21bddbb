//! Requests of which the test writes every byte.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};

/// What the client does after it has sent everything.
#[derive(Clone, Copy)]
pub(crate) enum Then {
    /// Reads until the server closes the connection.
    Read,
    /// Shuts its sending side down and reads until the server closes the connection.
    ShutDownAndRead,
}

/// Sends a text, as JSON has it between its quotes, on a connection of its own, and returns what comes back.
///
/// `{api}` in it stands for the address of the Runtime API, and `{id}` for the request id.
pub(crate) fn exchange(api: &str, id: &str, text: &str, then: Then) -> io::Result<String> {
    let text: String = serde_json::from_str(&format!("\"{text}\""))?;
    let text = text.replace("{api}", api).replace("{id}", id);
    let mut stream = TcpStream::connect(api)?;
    stream.set_nodelay(true)?;
    stream.write_all(text.as_bytes())?;
    if matches!(then, Then::ShutDownAndRead) {
        stream.shutdown(Shutdown::Write)?;
    }
    let mut answers = Vec::new();
    // Who has been refused may find the connection reset, after the answer.
    stream.read_to_end(&mut answers).ok();
    Ok(String::from_utf8_lossy(&answers).into_owned())
}

/// Request id and body of an event that came like this.
pub(crate) fn event(answer: &str) -> io::Result<(String, String)> {
    let wrong = || io::Error::other(format!("this is no event: {answer}"));
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(wrong)?;
    let id = head.lines().find_map(|line| line.strip_prefix("Lambda-Runtime-Aws-Request-Id: "));
    Ok((id.ok_or_else(wrong)?.to_owned(), body.to_owned()))
}
