//! Running a tool that somebody else maintains, such as a package manager: what it said last is what its failure is told by.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use crate::ask::{NoAnswer, ask_command, command, overdue};
use crate::{ArtifactError, Stop};

/// A package manager may compile what it installs.
const LIMIT: Duration = Duration::from_secs(3600);

/// So much of its output is told.
const LAST_LINES: usize = 30;

/// A command, to be run to its end.
#[derive(Clone, Copy, Debug)]
pub struct Tool<'a> {
    /// What is run.
    pub program: &'a Path,
    /// What it is told.
    pub args: &'a [&'a str],
    /// Environment variables that it gets besides those of this process.
    pub env_vars: &'a [(&'a str, OsString)],
}

impl Tool<'_> {
    /// Runs it without input. Fails unless it says that all is well. When `stop` says so, it is killed with all that it has
    /// started.
    pub fn run(self, stop: Stop<'_>) -> Result<(), ArtifactError> {
        let mut command = command(self.program, self.args);
        command.envs(self.env_vars.iter().map(|(name, value)| (name, value)));
        let failed = |reason: String, output: String| ArtifactError::Tool {
            path: self.program.to_owned(),
            reason,
            output,
        };
        match ask_command(command, b"", LIMIT, stop) {
            Ok((status, _, _)) if status.success() => Ok(()),
            Ok((status, stdout, stderr)) => {
                Err(failed(format!("ended with {status}"), last_lines(&stdout, &stderr)))
            }
            Err(NoAnswer::Stopped) => Err(ArtifactError::Stopped),
            Err(NoAnswer::Overdue) => {
                Err(failed(format!("did not end: {}", overdue(LIMIT)), String::new()))
            }
            Err(NoAnswer::Io(source)) => {
                Err(ArtifactError::Read { path: self.program.to_owned(), source })
            }
        }
    }
}

/// Of both streams, errors after the rest.
fn last_lines(stdout: &[u8], stderr: &[u8]) -> String {
    let text = [stdout, stderr].map(String::from_utf8_lossy).concat();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_fails_is_told_by_its_last_words() {
        let run = |script: &str| {
            let env_vars = [("WHO", OsString::from("me"))];
            let args = ["-c", script];
            let tool = Tool { program: Path::new("/bin/sh"), args: &args, env_vars: &env_vars };
            tool.run(&|| false).map_err(|error| error.to_string())
        };
        assert_eq!(run("test $WHO = me"), Ok(()));
        let failed = run("seq 40; echo cmake is missing >&2; exit 3").unwrap_err();
        let (head, tail) = failed.split_once('\n').unwrap();
        assert_eq!(head, "/bin/sh ended with exit status: 3; the end of what it printed:");
        assert!(tail.starts_with("12\n") && tail.ends_with("40\ncmake is missing"), "{tail}");
    }
}
