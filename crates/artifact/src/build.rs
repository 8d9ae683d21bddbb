//! Building a bootstrap with cargo.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use cargo_metadata::Message;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::{ArtifactError, WorkloadPackage, Workspace};

/// Asked now and then whether to stop.
pub type Stop<'a> = &'a dyn Fn() -> bool;

/// One build of one workload.
#[derive(Clone, Copy, Debug)]
pub struct Build<'a> {
    /// Where it belongs.
    pub workspace: &'a Workspace,
    /// What is built: this package alone, so that cargo does not unify its features with those of others.
    pub workload: &'a WorkloadPackage,
    /// The cargo profile.
    pub profile: &'a str,
}

impl Build<'_> {
    /// Runs cargo and returns the path of the executable. `progress` gets cargo's own lines as they come.
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
            return Err(ArtifactError::Build { package, profile: self.profile.to_owned(), output });
        }
        executable.ok_or(ArtifactError::NoExecutable { package })
    }

    fn start(self) -> Result<Child, ArtifactError> {
        let mut command = cargo();
        command
            .args(["build", "--message-format=json-render-diagnostics"])
            .args(["--package", &self.workload.id, "--bin", &self.workload.bin])
            .args(["--profile", self.profile])
            .current_dir(Path::new(&self.workspace.root))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Of its own, so that its compilers can be stopped together with it.
            .process_group(0);
        command.spawn().map_err(ArtifactError::Cargo)
    }
}

/// Under `cargo run` this finds the same toolchain's cargo, which comes first in PATH.
#[expect(clippy::disallowed_methods, reason = "building is what this crate is for")]
fn cargo() -> Command {
    Command::new("cargo")
}

/// The last executable that cargo's messages name: there is only one.
fn executable(messages: impl BufRead) -> Option<PathBuf> {
    let artifacts = Message::parse_stream(messages).filter_map(|message| match message {
        Ok(Message::CompilerArtifact(artifact)) => artifact.executable,
        _ => None,
    });
    artifacts.last().map(PathBuf::from)
}
