//! Ways in which an invocation fails, and what AWS calls them.

use bytes::Bytes;
use kelvin_lambda::{FunctionConfig, FunctionError, InitPhase, InitReportLine, Status};
use kelvin_sandbox::{ExitStatus, with_cause};

use crate::cpu::CgroupError;
use crate::process::End;

/// Why an init or an invocation came to nothing, or an environment cannot go on.
#[derive(Debug)]
pub(crate) enum Failure {
    TimedOut,
    Ended(End),
    /// The process ended after an extension had reported an error of this type.
    Extension {
        error_type: &'static str,
        status: ExitStatus,
    },
    /// The runtime said so itself, with `/init/error`; the caller gets `body`.
    Reported {
        body: Bytes,
        error: FunctionError,
    },
    /// The emulator could not provide what the environment needs.
    Internal(String),
}

impl Failure {
    /// A function that would run faster than asked for does not run.
    pub(crate) fn unlimited(error: &CgroupError) -> Failure {
        let why = with_cause(error);
        Failure::Internal(format!("the emulator could not limit the CPU: {why}"))
    }

    /// The same, of a process whose extension has reported an error of this type.
    pub(crate) fn because_of(self, extension_error: Option<&'static str>) -> Failure {
        match (self, extension_error) {
            (Failure::Ended(End::Exit(status)), Some(error_type)) => {
                Failure::Extension { error_type, status }
            }
            (failure, _) => failure,
        }
    }

    /// Status, error and the payload that the caller gets.
    pub(crate) fn describe(
        &self,
        request_id: &str,
        config: &FunctionConfig,
    ) -> (Status, FunctionError, Bytes) {
        let (status, error) = match self {
            Failure::TimedOut => {
                (Status::Timeout, FunctionError::timed_out(request_id, config.timeout))
            }
            Failure::Ended(End::Exit(ExitStatus::Code(code))) => {
                (Status::Crash, FunctionError::exited(request_id, *code))
            }
            Failure::Ended(End::Exit(ExitStatus::Signal(signal))) => {
                (Status::Crash, FunctionError::killed(request_id, *signal))
            }
            Failure::Extension { error_type, status } => {
                let exit = Failure::Ended(End::Exit(*status));
                let (status, error, _) = exit.describe(request_id, config);
                (status, FunctionError { error_type: (*error_type).to_owned(), ..error })
            }
            Failure::Ended(End::OutOfMemory) => {
                (Status::OutOfMemory, FunctionError::out_of_memory(request_id))
            }
            Failure::Ended(End::NotStarted(_)) => {
                (Status::Crash, FunctionError::invalid_entrypoint(request_id))
            }
            Failure::Ended(End::GuardGone) => {
                (Status::Crash, sandbox_failure("the emulator's guard process is gone"))
            }
            Failure::Internal(message) => (Status::Crash, sandbox_failure(message)),
            Failure::Reported { body, error } => {
                return (Status::Error, error.clone(), body.clone());
            }
        };
        let payload = error.to_payload().into();
        (status, error, payload)
    }

    /// Ends a log with what goes there beside AWS's own words, on a line of its own.
    pub(crate) fn end_log(&self, log: &mut String) {
        end_line(log);
        if let Failure::Ended(End::NotStarted(message)) = self {
            log.extend(["kelvin: the bootstrap could not be executed: ", message, "\n"]);
        }
    }

    /// The line for an init phase that failed so after `init_ns`.
    pub(crate) fn init_report(
        &self,
        phase: InitPhase,
        init_ns: u64,
        config: &FunctionConfig,
    ) -> InitReportLine {
        let (status, error, _) = self.describe("", config);
        let error_type = (status != Status::Timeout).then_some(error.error_type);
        InitReportLine { init_ns, phase, error_type }
    }
}

/// Ends the last line of a log, if it has not ended.
pub(crate) fn end_line(log: &mut String) {
    if !log.is_empty() && !log.ends_with('\n') {
        log.push('\n');
    }
}

fn sandbox_failure(message: &str) -> FunctionError {
    FunctionError { error_type: "Sandbox.Failure".to_owned(), message: message.to_owned() }
}
