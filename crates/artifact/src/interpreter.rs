//! Asking an interpreter about itself, with a program in its own language.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::ask::{LIMIT, NoAnswer, ask_command, command, first_line, overdue};
use crate::{ArtifactError, Stop};

/// Variables by which an interpreter finds other files than it does in a function, which has none of the user's variables.
const OF_USER: [&str; 8] = [
    "NODE_OPTIONS",
    "NODE_PATH",
    "PYTHONHOME",
    "PYTHONOPTIMIZE",
    "PYTHONPATH",
    "PYTHONPLATLIBDIR",
    "PYTHONPYCACHEPREFIX",
    "PYTHONUSERBASE",
];

/// Runs an interpreter with these arguments and without variables such as `PYTHONPATH`, and reads the JSON that it prints.
/// When `stop` says so, it is killed.
pub fn ask_interpreter<T: DeserializeOwned>(
    interpreter: &Path,
    args: &[&str],
    stop: Stop<'_>,
) -> Result<T, ArtifactError> {
    let broken = |reason| ArtifactError::NoInterpreter { path: interpreter.to_owned(), reason };
    let mut command = command(interpreter, args);
    for name in OF_USER {
        command.env_remove(name);
    }
    match ask_command(command, b"", LIMIT, stop) {
        Ok((status, stdout, _)) if status.success() => {
            serde_json::from_slice(&stdout).map_err(|error| broken(error.to_string()))
        }
        Ok((status, _, stderr)) => {
            Err(broken(format!("it ended with {status}: {}", first_line(&stderr))))
        }
        Err(NoAnswer::Stopped) => Err(ArtifactError::Stopped),
        Err(NoAnswer::Overdue) => Err(broken(overdue(LIMIT))),
        Err(NoAnswer::Io(error)) => Err(broken(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_interpreter_answers_or_it_is_said_why_not() {
        let check = |program: &str, script: &str, expected: Result<Value, &str>| {
            let asked = ask_interpreter::<Value>(Path::new(program), &["-c", script], &|| false);
            let asked = asked.map_err(|error| error.to_string());
            assert_eq!(asked, expected.map_err(str::to_owned), "{script}");
        };
        check("/bin/sh", "echo '{\"version\": \"1\"}'", Ok(json!({ "version": "1" })));
        check(
            "/bin/sh",
            "echo no version set >&2; exit 127",
            Err("/bin/sh does not work: it ended with exit status: 127: no version set"),
        );
        check(
            "/bin/sh",
            "echo three",
            Err("/bin/sh does not work: expected ident at line 1 column 2"),
        );
        check(
            "/no/such/program",
            "",
            Err("/no/such/program does not work: No such file or directory (os error 2)"),
        );
    }
}
