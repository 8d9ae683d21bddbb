//! Runtimes other than our own: from their names to packages that can be deployed, and the installing of what they need.
//!
//! A runtime is AWS's runtime interface client in an interpreter of this machine. A loop of our own over the language's
//! standard library stands in for it where a script asks for that. Which of the two is part of the function's record.

mod cache;
mod command;
mod install;
mod interpreter;
mod kind;
mod locked;
mod name;
mod package;
mod places;
mod wrapper;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kelvin_artifact::Stop;
use kelvin_lambda::CaseDescription;
use kelvin_scenario::{Client, HostError, Resolved, WantedRuntime};

use crate::runtimes::interpreter::Interpreter;
use crate::runtimes::kind::{KINDS, Kind};
use crate::runtimes::name::Name;
use crate::runtimes::package::Code;

pub(crate) use crate::runtimes::command::{installed, runtimes};

/// What there seems to be of a language's interpreters.
pub(crate) struct Look {
    pub program: &'static str,
    /// What there is, or what is missing.
    pub state: Result<String, String>,
    /// How to get it.
    pub remedy: &'static str,
}

/// Looks for the interpreters of each language, where functions would find theirs. None is started.
pub(crate) fn look() -> impl Iterator<Item = Look> {
    KINDS.iter().map(|kind| {
        let state = interpreter::look(kind);
        Look { program: kind.program, state, remedy: kind.remedy }
    })
}

/// Interpreters that were found, each by the name of the runtime and its client.
#[derive(Debug, Default)]
pub(crate) struct Interpreters(Vec<(String, Client, Interpreter)>);

impl Interpreters {
    /// Finds the interpreter of a runtime, once.
    fn find(
        &mut self,
        name: &Name,
        client: Client,
        stop: Stop<'_>,
    ) -> Result<Interpreter, HostError> {
        let asked = name.to_string();
        let known = self.0.iter().find(|(name, of, _)| (name, of) == (&asked, &client));
        if let Some((_, _, found)) = known {
            return Ok(found.clone());
        }
        let found = Interpreter::choose(name, stop)?.with_client(name, client, stop)?;
        self.0.push((asked, client, found.clone()));
        Ok(found)
    }

    /// The languages whose interpreter works with this client; and why the others do not whose interpreter is there.
    pub(crate) fn names(
        &mut self,
        client: Client,
        stop: Stop<'_>,
    ) -> (Vec<String>, Vec<HostError>) {
        let (mut names, mut others) = (Vec::new(), Vec::new());
        for kind in KINDS.iter().filter(|kind| interpreter::is_there(kind)) {
            match self.find(&Name { kind, release: None }, client, stop) {
                Ok(_) => names.push(kind.name.to_owned()),
                Err(error) => others.push(error),
            }
        }
        (names, others)
    }

    /// Whether a runtime can be deployed. Nothing of it is started but its interpreter, which says what it is.
    pub(crate) fn check(
        &mut self,
        wanted: &WantedRuntime,
        stop: Stop<'_>,
    ) -> Result<Vec<CaseDescription>, HostError> {
        self.checked(wanted, stop).map(|_| cases(wanted))
    }

    fn checked(
        &mut self,
        wanted: &WantedRuntime,
        stop: Stop<'_>,
    ) -> Result<(&'static Kind, Interpreter), HostError> {
        let name = name::read(&wanted.name)?;
        kind::check_handler(name.kind, wanted)?;
        wrapper::check(wanted)?;
        let interpreter = self.find(&name, wanted.client, stop)?;
        Ok((name.kind, interpreter))
    }
}

/// Packages that were made.
pub(crate) struct Runtimes {
    /// Of the packages; it is removed however the run ends.
    folder: PathBuf,
    /// Folders that are in none of them.
    left_out: Vec<PathBuf>,
    interpreters: Interpreters,
    packed: Vec<(WantedRuntime, Resolved)>,
}

/// What a script gets that asks for a runtime.
pub(crate) struct Packed {
    pub resolved: Resolved,
    /// What the user should know of it, said once a runtime.
    pub note: Option<String>,
}

