//! Installing AWS's runtime interface clients, by the package managers of their languages and only where the user asks for it.
//!
//! A client is installed in a folder beside the one that it gets, asked whether it works, and renamed: an install that fails or
//! is interrupted leaves nothing.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use kelvin_artifact::{ArtifactError, Stop, Tool};
use kelvin_scenario::HostError;

use crate::runtimes::cache::{Cache, Note};
use crate::runtimes::interpreter::Interpreter;
use crate::runtimes::kind::Kind;

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

/// Removed when it is dropped, unless it has been renamed.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
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
    fs::create_dir_all(&cache.folder).map_err(failed)?;
    remove_unfinished(&cache.folder);
    let whole = cache.of(&runtime, &interpreter.program);
    let unfinished = cache.folder.join(format!(".{runtime}.{}", std::process::id()));
    fs::create_dir(&unfinished).map_err(failed)?;
    let unfinished = Unfinished(unfinished);
    let target = Target { interpreter, folder: &unfinished.0 };
    for step in (kind.install)(&target) {
        run(kind, &runtime, &step, stop)?;
    }
    let program = (kind.installed)(&unfinished.0, &interpreter.program);
    let found = Interpreter::ask(kind, &program, Some(&unfinished.0), stop)?;
    let Some(client) = found.client else {
        let Kind { client, .. } = kind;
        let message = format!(
            "{client} was installed for {runtime}, but does not work in {}",
            program.display()
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
    note.write(&unfinished.0).map_err(failed)?;
    // What is there does not work, or nobody would have asked for it.
    fs::remove_dir_all(&whole).ok();
    fs::rename(&unfinished.0, &whole).map_err(failed)?;
    Ok(note)
}

fn run(kind: &Kind, runtime: &str, step: &Step, stop: Stop<'_>) -> Result<(), HostError> {
    let args: Vec<&str> = step.args.iter().map(String::as_str).collect();
    let tool = Tool { program: &step.program, args: &args, env_vars: &step.env_vars };
    tool.run(stop).map_err(|error| {
        if matches!(error, ArtifactError::Stopped) {
            return HostError::new("stopped; nothing was installed");
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

/// Removes what installs have left whose process is gone: killed, say.
fn remove_unfinished(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix('.')) else { continue };
        let process = rest.rsplit('.').next().filter(|process| process.parse::<u32>().is_ok());
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_interrupted_is_removed() {
        let place = tempfile::tempdir().unwrap();
        let own = format!(".python3.11.{}", std::process::id());
        for name in [".python3.11.4294967295", &own, ".notes", "python3.11-12345678"] {
            fs::create_dir(place.path().join(name)).unwrap();
        }
        remove_unfinished(place.path());
        let mut left: Vec<_> =
            fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".notes", &own, "python3.11-12345678"]);
    }

    #[test]
    fn the_client_is_that_of_lambdas_runtime() {
        let check = |version, expected| assert_eq!(nodejs_package(version), expected, "{version}");
        check("18.20.4", "aws-lambda-ric@3");
        check("22.1.0", "aws-lambda-ric@3");
        check("24.0.1", "aws-lambda-ric@4");
    }
}
