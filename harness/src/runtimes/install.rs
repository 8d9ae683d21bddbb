//! Installing AWS's runtime interface clients, by the package managers of their languages and only where the user asks for it.
//!
//! A client is installed in a folder beside the one that it gets, asked whether it works, and renamed: an install that fails or
//! is interrupted leaves nothing. Of two at once, the first that ends stays.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use kelvin_artifact::{ArtifactError, Stop, Tool};
use kelvin_scenario::HostError;

use crate::runtimes::cache::{Cache, Note};
use crate::runtimes::interpreter::Interpreter;
use crate::runtimes::kind::Kind;
use crate::runtimes::locked::Locked;

/// What a client is installed for, and where.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub interpreter: &'a Interpreter,
    pub folder: &'a Path,
}

/// One command of an install.
#[derive(Debug)]
pub(super) struct Step {
    program: PathBuf,
    args: Vec<String>,
    env_vars: Vec<(&'static str, OsString)>,
    /// What to do if it fails, where that is known.
    remedy: Option<&'static str>,
}

/// A virtual environment with the client.
pub(super) fn python(target: &Target<'_>) -> Vec<Step> {
    let folder = target.folder.display().to_string();
    let args = |args: &[&str]| args.iter().map(|&arg| arg.to_owned()).collect();
    vec![
        Step {
            program: target.interpreter.program.clone(),
            // Isolated: what PYTHONPATH and the current folder have is neither used nor taken for installed.
            args: args(&["-I", "-m", "venv", &folder]),
            env_vars: Vec::new(),
            remedy: Some(
                "Debian and Ubuntu have venv in a package of its own: sudo apt-get install python3-venv",
            ),
        },
        Step {
            program: target.folder.join("bin/python"),
            args: args(&[
                "-I",
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-input",
                "awslambdaric",
            ]),
            env_vars: Vec::new(),
            remedy: None,
        },
    ]
}

/// A folder `node_modules` with the client.
pub(super) fn nodejs(target: &Target<'_>) -> Vec<Step> {
    let Interpreter { program, version, .. } = target.interpreter;
    let bin = program.parent().unwrap_or(Path::new("/usr/bin"));
    // npm is a script for whichever node is found first.
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(bin.to_owned()).chain(env::split_paths(&path));
    let path = env::join_paths(folders).unwrap_or(path);
    let mut env_vars = vec![("PATH", path)];
    // Headers beside the interpreter need not be fetched.
    let prefix = bin.parent().unwrap_or(Path::new("/usr"));
    if prefix.join("include/node/node.h").is_file() {
        env_vars.push(("npm_config_nodedir", prefix.into()));
    }
    let npm = bin.join("npm");
    let npm = if npm.is_file() { npm } else { PathBuf::from("npm") };
    let args = ["install", "--no-audit", "--no-fund", "--no-save", "--loglevel=error", "--prefix"];
    let mut args = args.map(str::to_owned).to_vec();
    args.extend([target.folder.display().to_string(), nodejs_package(version)]);
    vec![Step { program: npm, args, env_vars, remedy: None }]
}

/// Lambda's runtimes up to Node.js 22 have the third client, later ones the fourth, which takes no handlers with a callback.
fn nodejs_package(version: &str) -> String {
    let major: u64 = version.split('.').next().and_then(|n| n.parse().ok()).unwrap_or_default();
    let of_client = if major < 24 { 3 } else { 4 };
    format!("aws-lambda-ric@{of_client}")
}

/// Installs the client of an interpreter, and returns what is there then.
pub(super) fn install(
    cache: &Cache,
    kind: &Kind,
    interpreter: &Interpreter,
    stop: Stop<'_>,
) -> Result<Note, HostError> {
    cache.check()?;
    let runtime = kind.identifier(&kind.release(&interpreter.version));
    let failed = |error: std::io::Error| {
        HostError::because(format!("failed to write to {}", cache.folder.display()), error)
    };
    let unfinished = {
        let locked = Locked::take(&cache.folder).map_err(failed)?;
        locked.remove_left_behind();
        locked.begin().map_err(failed)?
    };
    let folder = unfinished.new_folder();
    let target = Target { interpreter, folder: &folder };
    for step in (kind.install)(&target) {
        run(kind, &runtime, &step, stop)?;
    }
    let found = in_folder(kind, interpreter, &folder, stop)?;
    let Some(client) = found.client else {
        let Kind { client, .. } = kind;
        let message = format!(
            "{client} was installed for {runtime}, but does not work in {}",
            found.program.display()
        );
        return Err(match found.why {
            Some(why) => HostError::because(message, why),
            None => HostError::new(message),
        });
    };
    let note = Note {
        runtime,
        client: kind.client.to_owned(),
        client_version: client.version,
        interpreter: interpreter.program.clone(),
        interpreter_version: interpreter.version.clone(),
    };
    note.write(&folder).map_err(failed)?;
    let whole = cache.of(&note.runtime, &interpreter.program);
    let locked = Locked::take(&cache.folder).map_err(failed)?;
    // What was there did not work, or nobody would have asked for it. What another install has put there since may be in use.
    if let Some(there) = Note::read(&whole)
        && in_folder(kind, interpreter, &whole, stop).is_ok_and(|found| found.client.is_some())
    {
        return Ok(there);
    }
    locked.finish(&unfinished, &whole).map_err(failed)?;
    Ok(note)
}

/// The interpreter with the client that is in a folder.
fn in_folder(
    kind: &Kind,
    interpreter: &Interpreter,
    folder: &Path,
    stop: Stop<'_>,
) -> Result<Interpreter, HostError> {
    let program = (kind.installed)(folder, &interpreter.program);
    Interpreter::ask(kind, &program, Some(folder), stop)
}

fn run(kind: &Kind, runtime: &str, step: &Step, stop: Stop<'_>) -> Result<(), HostError> {
    let args: Vec<&str> = step.args.iter().map(String::as_str).collect();
    let tool = Tool { program: &step.program, args: &args, env_vars: &step.env_vars };
    tool.run(stop).map_err(|error| {
        if matches!(error, ArtifactError::Stopped) {
            return HostError::new(format!("stopped; nothing was installed for {runtime}"));
        }
        let mut message = format!("failed to install {} for {runtime}", kind.client);
        let remedy = step.remedy.map(str::to_owned).or_else(|| missing(kind));
        if let Some(remedy) = remedy {
            message = format!("{message} ({remedy})");
        }
        HostError::because(message, error)
    })
}

/// Which programs it may need and does not find, with the command that adds them.
fn missing(kind: &Kind) -> Option<String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let is_there =
        |program: &str| env::split_paths(&path).any(|folder| folder.join(program).is_file());
    let missing: Vec<_> = kind.needs.iter().filter(|(program, _)| !is_there(program)).collect();
    if missing.is_empty() {
        return None;
    }
    let programs: Vec<&str> = missing.iter().map(|(program, _)| *program).collect();
    let packages: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
    Some(format!(
        "it may have to be compiled, and there is no {}; to add them: sudo apt-get install {}",
        programs.join(", no "),
        packages.join(" ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_that_of_lambdas_runtime() {
        let check = |version, expected| assert_eq!(nodejs_package(version), expected, "{version}");
        check("18.20.4", "aws-lambda-ric@3");
        check("22.1.0", "aws-lambda-ric@3");
        check("24.0.1", "aws-lambda-ric@4");
    }
}
