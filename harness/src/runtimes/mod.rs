//! Runtimes other than our own: from their names to packages that can be deployed.
//!
//! A runtime is AWS's runtime interface client where its interpreter has one, and else a loop of our own over the
//! language's standard library. Which of the two is part of the function's record.

mod interpreter;
mod kind;
mod package;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kelvin_lambda::CaseDescription;
use kelvin_scenario::{HostError, Resolved, WantedRuntime};

use crate::runtimes::interpreter::Interpreter;
use crate::runtimes::kind::{KINDS, Kind};
use crate::signals::Stop;

/// Interpreters that were found, and packages that were made.
pub(crate) struct Runtimes {
    /// Of the packages; it is removed however the run ends.
    folder: PathBuf,
    stop: Stop,
    found: BTreeMap<&'static str, Interpreter>,
    packed: Vec<(WantedRuntime, Resolved)>,
}

/// What a script gets that asks for a runtime.
pub(crate) struct Packed {
    pub resolved: Resolved,
    /// What the user should know of it, said once a runtime.
    pub note: Option<String>,
}

impl Runtimes {
    /// None yet.
    pub(crate) fn new(temporary_folder: &Path, stop: Stop) -> Runtimes {
        let folder = temporary_folder.join("runtimes");
        Runtimes { folder, stop, found: BTreeMap::new(), packed: Vec::new() }
    }

    /// Those whose interpreter works; and why the others that seem to be there do not.
    pub(crate) fn names(&mut self) -> (Vec<String>, Vec<HostError>) {
        let (mut names, mut broken) = (Vec::new(), Vec::new());
        for kind in KINDS.iter().filter(|kind| interpreter::installed(kind).is_some()) {
            match self.interpreter(kind) {
                Ok(_) => names.push(kind.name.to_owned()),
                Err(error) => broken.push(error),
            }
        }
        (names, broken)
    }

    /// Finds the interpreter and packs the code, each once.
    pub(crate) fn resolve(&mut self, wanted: &WantedRuntime) -> Result<Packed, HostError> {
        if let Some((_, resolved)) = self.packed.iter().find(|(packed, _)| packed == wanted) {
            return Ok(Packed { resolved: resolved.clone(), note: None });
        }
        let kind = kind::find(&wanted.name)?;
        kind::check_handler(kind, wanted)?;
        let interpreter = self.interpreter(kind)?;
        let is_first = self.packed.iter().all(|(packed, _)| packed.name != wanted.name);
        let note = is_first && interpreter.client.is_none();
        let note = note.then(|| stands_in(kind, &interpreter));
        let folder = self.folder.join(format!("{}-{}", kind.name, self.packed.len()));
        let bootstrap = package::write(&folder, kind, &interpreter, wanted.code.as_deref());
        let bootstrap = bootstrap.map_err(|error| {
            HostError::because(
                format!("failed to pack the code for runtime \"{}\"", kind.name),
                error,
            )
        })?;
        let resolved = Resolved {
            bootstrap,
            workload: None,
            cases: cases(wanted),
            env_vars: BTreeMap::new(),
            reads: interpreter.reads.clone(),
            variant: Some(interpreter.describe(kind)),
        };
        self.packed.push((wanted.clone(), resolved.clone()));
        Ok(Packed { resolved, note })
    }

    fn interpreter(&mut self, kind: &'static Kind) -> Result<Interpreter, HostError> {
        if let Some(found) = self.found.get(kind.name) {
            return Ok(found.clone());
        }
        let found = Interpreter::find(kind, &|| self.stop.is_wanted())?;
        self.found.insert(kind.name, found.clone());
        Ok(found)
    }
}

fn stands_in(kind: &Kind, interpreter: &Interpreter) -> String {
    let Kind { name, client, .. } = kind;
    format!(
        "Runtime {name}: {} has no {client}, AWS's own, so a loop over the standard library stands in for it.",
        interpreter.program.display()
    )
}

/// Those whose interpreter is there, without starting it.
pub(crate) fn nominal_names() -> Vec<String> {
    let installed = KINDS.iter().filter(|kind| interpreter::installed(kind).is_some());
    installed.map(|kind| kind.name.to_owned()).collect()
}

/// What can be known of a function without starting anything.
pub(crate) fn check(wanted: &WantedRuntime) -> Result<Vec<CaseDescription>, HostError> {
    let kind = kind::find(&wanted.name)?;
    kind::check_handler(kind, wanted)?;
    interpreter::installed(kind).ok_or_else(|| interpreter::missing(kind))?;
    Ok(cases(wanted))
}

/// Those of the workload `hello`, whose answers the handler must give that comes with a runtime.
fn cases(wanted: &WantedRuntime) -> Vec<CaseDescription> {
    if wanted.code.is_some() {
        return Vec::new();
    }
    let cases = include_str!("../../runtimes/hello.json");
    serde_json::from_str(cases).expect("a test reads them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_that_comes_with_a_runtime_has_cases() {
        let wanted = |code: Option<&str>| WantedRuntime {
            name: "python".to_owned(),
            code: code.map(PathBuf::from),
            handler: "app.handler".to_owned(),
        };
        assert_eq!(cases(&wanted(None))[0].name, "world");
        assert_eq!(cases(&wanted(Some("code"))), []);
    }
}
