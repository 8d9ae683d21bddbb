//! The runtimes that there are, and what is particular to each.

use std::path::{Path, PathBuf};

use kelvin_scenario::{HostError, WantedRuntime};

use crate::runtimes::install::{self, Step, Target};
use crate::runtimes::places::{Manager, numbers};

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
    /// What the names of its interpreters begin with, before the release.
    pub prefix: &'static str,
    /// How many numbers of its version are a release, which has a runtime of its own on Lambda.
    pub numbers: usize,
    /// What stands after the release in Lambda's name of a runtime.
    pub suffix: &'static str,
    /// A name that Lambda has for one of its runtimes.
    pub example: &'static str,
    /// Who keeps interpreters of it besides the system.
    pub managers: &'static [Manager],
    /// AWS's runtime interface client.
    pub client: &'static str,
    /// The commands that install it for an interpreter, in a folder.
    pub install: fn(&Target<'_>) -> Vec<Step>,
    /// Where the interpreter is that has the client, from the folder and the interpreter that it was installed for.
    pub installed: fn(&Path, &Path) -> PathBuf,
    /// Programs that an install may need, each with the package of Debian that has it.
    pub needs: &'static [(&'static str, &'static str)],
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
        prefix: "node",
        numbers: 1,
        suffix: ".x",
        example: "nodejs22.x",
        managers: NODEJS_MANAGERS,
        client: "aws-lambda-ric",
        install: install::nodejs,
        installed: |_, interpreter| interpreter.to_owned(),
        needs: NODEJS_NEEDS,
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
        prefix: "python",
        numbers: 2,
        suffix: "",
        example: "python3.13",
        managers: PYTHON_MANAGERS,
        client: "awslambdaric",
        install: install::python,
        installed: |folder, _| folder.join("bin/python"),
        needs: PYTHON_NEEDS,
        own: ("loop.py", include_str!("../../runtimes/python/loop.py")),
        hello: ("app.py", include_str!("../../runtimes/python/app.py")),
        files: files_of_python,
    },
];

const PYTHON_MANAGERS: &[Manager] = &[
    Manager { variable: "PYENV_ROOT", root: ".pyenv", below: "versions", bin: "bin" },
    Manager {
        variable: "UV_PYTHON_INSTALL_DIR",
        root: ".local/share/uv/python",
        below: "",
        bin: "bin",
    },
    Manager { variable: "ASDF_DATA_DIR", root: ".asdf", below: "installs/python", bin: "bin" },
    Manager {
        variable: "MISE_DATA_DIR",
        root: ".local/share/mise",
        below: "installs/python",
        bin: "bin",
    },
];

const NODEJS_MANAGERS: &[Manager] = &[
    Manager { variable: "NVM_DIR", root: ".nvm", below: "versions/node", bin: "bin" },
    Manager {
        variable: "FNM_DIR",
        root: ".local/share/fnm",
        below: "node-versions",
        bin: "installation/bin",
    },
    Manager { variable: "VOLTA_HOME", root: ".volta", below: "tools/image/node", bin: "bin" },
    Manager { variable: "N_PREFIX", root: "/usr/local", below: "n/versions/node", bin: "bin" },
    Manager { variable: "ASDF_DATA_DIR", root: ".asdf", below: "installs/nodejs", bin: "bin" },
    Manager {
        variable: "MISE_DATA_DIR",
        root: ".local/share/mise",
        below: "installs/node",
        bin: "bin",
    },
];

const PYTHON_NEEDS: &[(&str, &str)] = &[("g++", "g++"), ("make", "make"), ("cmake", "cmake")];

/// What compiles its native part, and the copy of curl that comes with it ("AWS Lambda NodeJS Runtime Interface Client").
const NODEJS_NEEDS: &[(&str, &str)] = &[
    ("npm", "npm"),
    ("g++", "g++"),
    ("make", "make"),
    ("cmake", "cmake"),
    ("autoconf", "autoconf"),
    ("automake", "automake"),
    ("libtoolize", "libtool"),
    ("python3", "python3"),
];

impl Kind {
    /// The release that a version belongs to.
    pub(super) fn release(&self, version: &str) -> String {
        version.split('.').take(self.numbers).collect::<Vec<_>>().join(".")
    }

    /// What Lambda calls the runtime of a release.
    pub(super) fn identifier(&self, release: &str) -> String {
        format!("{}{release}{}", self.name, self.suffix)
    }

    /// Whether this is what a release looks like.
    pub(super) fn is_release(&self, text: &str) -> bool {
        numbers(text).len() == self.numbers
    }
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

    fn find(name: &str) -> &'static Kind {
        crate::runtimes::name::read(name).unwrap().kind
    }

    #[test]
    fn runtimes_are_called_what_lambda_calls_them() {
        let check = |kind: &str, version: &str, expected: &str| {
            let kind = find(kind);
            assert_eq!(kind.identifier(&kind.release(version)), expected, "{version}");
        };
        check("python", "3.11.7", "python3.11");
        check("python", "3.9.0", "python3.9");
        check("nodejs", "20.20.2", "nodejs20.x");
    }

    #[test]
    fn handlers_name_files_as_lambda_has_it() {
        let check = |kind: &str, handler: &str, expected: &str| {
            let files = (find(kind).files)(handler).unwrap_or_default();
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
