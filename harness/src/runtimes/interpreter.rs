//! Interpreters: which is there, and what it has.

use std::env;
use std::path::{Path, PathBuf};

use kelvin_artifact::{Stop, ask_interpreter};
use kelvin_scenario::HostError;
use serde::Deserialize;

use crate::runtimes::kind::Kind;

/// An interpreter that works.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Interpreter {
    /// Where it is: functions have a PATH of Lambda's.
    pub program: PathBuf,
    /// Its own.
    pub version: String,
    /// AWS's runtime interface client, if it has one.
    pub client: Option<Client>,
    /// Files and folders that it reads when it starts.
    #[serde(default)]
    pub reads: Vec<PathBuf>,
}

/// A runtime interface client.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Client {
    pub version: String,
    /// Where it starts, if the interpreter does not find it by its name.
    #[serde(default)]
    pub program: Option<PathBuf>,
}

/// Where the interpreter of a runtime should be; `None` if it is not installed.
pub(super) fn installed(kind: &Kind) -> Option<PathBuf> {
    if let Some(named) = env::var_os(kind.variable).filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(kind.program))
        .find(|program| program.is_file())
}

/// That it is not, and what to do about it.
pub(super) fn missing(kind: &Kind) -> HostError {
    let Kind { name, program, variable, remedy, .. } = kind;
    HostError::new(format!(
        "runtime \"{name}\" needs {program}, which is not on PATH; to add it: {remedy}; or name one with {variable}"
    ))
}

impl Interpreter {
    /// Asks the interpreter of a runtime. Fails if there is none, or it does not work.
    pub(super) fn find(kind: &Kind, stop: Stop<'_>) -> Result<Interpreter, HostError> {
        let program = installed(kind).ok_or_else(|| missing(kind))?;
        let asked = ask_interpreter(&program, &[kind.evaluate, kind.probe], stop);
        let interpreter: Interpreter = asked.map_err(|error| {
            let message = format!("runtime \"{}\" cannot be used", kind.name);
            HostError::because(message, error)
        })?;
        interpreter.check_place(kind)?;
        Ok(interpreter)
    }

    /// What a function cannot see it cannot run.
    fn check_place(&self, kind: &Kind) -> Result<(), HostError> {
        let client = self.client.iter().filter_map(|client| client.program.as_deref());
        let hidden =
            |program: &&Path| program.starts_with("/tmp") || program.starts_with("/var/task");
        match std::iter::once(&*self.program).chain(client).find(hidden) {
            None => Ok(()),
            Some(program) => Err(HostError::new(format!(
                "runtime \"{}\" cannot be used: {} is hidden from functions, which have a /tmp and a /var/task of their own; \
                 install it elsewhere",
                kind.name,
                program.display()
            ))),
        }
    }

    /// Which runtime functions get: `awslambdaric 4.2.2, Python 3.11.7`.
    pub(super) fn describe(&self, kind: &Kind) -> String {
        let Kind { language, client, .. } = kind;
        match &self.client {
            Some(found) => format!("{client} {}, {language} {}", found.version, self.version),
            None => format!("standard library, {language} {}", self.version),
        }
    }
}
