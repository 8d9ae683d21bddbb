//! Bare starts: the caches of the machine are dropped, a program is executed, and its first request is waited for.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, geteuid, kill_process_group};

use super::programs::Program;
use crate::signals::Stop;

const DROP_CACHES: &str = "/proc/sys/vm/drop_caches";

/// How often to look whether the program has ended or the user wants to stop.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long a program may take until it asks for its first event.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why there can be no bare starts, and what adds them; `None` if there can be.
pub(super) fn why_not() -> Option<String> {
    let error = OpenOptions::new().write(true).open(DROP_CACHES).err()?;
    let program = std::env::current_exe().map(|path| path.display().to_string());
    let program = program.unwrap_or_else(|_| "kelvin".to_owned());
    let remedy = if geteuid().is_root() {
        "run it outside of this container, or in one that is privileged".to_owned()
    } else {
        format!("sudo {program} doctor --cold")
    };
    Some(format!("{DROP_CACHES} cannot be written: {error}\nto add them: {remedy}"))
}

/// Writes everything to the disk and drops the page cache, directory entries and inodes of the whole machine.
pub(super) fn drop_caches() -> anyhow::Result<()> {
    rustix::fs::sync();
    fs::write(DROP_CACHES, "3").with_context(|| format!("failed to write {DROP_CACHES}"))
}

/// Starts a program and ends it again; returns the milliseconds from its execution to its first request.
pub(super) fn start(program: &Program, stop: &Stop) -> anyhow::Result<f64> {
    let failed = || format!("the bare start of {} failed", program.name);
    let listener = TcpListener::bind(("127.0.0.1", 0)).with_context(failed)?;
    listener.set_nonblocking(true).with_context(failed)?;
    let api = listener.local_addr().with_context(failed)?.to_string();
    let mut command = command(&program.bootstrap);
    command
        .env_clear()
        .envs(program.env_vars())
        .env("AWS_LAMBDA_RUNTIME_API", api)
        .current_dir(program.folder())
        // A Ctrl-C of the terminal is for this process, which ends the program.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // The standard library uses posix_spawn(3) for this, which copies nothing before exec(2).
    let begin = Instant::now();
    let mut running = Running(command.spawn().with_context(failed)?);
    let arrived = first_request(&listener, &mut running, begin, stop).with_context(failed)?;
    Ok(arrived.duration_since(begin).as_secs_f64() * 1e3)
}

/// Compiles a program; the error says why there is none.
pub(super) fn compile(source: &Path, program: &Path) -> Result<(), String> {
    let arguments: [OsString; 4] = ["-O2".into(), "-o".into(), program.into(), source.into()];
    let output = command(Path::new("cc")).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| {
        format!("cc cannot be started: {error}; to add it: sudo apt-get install gcc libc6-dev")
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find(|line| line.contains("error")).unwrap_or("it said nothing");
    Err(format!("cc failed with {}: {line}", output.status))
}

#[expect(clippy::disallowed_methods, reason = "a bare start is one without the emulator")]
fn command(program: &Path) -> Command {
    Command::new(program)
}

/// A process that is ended with all that it has started when this value is dropped.
struct Running(Child);

impl Running {
    fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.0.try_wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Of its own group it is the first member; a group that is gone is no failure.
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            kill_process_group(group, Signal::KILL).ok();
        }
        self.0.wait().ok();
    }
}

/// When the first bytes came of the request for the first event.
fn first_request(
    listener: &TcpListener,
    running: &mut Running,
    begin: Instant,
    stop: &Stop,
) -> anyhow::Result<Instant> {
    let mut goes_on = || -> anyhow::Result<()> {
        stop.check()?;
        if let Some(status) = running.ended()? {
            bail!("the program ended with {status} before it asked for an event");
        }
        ensure!(begin.elapsed() < PATIENCE, "it did not ask for an event within {PATIENCE:?}");
        Ok(())
    };
    loop {
        let mut connection = accept(listener, &mut goes_on)?;
        connection.set_read_timeout(Some(LOOK_EVERY))?;
        let (mut head, mut first) = (Vec::new(), None);
        loop {
            let mut bytes = [0; 1024];
            match connection.read(&mut bytes) {
                // Closed without a request; the program may make another connection.
                Ok(0) => break,
                Ok(n) => {
                    let first = *first.get_or_insert_with(Instant::now);
                    head.extend_from_slice(&bytes[..n]);
                    match Asked::from(&head) {
                        Asked::Next => return Ok(first),
                        Asked::Other(line) => bail!("its first request was {line:?}"),
                        Asked::Unfinished => {}
                    }
                }
                Err(error) if may_come_yet(&error) => goes_on()?,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn accept(
    listener: &TcpListener,
    goes_on: &mut impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<TcpStream> {
    let timeout = Timespec::try_from(LOOK_EVERY)?;
    loop {
        match listener.accept() {
            Ok((connection, _)) => return Ok(connection),
            Err(error) if may_come_yet(&error) => goes_on()?,
            Err(error) => return Err(error.into()),
        }
        match poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn may_come_yet(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// The longest first line of a request that is waited for.
const LONGEST_LINE: usize = 8192;

/// What the beginning of a request asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// The next event.
    Next,
    /// Anything else: the first line.
    Other(String),
    /// The first line is not there yet.
    Unfinished,
}

impl Asked {
    fn from(head: &[u8]) -> Asked {
        let line = match head.iter().position(|byte| *byte == b'\n') {
            Some(end) => &head[..end],
            None if head.len() < LONGEST_LINE => return Asked::Unfinished,
            None => head,
        };
        let line = String::from_utf8_lossy(line);
        let mut words = line.split_ascii_whitespace();
        let is_next = words.next() == Some("GET")
            && words.next().is_some_and(|path| path.ends_with("/runtime/invocation/next"));
        if is_next { Asked::Next } else { Asked::Other(line.trim_end().to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_known_by_their_first_line() {
        let other = |line: &str| Asked::Other(line.to_owned());
        let error = "POST /2018-06-01/runtime/init/error HTTP/1.1";
        let cases = [
            ("", Asked::Unfinished),
            ("GET /2018-06-01/runtime/invocation/ne", Asked::Unfinished),
            ("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n", Asked::Next),
            ("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n", Asked::Next),
            ("GET http://127.0.0.1:9/2018-06-01/runtime/invocation/next HTTP/1.1\n", Asked::Next),
            ("POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\n", other(error)),
            ("GET /2018-06-01/runtime/invocation/nextto HTTP/1.1\r\n", {
                other("GET /2018-06-01/runtime/invocation/nextto HTTP/1.1")
            }),
            ("\r\n", other("")),
        ];
        for (head, expected) in cases {
            assert_eq!(Asked::from(head.as_bytes()), expected, "{head:?}");
        }
        let endless = [b'a'; LONGEST_LINE];
        assert_ne!(Asked::from(&endless), Asked::Unfinished);
    }
}
