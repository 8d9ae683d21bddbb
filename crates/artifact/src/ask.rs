//! Asking a bootstrap about itself: `--describe`, `--check` and `--measure`.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use kelvin_lambda::Description;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::{ArtifactError, Stop};

/// A program that does not know the mode may wait for a Runtime API instead.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// How often to look whether to stop.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// What `--check` exits with when the response is wrong.
const WRONG: i32 = 4;

/// Runs `bootstrap --describe`. When `stop` says so, it is killed.
pub fn describe(bootstrap: &Path, stop: Stop<'_>) -> Result<Description, ArtifactError> {
    let path = bootstrap.to_owned();
    let (status, stdout, stderr) = match ask(bootstrap, &["--describe"], b"", stop) {
        Ok(answer) => answer,
        Err(NoAnswer::Stopped) => return Err(ArtifactError::Stopped),
        Err(NoAnswer::Overdue) => {
            return Err(ArtifactError::NoDescription { path, reason: overdue(LIMIT) });
        }
        Err(NoAnswer::Io(source)) => {
            return Err(ArtifactError::Ask { path, mode: "--describe", source });
        }
    };
    if !status.success() {
        let reason = format!("it ended with {status}: {}", first_line(&stderr));
        return Err(ArtifactError::NoDescription { path, reason });
    }
    serde_json::from_slice(&stdout)
        .map_err(|error| ArtifactError::NoDescription { path, reason: error.to_string() })
}

/// Runs `bootstrap --check CASE` on a response. The inner `Err` says what is wrong with the response. When `stop` says so,
/// the program is killed.
pub fn check(
    bootstrap: &Path,
    case: &str,
    response: &[u8],
    stop: Stop<'_>,
) -> Result<Result<(), String>, ArtifactError> {
    let path = bootstrap.to_owned();
    let no_verdict =
        |reason| ArtifactError::NoVerdict { path: path.clone(), case: case.to_owned(), reason };
    match ask(bootstrap, &["--check", case], response, stop) {
        Ok((status, _, stderr)) => match status.code() {
            Some(0) => Ok(Ok(())),
            Some(WRONG) => Ok(Err(first_line(&stderr))),
            _ => Err(no_verdict(format!("it ended with {status}: {}", first_line(&stderr)))),
        },
        Err(NoAnswer::Stopped) => Err(ArtifactError::Stopped),
        Err(NoAnswer::Overdue) => Err(no_verdict(overdue(LIMIT))),
        Err(NoAnswer::Io(source)) => Err(ArtifactError::Ask { path, mode: "--check", source }),
    }
}

/// What `--measure` is to do.
#[derive(Clone, Copy, Debug)]
pub struct Measure<'a> {
    /// `compute` or `serde`.
    pub rung: &'a str,
    /// Name of the case; `None` is the default one.
    pub case: Option<&'a str>,
    /// How often.
    pub iterations: u32,
    /// All environment variables of the process.
    pub env_vars: &'a BTreeMap<String, String>,
    /// The cores that it sees; empty means all.
    pub cpus: &'a [usize],
    /// For how long it may run.
    pub limit: Duration,
}

