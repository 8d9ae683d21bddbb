//! Interpreters: which one runs a function, and whether it has AWS's runtime interface client.

use std::env;
use std::path::{Path, PathBuf};

use kelvin_artifact::{ArtifactError, Stop, ask_interpreter};
use kelvin_scenario::{Client as WantedClient, HostError};
use serde::Deserialize;

use crate::runtimes::cache::Cache;
use crate::runtimes::kind::Kind;
use crate::runtimes::name::Name;
use crate::runtimes::places;

/// An interpreter that works.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Interpreter {
    /// Where it is: functions have a PATH of Lambda's.
    pub program: PathBuf,
    /// The version of the interpreter.
    pub version: String,
    /// AWS's runtime interface client, if it has one.
    pub client: Option<Client>,
    /// Why it has none, where there is one that does not work.
    #[serde(default)]
    pub why: Option<String>,
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

impl Interpreter {
    /// Asks a program what it is and has; `folder` is where its client may be.
    pub(super) fn ask(
        kind: &Kind,
        program: &Path,
        folder: Option<&Path>,
        stop: Stop<'_>,
    ) -> Result<Interpreter, HostError> {
        let folder = folder.map(|folder| folder.display().to_string());
        let mut args = vec![kind.evaluate, kind.probe];
        args.extend(folder.as_deref());
        ask_interpreter(program, &args, stop).map_err(|error| {
            let message = format!("runtime \"{}\" cannot be used", kind.name);
            HostError::because(message, error)
        })
    }

    /// The interpreter that a runtime of that name gets, with whatever client it has of its own. Fails if there is none.
    pub(super) fn choose(name: &Name, stop: Stop<'_>) -> Result<Interpreter, HostError> {
        let Name { kind, release } = name;
        let named = named(kind);
        let Some(release) = release else {
            let program = named.or_else(|| places::on_path(kind)).ok_or_else(|| missing(name))?;
            return Interpreter::ask(kind, &program, None, stop);
        };
        let places = places::all(kind)
            .into_iter()
            .filter(|place| place.release.as_ref().is_none_or(|of_place| of_place == release));
        for program in named.into_iter().chain(places.map(|place| place.program)) {
            // What does not work, such as the shim of a version that is not chosen, is not the one.
            match Interpreter::ask(kind, &program, None, stop) {
                Ok(found) if kind.release(&found.version) == *release => return Ok(found),
                Err(error) if was_stopped(&error) => return Err(error),
                _ => {}
            }
        }
        Err(missing(name))
    }

    /// The same with the client that is wanted: AWS's may be in Kelvin's own cache. Fails if it is nowhere.
    pub(super) fn with_client(
        self,
        name: &Name,
        wanted: WantedClient,
        stop: Stop<'_>,
    ) -> Result<Interpreter, HostError> {
        let kind = name.kind;
        let found = match wanted {
            WantedClient::StandIn => Interpreter { client: None, ..self },
            WantedClient::Aws if self.client.is_some() => self,
            WantedClient::Aws => {
                let runtime = kind.identifier(&kind.release(&self.version));
                let folder = Cache::of_user()?.of(&runtime, &self.program);
                let program = (kind.installed)(&folder, &self.program);
                let found = if folder.is_dir() {
                    Some(Interpreter::ask(kind, &program, Some(&folder), stop)?)
                } else {
                    None
                };
                let why = found.as_ref().and_then(|found| found.why.clone());
                found
                    .filter(|found| found.client.is_some())
                    .ok_or_else(|| no_client(name, &self, why.or(self.why.clone())))?
            }
        };
        found.check_place(kind)?;
        Ok(found)
    }

    /// What a function cannot see it cannot run.
    fn check_place(&self, kind: &Kind) -> Result<(), HostError> {
        let client = self.client.iter().filter_map(|client| client.program.as_deref());
        match std::iter::once(&*self.program).chain(client).find(|path| places::is_hidden(path)) {
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
            None => format!("stand-in, {language} {}", self.version),
        }
    }
}

/// The interpreter that the user names.
fn named(kind: &Kind) -> Option<PathBuf> {
    env::var_os(kind.variable).filter(|named| !named.is_empty()).map(PathBuf::from)
}

/// Whether there seems to be one, without starting it.
pub(super) fn is_there(kind: &Kind) -> bool {
    named(kind).is_some() || places::on_path(kind).is_some()
}

/// Which interpreters there seem to be, for people and without starting them; fails with what is missing.
pub(super) fn look(kind: &Kind) -> Result<String, String> {
    if let Some(named) = named(kind) {
        return Ok(format!("{} ({})", named.display(), kind.variable));
    }
    if let Some(on_path) = places::on_path(kind) {
        return Ok(on_path.display().to_string());
    }
    match places::releases(&places::all(kind)) {
        none if none.is_empty() => Err(format!("not found; needed for runtime: \"{}\"", kind.name)),
        releases => Ok(format!("not on PATH; by version, as in \"{}\": {releases}", kind.example)),
    }
}

fn was_stopped(error: &HostError) -> bool {
    let cause = error.source.as_ref().and_then(|cause| cause.downcast_ref::<ArtifactError>());
    matches!(cause, Some(ArtifactError::Stopped))
}

/// That there is no such interpreter, which there are, and what to do about it.
fn missing(name: &Name) -> HostError {
    let asked = name.to_string();
    let Name { kind, release } = name;
    let Kind { name, language, program, variable, remedy, .. } = kind;
    let there = places::releases(&places::all(kind));
    let there = if there.is_empty() { String::new() } else { format!("; there are: {there}") };
    HostError::new(match release {
        None => format!(
            "runtime \"{name}\" needs {program}, which is not on PATH{there}; to add it: {remedy}; or name one with {variable}"
        ),
        Some(release) => format!(
            "runtime \"{asked}\" needs {language} {release}, which was not found{there}; install it on PATH or by a version \
             manager, or name one with {variable}"
        ),
    })
}

/// That AWS's client is not installed, and the command that does it.
fn no_client(name: &Name, interpreter: &Interpreter, why: Option<String>) -> HostError {
    let Kind { client, language, .. } = name.kind;
    let runtime = name.to_string();
    let message = format!(
        "runtime \"{runtime}\" needs {client}, AWS's own client, which {language} {} at {} does not have; \
         to add it: kelvin runtimes install {runtime}; or ask for a loop over the standard library: client: \"stand-in\"",
        interpreter.version,
        interpreter.program.display()
    );
    match why {
        Some(why) => HostError::because(message, why),
        None => HostError::new(message),
    }
}
