//! Building a bootstrap with cargo.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use cargo_metadata::Message;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::{ArtifactError, Variant, WorkloadPackage, Workspace};

/// Asked now and then whether to stop.
pub type Stop<'a> = &'a dyn Fn() -> bool;

/// One build of one workload.
#[derive(Clone, Copy, Debug)]
pub struct Build<'a> {
    /// Where it belongs.
    pub workspace: &'a Workspace,
    /// What is built: this package alone, so that cargo does not unify its features with those of others.
    pub workload: &'a WorkloadPackage,
    /// How.
    pub variant: &'a Variant,
}

impl Build<'_> {
    /// Runs cargo and returns the path of the executable, which is kept apart from that of every other variant, and stays
    /// what it is when cargo builds the workload again. `progress` gets cargo's own lines as they come.
    ///
    /// When `stop` says so, cargo and its compilers are killed.
    pub fn run(
        self,
        progress: &mut dyn FnMut(&str),
        stop: Stop<'_>,
    ) -> Result<PathBuf, ArtifactError> {
        let mut cargo = self.start()?;
        let stdout = cargo.stdout.take().expect("it was asked for");
        let stderr = cargo.stderr.take().expect("it was asked for");
        let executable = thread::spawn(move || executable(BufReader::new(stdout)));
        let (lines_to, lines) = mpsc::channel();
        thread::spawn(move || {
            BufReader::new(stderr)
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| lines_to.send(line))
        });
        let mut output = Vec::new();
        loop {
            match lines.recv_timeout(Duration::from_millis(100)) {
                Ok(line) => {
                    progress(line.trim());
                    output.push(line);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if stop() {
                kill_process_group(Pid::from_child(&cargo), Signal::KILL).ok();
                cargo.wait().ok();
                return Err(ArtifactError::Stopped);
            }
        }
        let status = cargo.wait().map_err(ArtifactError::Cargo)?;
        let executable = executable.join().ok().flatten();
        let package = self.workload.name.clone();
        if !status.success() {
            let from = output.len().saturating_sub(40);
            let output = output[from..].join("\n");
            let variant = self.variant.to_string();
            return Err(ArtifactError::Build { package, variant, output });
        }
        self.keep(&executable.ok_or(ArtifactError::NoExecutable { package })?)
    }

    /// Cargo has one place for all builds of a profile, whatever their features are.
    fn keep(self, executable: &Path) -> Result<PathBuf, ArtifactError> {
        let folder = self.workspace.target_folder.join("kelvin").join(self.variant.to_string());
        let path = folder.join(&self.workload.name).join(&self.workload.bin);
        match replace(executable, &path) {
            Ok(()) => Ok(path),
            Err(source) => Err(ArtifactError::Keep { path, source }),
        }
    }

    fn start(self) -> Result<Child, ArtifactError> {
        let mut command = cargo();
        command.arg("build");
        if !self.variant.features.is_empty() {
            command.args(["--features", &self.variant.features.join(",")]);
        }
        command
            .args(["--message-format=json-render-diagnostics"])
            .args(["--package", &self.workload.id, "--bin", &self.workload.bin])
            .args(["--profile", &self.variant.profile])
            .current_dir(Path::new(&self.workspace.root))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Of its own, so that its compilers can be stopped together with it.
            .process_group(0);
        command.spawn().map_err(ArtifactError::Cargo)
    }
}

/// Puts `executable` at `path`. In one step, because another run may be about to start what is there.
fn replace(executable: &Path, path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)?;
    let new = folder.join(format!(".new-{}", std::process::id()));
    fs::remove_file(&new).ok();
    // File systems without links get a copy.
    fs::hard_link(executable, &new).or_else(|_| fs::copy(executable, &new).map(drop))?;
    fs::rename(&new, path)?;
    // Renaming does nothing where both are links to the same file already.
    fs::remove_file(&new).ok();
    Ok(())
}

/// Cargo, for a build that does not depend on who runs it.
///
/// Under `cargo run` this finds the same toolchain's cargo, which comes first in PATH.
///
/// What cargo has told this process about its own package is not passed on: build scripts that watch such variables, as
/// that of `ring` does, would run again after every `cargo run`, and all that depends on them would be built again.
/// Source: the Cargo book, "Environment variables Cargo sets for crates".
#[expect(clippy::disallowed_methods, reason = "building is what this crate is for")]
pub fn cargo() -> Command {
    let mut command = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let about_us = |name: &str| OF_A_PACKAGE.iter().any(|prefix| name.starts_with(prefix));
        if name.to_str().is_some_and(about_us) {
            command.env_remove(name);
        }
    }
    command
}

/// How the names of those variables begin.
const OF_A_PACKAGE: [&str; 7] = [
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_TARGET_TMPDIR",
    "OUT_DIR",
];

/// The last executable that cargo's messages name: there is only one.
fn executable(messages: impl BufRead) -> Option<PathBuf> {
    let artifacts = Message::parse_stream(messages).filter_map(|message| match message {
        Ok(Message::CompilerArtifact(artifact)) => artifact.executable,
        _ => None,
    });
    artifacts.last().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cargo runs this test, and has told it of its package.
    #[test]
    fn a_build_is_the_same_whoever_runs_it() {
        let removed =
            |name: &str| cargo().get_envs().any(|variable| variable == (name.as_ref(), None));
        for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION_PRE"] {
            assert!(removed(name), "{name}");
        }
        for name in ["CARGO_HOME", "CARGO_TARGET_DIR", "PATH"] {
            assert!(!removed(name), "{name}");
        }
    }

    #[test]
    fn what_is_kept_stays_when_cargo_builds_again() {
        let folder = tempfile::tempdir().unwrap();
        let (built, kept) = (folder.path().join("built"), folder.path().join("kelvin/a/kept"));
        // As cargo does it: a new file of the same name.
        let build = |content: &str| {
            fs::remove_file(&built).ok();
            fs::write(&built, content).unwrap();
        };
        build("one");
        for _ in 0..2 {
            replace(&built, &kept).unwrap();
            assert_eq!(fs::read_to_string(&kept).unwrap(), "one");
        }
        build("two");
        assert_eq!(fs::read_to_string(&kept).unwrap(), "one");
        replace(&built, &kept).unwrap();
        assert_eq!(fs::read_to_string(&kept).unwrap(), "two");
        assert_eq!(fs::read_dir(kept.parent().unwrap()).unwrap().count(), 1, "nothing is left");
    }
}