/// Runs `bootstrap --measure`: the nanoseconds of each iteration. When `stop` says so, it is killed.
pub fn measure(
    bootstrap: &Path,
    measure: &Measure<'_>,
    stop: Stop<'_>,
) -> Result<Vec<u64>, ArtifactError> {
    let path = bootstrap.to_owned();
    let no_times = |reason| {
        let rung = measure.rung.to_owned();
        ArtifactError::NoTimes { path: path.clone(), rung, reason }
    };
    let iterations = measure.iterations.to_string();
    let mut args = vec!["--measure", measure.rung, "--iterations", &iterations];
    args.extend(measure.case.iter().flat_map(|case| ["--case", case]));
    let mut command = command(bootstrap, &args);
    command.env_clear().envs(measure.env_vars);
    let affinity = Affinity::set(measure.cpus);
    let answer = ask_command(command, b"", measure.limit, stop);
    drop(affinity);
    match answer {
        Ok((status, stdout, _)) if status.success() => {
            let text = String::from_utf8_lossy(&stdout);
            let times = text.lines().map(str::parse).collect::<Result<Vec<u64>, _>>();
            times.map_err(|error| no_times(error.to_string()))
        }
        Ok((status, _, stderr)) => {
            Err(no_times(format!("it ended with {status}: {}", first_line(&stderr))))
        }
        Err(NoAnswer::Stopped) => Err(ArtifactError::Stopped),
        Err(NoAnswer::Overdue) => Err(no_times(overdue(measure.limit))),
        Err(NoAnswer::Io(source)) => Err(ArtifactError::Ask { path, mode: "--measure", source }),
    }
}

/// The cores of this thread until it is dropped; a process that is started meanwhile inherits them.
struct Affinity {
    before: Option<CpuSet>,
}

impl Affinity {
    fn set(cpus: &[usize]) -> Affinity {
        if cpus.is_empty() {
            return Affinity { before: None };
        }
        let before = sched_getaffinity(None).ok();
        let mut wanted = CpuSet::new();
        for &cpu in cpus {
            wanted.set(cpu);
        }
        sched_setaffinity(None, &wanted).ok();
        Affinity { before }
    }
}

impl Drop for Affinity {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            sched_setaffinity(None, before).ok();
        }
    }
}

/// How it ended, and what it wrote to standard output and standard error.
pub(crate) type Asked = (ExitStatus, Vec<u8>, Vec<u8>);

/// Why a program was of no use.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// The user did not want to wait.
    Stopped,
    /// It still ran when its time was over.
    Overdue,
    /// It could not be run.
    Io(io::Error),
}

impl From<io::Error> for NoAnswer {
    fn from(error: io::Error) -> NoAnswer {
        NoAnswer::Io(error)
    }
}

/// Runs a program to its end.
pub(crate) fn ask(
    bootstrap: &Path,
    args: &[&str],
    input: &[u8],
    stop: Stop<'_>,
) -> Result<Asked, NoAnswer> {
    ask_command(command(bootstrap, args), input, LIMIT, stop)
}

pub(crate) fn command(bootstrap: &Path, args: &[&str]) -> Command {
    #[expect(clippy::disallowed_methods, reason = "a workload knows its answers, so it is asked")]
    let mut command = Command::new(bootstrap);
    command.args(args).env_remove("AWS_LAMBDA_RUNTIME_API");
    command
}

pub(crate) fn ask_command(
    mut command: Command,
    input: &[u8],
    limit: Duration,
    stop: Stop<'_>,
) -> Result<Asked, NoAnswer> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Of its own, so that what it starts can be ended together with it.
        .process_group(0)
        .spawn()?;
    let mut stdin = child.stdin.take().expect("it was asked for");
    let input = input.to_owned();
    // A program that does not read its input closes it: no error of ours.
    thread::spawn(move || stdin.write_all(&input));
    let stdout = read(child.stdout.take().expect("it was asked for"));
    let stderr = read(child.stderr.take().expect("it was asked for"));
    let ended = wait(&child, limit, stop);
    // Also what it left behind, which may hold its output open. Until it is waited for, the number is its own.
    kill_process_group(Pid::from_child(&child), Signal::KILL).ok();
    let status = child.wait()?;
    ended?;
    // Whoever left the process group may hold the output even now.
    let text = |read: Receiver<Vec<u8>>| read.recv_timeout(LIMIT).map_err(|_| NoAnswer::Overdue);
    Ok((status, text(stdout)?, text(stderr)?))
}

/// Reads to the end, on a thread of its own.
fn read(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (done, text) = mpsc::channel();
    thread::spawn(move || {
        let mut text = Vec::new();
        from.read_to_end(&mut text).ok();
        // Nobody may want to know any more.
        done.send(text).ok();
    });
    text
}

