//! Exit codes, and how an error is printed.

use std::fmt;
use std::io;
use std::process::ExitCode;

use kelvin_emulator::cpu::CgroupError;

/// How a command ended. README.md has the same list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// It could not be carried out, or what it was to read is damaged.
    NotCarriedOut = 1,
    // 2 is wrong usage, which clap reports itself.
    /// A check of the scenario failed.
    CheckFailed = 3,
    /// Invocations failed that were not expected to, or answered wrongly.
    InvocationsFailed = 4,
    /// Checks are undecided and none failed, where somebody has asked for it.
    Inconclusive = 5,
    /// The user ended it, by whichever signal: as shells have it for Ctrl-C.
    Interrupted = 130,
}

/// The exit codes, each with what it means.
pub(crate) const CODES: &[&str] = &[
    "0: done",
    "1: could not be carried out, or what was to be read is damaged",
    "2: wrong usage",
    "3: a check failed, or is undecided; a comparison found a regression, with --fail-on regression",
    "4: invocations failed that were not expected to, or answered wrongly",
    "5: checks are undecided and none failed, with --inconclusive; a comparison cannot tell, with --fail-on inconclusive",
    "130: interrupted by Ctrl-C, SIGTERM or SIGHUP",
];

/// The exit codes as `--help` lists them.
pub(crate) fn help() -> String {
    format!("Exit codes:\n  {}", CODES.join("\n  "))
}

/// The user wants what is under way to end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// The exit code; errors are printed to standard error with all their causes, and what to do where there is a command.
pub(crate) fn code(done: anyhow::Result<Exit>) -> ExitCode {
    let exit = match done {
        Ok(exit) => exit,
        // Whoever read our output has seen enough.
        Err(error) if is_broken_pipe(&error) => Exit::Done,
        Err(error) if error.is::<Interrupted>() => {
            crate::terminal::complain("interrupted");
            Exit::Interrupted
        }
        Err(error) => {
            crate::terminal::complain(&format!("error: {error:#}"));
            let cgroup = error.chain().find_map(|cause| cause.downcast_ref::<CgroupError>());
            if let Some(cgroup) = cgroup {
                let remedy = cgroup.remedy();
                crate::terminal::complain(&format!("to make it possible: {remedy}"));
            }
            Exit::NotCarriedOut
        }
    };
    ExitCode::from(exit as u8)
}

/// Whether it is of nobody reading what was printed any more.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>());
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained() {
        let codes = CODES.iter().map(|line| line.split(':').next().unwrap().parse().unwrap());
        let codes: Vec<u8> = codes.collect();
        let exits = [
            Exit::Done,
            Exit::NotCarriedOut,
            Exit::CheckFailed,
            Exit::InvocationsFailed,
            Exit::Inconclusive,
            Exit::Interrupted,
        ];
        let mut expected: Vec<u8> = exits.into_iter().map(|exit| exit as u8).chain([2]).collect();
        expected.sort_unstable();
        assert_eq!(codes, expected);
    }
}
