//! Exit codes, and how an error is printed.

use std::io;
use std::process::ExitCode;

use kelvin_emulator::cpu::CgroupError;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// It could not be carried out, or the user interrupted it.
    NotCarriedOut = 1,
    // 2 is wrong usage, which clap reports itself.
    /// A check of the scenario failed.
    CheckFailed = 3,
    /// Invocations failed that were not expected to, or answered wrongly.
    InvocationsFailed = 4,
}

/// The exit code; errors are printed to standard error with all their causes, and what to do where there is a command.
pub(crate) fn code(done: anyhow::Result<Exit>) -> ExitCode {
    let exit = match done {
        Ok(exit) => exit,
        // Whoever read our output has seen enough.
        Err(error) if is_broken_pipe(&error) => Exit::Done,
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

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>());
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