/// Waits until the process has ended.
fn wait(child: &Child, limit: Duration, stop: Stop<'_>) -> Result<(), NoAnswer> {
    let pidfd = pidfd_open(Pid::from_child(child), PidfdFlags::empty()).map_err(io::Error::from)?;
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        if stop() {
            return Err(NoAnswer::Stopped);
        }
        match poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&LOOK)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(NoAnswer::Io(error.into())),
        }
    }
    Err(NoAnswer::Overdue)
}

/// That it was given up.
pub(crate) fn overdue(limit: Duration) -> String {
    format!("it was still running after {} s", limit.as_secs())
}

/// What there is to say of an error that was printed.
pub(crate) fn first_line(text: &[u8]) -> String {
    String::from_utf8_lossy(text).lines().next().unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Asks a shell script; whether to stop is asked `patience` times before the answer is yes.
    fn check(script: &str, patience: u32, expected: &str) {
        let asked = Cell::new(0);
        let stop = || {
            asked.set(asked.get() + 1);
            asked.get() > patience
        };
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let got = match ask(Path::new("/bin/sh"), &["-c", script, "--describe"], b"", &stop) {
            Ok((status, out, err)) => format!("{status}, {:?}, {:?}", text(out), text(err)),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(got, expected, "{script}");
    }

    #[test]
    fn an_answer_is_taken_as_it_is() {
        check("echo $0; echo no >&2; exit 3", 100, r#"exit status: 3, "--describe\n", "no\n""#);
        check("kill -9 $$", 100, r#"signal: 9 (SIGKILL), "", """#);
        check("head -c 1000000 /dev/zero | wc -c", 100, r#"exit status: 0, "1000000\n", """#);
    }

    #[test]
    fn what_it_leaves_behind_keeps_nobody_waiting() {
        check("sleep 3600 & echo done", 100, r#"exit status: 0, "done\n", """#);
    }

    #[test]
    fn who_does_not_end_is_stopped() {
        check("exec sleep 3600", 1, "Stopped");
        // Nor is the end of its output its own end.
        check("exec sleep 3600 > /dev/null 2>&1", 1, "Stopped");
        check("while :; do echo more; done", 1, "Stopped");
    }

    #[test]
    fn times_are_one_a_line() {
        let measure = |script: &str| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("bootstrap");
            // Written by another process: what another test starts meanwhile would inherit an open file, and a program that
            // is open for writing cannot be started.
            let write = r#"printf '#!/bin/sh\n%s\n' "$1" > "$0" && chmod 700 "$0""#;
            let args = ["-c", write, path.to_str().unwrap(), script];
            ask(Path::new("/bin/sh"), &args, b"", &|| false).unwrap();
            let env_vars = BTreeMap::from([("A".to_owned(), "b".to_owned())]);
            let limit = Duration::from_secs(10);
            let rung = Measure {
                rung: "serde",
                case: Some("c"),
                iterations: 7,
                env_vars: &env_vars,
                cpus: &[0],
                limit,
            };
            let times = super::measure(&path, &rung, &|| false);
            times.map_err(|error| error.to_string().replace(&path.display().to_string(), "PATH"))
        };
        assert_eq!(measure("echo 12; echo 34"), Ok(vec![12, 34]));
        let told = "test \"$* $A\" = \"--measure serde --iterations 7 --case c b\" && echo 1";
        assert_eq!(measure(told), Ok(vec![1]));
        let hint = "only functions that use Kelvin's traits can be measured so";
        let failed = measure("echo no such mode >&2; exit 2").unwrap_err();
        let why = "it ended with exit status: 2: no such mode";
        assert_eq!(failed, format!("PATH --measure serde printed no times: {why}; {hint}"));
        assert!(measure("echo hello").unwrap_err().contains("invalid digit"));
    }
}
