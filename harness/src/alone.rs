//! One measurement at a time on one machine: two spoil each other's numbers.
//!
//! Whoever measures listens on an abstract Unix socket of a fixed name (unix(7)), which the kernel takes back however the
//! process ends, and which is nowhere on disk. Who was forced to start beside another listens on the next name, and tells the
//! other. Containers with a network namespace of their own do not see each other.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

use anyhow::{Context, bail};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};

use crate::terminal;

/// So many can be forced to run beside each other and still be known to each other.
const PLACES: u32 = 64;

/// What is said to a run that it is not alone any more.
const BESIDE_YOU: &[u8] = b"beside you";

/// The place of this process among those that measure.
#[derive(Debug)]
pub(crate) struct Alone {
    listener: UnixListener,
    /// Those that were there when it began, or came.
    others: u32,
}

impl Alone {
    /// Takes a place. Where somebody else measures, it fails unless `force` says to go on, which is said on the screen.
    pub(crate) fn take(force: bool) -> anyhow::Result<Alone> {
        let (place, listener) = free_place()?;
        listener.set_nonblocking(true).context("failed to listen for other runs")?;
        let others = (0..PLACES).filter(|other| *other != place).map(connect);
        let others: Vec<UnixStream> =
            others.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        let who: Vec<String> = others.iter().map(describe).collect();
        let who = who.join(", ");
        if !others.is_empty() && !force {
            bail!(
                "another run is going on on this machine: {who}; two at once spoil each other's numbers: wait for its end, or add --force"
            );
        }
        if !others.is_empty() {
            terminal::complain(&format!(
                "another run is going on on this machine: {who}; the numbers of both are not to be trusted"
            ));
        }
        for mut stream in &others {
            // One that ends at this moment need not know.
            stream.write_all(BESIDE_YOU).ok();
        }
        Ok(Alone { listener, others: u32::try_from(others.len()).unwrap_or(u32::MAX) })
    }

    /// How many others measured at the same time, at any time until now.
    pub(crate) fn others(&mut self) -> u32 {
        while let Ok((stream, _)) = self.listener.accept() {
            self.others += u32::from(has_stayed(&stream));
        }
        self.others
    }
}

/// Listens on the first name that nobody has.
fn free_place() -> anyhow::Result<(u32, UnixListener)> {
    for place in 0..PLACES {
        match UnixListener::bind_addr(&address(place)?) {
            Ok(listener) => return Ok((place, listener)),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => return Err(error).context("failed to look for other runs"),
        }
    }
    bail!("{PLACES} runs are going on on this machine");
}

/// The one in that place, if there is one. Of one that ends, or that has yet to listen, nobody needs to know: it looks too.
fn connect(place: u32) -> anyhow::Result<Option<UnixStream>> {
    match UnixStream::connect_addr(&address(place)?) {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(None),
        Err(error) => Err(error).context("failed to look for other runs"),
    }
}

fn address(place: u32) -> anyhow::Result<SocketAddr> {
    let name = format!("kelvin measures {place}");
    SocketAddr::from_abstract_name(name).context("failed to name a socket")
}

/// Whether the other side was forced to go on; one that was refused says nothing.
fn has_stayed(mut stream: &UnixStream) -> bool {
    let mut said = [0; BESIDE_YOU.len()];
    let read = stream.set_nonblocking(true).and_then(|()| stream.read_exact(&mut said));
    read.is_ok() && said == BESIDE_YOU
}

/// For people: `process 4711 (kelvin run cold-warm)`.
fn describe(stream: &UnixStream) -> String {
    match getsockopt(stream, PeerCredentials).map(|credentials| credentials.pid()) {
        Ok(pid) if pid > 0 => match command_line(pid) {
            Ok(command_line) => format!("process {pid} ({command_line})"),
            Err(_) => format!("process {pid}"),
        },
        _ => "a process of another container".to_owned(),
    }
}

fn command_line(pid: i32) -> io::Result<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline"))?;
    let text = String::from_utf8_lossy(&bytes);
    let words = text.split('\0').filter(|word| !word.is_empty());
    let text = words.collect::<Vec<_>>().join(" ");
    // It is another user's text, perhaps, and must not steer the terminal.
    Ok(text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(100).collect())
}