impl Runtimes {
    /// None yet. `left_out` are folders that are in no package, without links in their paths.
    pub(crate) fn new(temporary_folder: &Path, left_out: Vec<PathBuf>) -> Runtimes {
        Runtimes {
            folder: temporary_folder.join("runtimes"),
            left_out,
            interpreters: Interpreters::default(),
            packed: Vec::new(),
        }
    }

    /// The languages whose interpreter works with this client; and why the others do not whose interpreter is there.
    pub(crate) fn names(
        &mut self,
        client: Client,
        stop: Stop<'_>,
    ) -> (Vec<String>, Vec<HostError>) {
        self.interpreters.names(client, stop)
    }

    /// Finds the interpreter and packs the code, each once.
    pub(crate) fn resolve(
        &mut self,
        wanted: &WantedRuntime,
        stop: Stop<'_>,
    ) -> Result<Packed, HostError> {
        let (kind, interpreter) = self.interpreters.checked(wanted, stop)?;
        let same = |(packed, _): &&(WantedRuntime, _)| {
            (&packed.name, packed.client) == (&wanted.name, wanted.client)
        };
        let mut others = self.packed.iter().filter(same).peekable();
        let is_first = others.peek().is_none();
        // Handler and wrapper are variables of the function, and nothing of the package.
        if let Some((_, resolved)) = others.find(|(packed, _)| packed.code == wanted.code) {
            return Ok(Packed { resolved: resolved.clone(), note: None });
        }
        let note = (is_first && wanted.client == Client::StandIn).then(|| stands_in(kind, wanted));
        let folder = self.folder.join(format!("{}-{}", kind.name, self.packed.len()));
        let left_out = &self.left_out;
        let code = wanted.code.as_deref().map(|folder| Code { folder, left_out });
        let bootstrap = package::write(&folder, kind, &interpreter, code);
        let bootstrap = bootstrap.map_err(|error| {
            HostError::because(
                format!("failed to pack the code for runtime \"{}\"", wanted.name),
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
}

fn stands_in(kind: &Kind, wanted: &WantedRuntime) -> String {
    let (name, client) = (&wanted.name, kind.client);
    format!(
        "Runtime {name}: a loop over the standard library stands in for {client}, AWS's own client, as the script asks."
    )
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
    fn handlers_of_one_folder_of_code_have_one_package() {
        let place = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let folder = place.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            for file in ["app.py", "other.py"] {
                std::fs::write(folder.join(file), "").unwrap();
            }
            folder
        };
        let codes = [folder("one"), folder("two")];
        let mut runtimes = Runtimes::new(place.path(), Vec::new());
        let (program, version) = ("/opt/python3".into(), "3.11.7".to_owned());
        let found = Interpreter { program, version, client: None, why: None, reads: Vec::new() };
        runtimes.interpreters.0.push(("python".to_owned(), Client::StandIn, found));
        let mut pack = |code: &Path, handler: &str| {
            let wanted = WantedRuntime {
                name: "python".to_owned(),
                client: Client::StandIn,
                code: Some(code.to_owned()),
                handler: handler.to_owned(),
                exec_wrapper: None,
            };
            let packed = runtimes.resolve(&wanted, &|| false);
            packed.map(|packed| (packed.resolved.bootstrap, packed.note.is_some()))
        };
        let (first, noted) = pack(&codes[0], "app.handler").unwrap();
        assert!(noted, "what stands in is told once");
        assert_eq!(pack(&codes[0], "other.handler").unwrap(), (first.clone(), false));
        let (other, noted) = pack(&codes[1], "app.handler").unwrap();
        assert!(other != first && !noted);
        assert!(pack(&codes[0], "nothandler").is_err(), "each handler is looked at");
    }

    #[test]
    fn a_handler_that_comes_with_a_runtime_has_cases() {
        let wanted = |code: Option<&str>| WantedRuntime {
            name: "python".to_owned(),
            client: Client::Aws,
            code: code.map(PathBuf::from),
            handler: "app.handler".to_owned(),
            exec_wrapper: None,
        };
        assert_eq!(cases(&wanted(None))[0].name, "world");
        assert_eq!(cases(&wanted(Some("code"))), []);
    }
}
