//! Processes that end with this one, also when it is ended by a signal.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

static STARTED: LazyLock<Mutex<HashMap<u32, Child>>> = LazyLock::new(Mutex::default);

fn started() -> MutexGuard<'static, HashMap<u32, Child>> {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// On a signal that asks to end, ends every process first. What the emulator has started is its guard's to end.
pub(crate) fn end_with_signals() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // The lock is kept, so that nothing is started any more.
            let mut started = started();
            for child in started.values_mut() {
                kill(child);
            }
            signal_hook::low_level::emulate_default_handler(signal).ok();
        }
    });
    Ok(())
}

/// A process that is killed when this value is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    id: u32,
}

/// How to start a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// posix_spawn(3), which shares the parent's memory until exec(2).
    Spawn,
    /// fork(2), which copies the parent's page tables.
    Fork,
}

impl Process {
    /// Starts a bootstrap with the environment variables that lambda_runtime asks for, and no others.
    pub(crate) fn bootstrap(path: &Path, runtime_api: &str, by: By) -> io::Result<Process> {
        let mut command = command(path);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
            .env("AWS_LAMBDA_FUNCTION_NAME", "hello")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if by == By::Fork {
            // It is our own user already; but asking for one makes the standard library fork.
            command.uid(std::fs::metadata("/proc/self")?.uid());
        }
        Process::start(&mut command)
    }

    /// Starts a program, silently, that is killed even if this process cannot do so any more: a shell waits for the end of
    /// its standard input, which this process holds open. The shell then removes `folder` too.
    pub(crate) fn server(program: &Path, args: &[&OsStr], folder: &Path) -> io::Result<Process> {
        const WATCH: &str =
            r#""$@" < /dev/null & read -r _; kill -KILL $!; wait; rm -rf -- "$PWD""#;
        let mut command = command(Path::new("/bin/sh"));
        command
            .args(["-c", WATCH, "sh"])
            .arg(program)
            .args(args)
            .current_dir(folder)
            // A Ctrl-C of the terminal is not for the shell, which would end without ending the program.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Process::start(&mut command)
    }

    fn start(command: &mut Command) -> io::Result<Process> {
        let mut started = started();
        let child = command.spawn()?;
        let id = child.id();
        started.insert(id, child);
        Ok(Process { id })
    }

    /// What a program prints until it ends.
    pub(crate) fn read(program: &Path, args: &[String]) -> io::Result<String> {
        let mut command = command(program);
        command.env_clear().args(args).stdin(Stdio::null()).stdout(Stdio::piped());
        let process = Process::start(&mut command)?;
        let stdout = started().get_mut(&process.id).and_then(|child| child.stdout.take());
        let mut text = String::new();
        stdout.ok_or(io::ErrorKind::BrokenPipe)?.read_to_string(&mut text)?;
        Ok(text)
    }

    /// What became of it, once it has ended.
    pub(crate) fn ended(&self) -> Option<String> {
        let status = started().get_mut(&self.id)?.try_wait();
        status.ok().flatten().map(|status| status.to_string())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = started().remove(&self.id) {
            kill(&mut child);
        }
    }
}

/// A server ends when its standard input does; a bootstrap has none and is killed.
fn kill(child: &mut Child) {
    if child.stdin.take().is_none() {
        child.kill().ok();
    }
    child.wait().ok();
}

#[expect(clippy::disallowed_methods, reason = "this is where this program starts processes")]
fn command(program: &Path) -> Command {
    Command::new(program)
}
