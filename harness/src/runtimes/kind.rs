//! The runtimes that there are, and what is particular to each.

use std::path::{Path, PathBuf};

use kelvin_scenario::{HostError, WantedRuntime};

/// A language with a runtime.
#[derive(Debug)]
pub(super) struct Kind {
    /// What scenarios call it.
    pub name: &'static str,
    /// What people call it.
    pub language: &'static str,
    /// Its interpreter.
    pub program: &'static str,
    /// The environment variable that names another one.
    pub variable: &'static str,
    /// How to get it.
    pub remedy: &'static str,
    /// The argument before a program in its language.
    pub evaluate: &'static str,
    /// Prints what an interpreter is and has.
    pub probe: &'static str,
    /// From its version to what Lambda calls the runtime.
    pub identifier: fn(&str) -> String,
    /// AWS's runtime interface client.
    pub client: &'static str,
    /// The runtime that stands in for it: name and text.
    pub own: (&'static str, &'static str),
    /// The handler that does what the workload `hello` does: name and text.
    pub hello: (&'static str, &'static str),
    /// From a handler's module to the files that it may be in.
    files: fn(&str) -> Option<Vec<String>>,
}

/// By the alphabet.
pub(super) const KINDS: [Kind; 2] = [
    Kind {
        name: "nodejs",
        language: "Node.js",
        program: "node",
        variable: "KELVIN_NODE",
        remedy: "sudo apt-get install nodejs",
        evaluate: "-e",
        probe: include_str!("../../runtimes/nodejs/probe.cjs"),
        identifier: |version| format!("nodejs{}.x", release(version, 1)),
        client: "aws-lambda-ric",
        own: ("loop.cjs", include_str!("../../runtimes/nodejs/loop.cjs")),
        hello: ("app.js", include_str!("../../runtimes/nodejs/app.js")),
        files: files_of_nodejs,
    },
    Kind {
        name: "python",
        language: "Python",
        program: "python3",
        variable: "KELVIN_PYTHON",
        remedy: "sudo apt-get install python3",
        evaluate: "-c",
        probe: include_str!("../../runtimes/python/probe.py"),
        identifier: |version| format!("python{}", release(version, 2)),
        client: "awslambdaric",
        own: ("loop.py", include_str!("../../runtimes/python/loop.py")),
        hello: ("app.py", include_str!("../../runtimes/python/app.py")),
        files: files_of_python,
    },
];

/// The first numbers of a version.
fn release(version: &str, n: usize) -> String {
    version.split('.').take(n).collect::<Vec<_>>().join(".")
}

/// The runtime of that name, or which there are.
pub(super) fn find(name: &str) -> Result<&'static Kind, HostError> {
    let found = KINDS.iter().find(|kind| kind.name == name);
    found.ok_or_else(|| HostError::unknown("runtime", name, KINDS.iter().map(|kind| kind.name)))
}

/// Checks that the code has a file for its handler.
pub(super) fn check_handler(kind: &Kind, wanted: &WantedRuntime) -> Result<(), HostError> {
    let Some(code) = &wanted.code else { return Ok(()) };
    let handler = &wanted.handler;
    if !code.is_dir() {
        return Err(HostError::new(format!("code {} is not a folder", code.display())));
    }
    let Some(files) = (kind.files)(handler) else {
        return Err(HostError::new(format!(
            "handler \"{handler}\" has no function; write FILE.FUNCTION, as in app.handler"
        )));
    };
    if files.iter().any(|file| code.join(file).is_file()) {
        return Ok(());
    }
    Err(HostError::new(format!(
        "handler \"{handler}\" is not in {}: there is no {}",
        code.display(),
        files.join(" or "),
    )))
}

/// A module and, after the last dot, a function ("Define Lambda function handler in Python", AWS Lambda developer guide).
fn files_of_python(handler: &str) -> Option<Vec<String>> {
    let (module, _) = handler.rsplit_once('.').filter(|(module, _)| !module.is_empty())?;
    let stem = module.replace('.', "/");
    Some(vec![format!("{stem}.py"), format!("{stem}/__init__.py")])
}

/// A path without its ending and, after the first dot, a function ("Define Lambda function handler in Node.js").
fn files_of_nodejs(handler: &str) -> Option<Vec<String>> {
    let path = Path::new(handler);
    let (stem, _) = path.file_name()?.to_str()?.split_once('.').filter(|(s, _)| !s.is_empty())?;
    let stem: PathBuf = path.with_file_name(stem);
    let file = |ending: &str| format!("{}.{ending}", stem.display());
    Some(["js", "mjs", "cjs"].map(file).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtimes_are_called_what_lambda_calls_them() {
        let check = |kind: &str, version: &str, expected: &str| {
            assert_eq!((find(kind).unwrap().identifier)(version), expected, "{kind} {version}");
        };
        check("python", "3.11.7", "python3.11");
        check("python", "3.9.0", "python3.9");
        check("nodejs", "20.20.2", "nodejs20.x");
    }

    #[test]
    fn handlers_name_files_as_lambda_has_it() {
        let check = |kind: &str, handler: &str, expected: &str| {
            let files = (find(kind).unwrap().files)(handler).unwrap_or_default();
            assert_eq!(files.join(" "), expected, "{kind}: {handler}");
        };
        check("python", "app.handler", "app.py app/__init__.py");
        check("python", "orders.api.get", "orders/api.py orders/api/__init__.py");
        check("python", "orders/api.get", "orders/api.py orders/api/__init__.py");
        check("python", "handler", "");
        check("python", ".handler", "");
        check("nodejs", "app.handler", "app.js app.mjs app.cjs");
        check("nodejs", "src/app.v1.get", "src/app.js src/app.mjs src/app.cjs");
        check("nodejs", "src.d/app", "");
        check("nodejs", "", "");
    }
}
