//! Asking a bootstrap about itself: `--describe` and `--check`.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use kelvin_lambda::Description;

use crate::ArtifactError;

/// A program that does not know the mode may wait for a Runtime API instead.
const LIMIT: Duration = Duration::from_secs(10);

/// What `--check` exits with when the response is wrong.
const WRONG: i32 = 4;

/// Runs `bootstrap --describe`.
pub fn describe(bootstrap: &Path) -> Result<Description, ArtifactError> {
    let asked = ask(bootstrap, &["--describe"], b"");
    let path = bootstrap.to_owned();
    let (status, stdout, stderr) = match asked {
        Ok(Some(answer)) => answer,
        Ok(None) => {
            let reason = "it was still running after 10 s".to_owned();
            return Err(ArtifactError::NoDescription { path, reason });
        }
        Err(source) => return Err(ArtifactError::Ask { path, mode: "--describe", source }),
    };
    if !status.success() {
        let reason = format!("it ended with {status}: {}", first_line(&stderr));
        return Err(ArtifactError::NoDescription { path, reason });
    }
    serde_json::from_slice(&stdout)
        .map_err(|error| ArtifactError::NoDescription { path, reason: error.to_string() })
}

/// Runs `bootstrap --check CASE` on a response. The inner `Err` says what is wrong with the response.
pub fn check(
    bootstrap: &Path,
    case: &str,
    response: &[u8],
) -> Result<Result<(), String>, ArtifactError> {
    let path = bootstrap.to_owned();
    let no_verdict =
        |reason| ArtifactError::NoVerdict { path: path.clone(), case: case.to_owned(), reason };
    match ask(bootstrap, &["--check", case], response) {
        Ok(Some((status, _, stderr))) => match status.code() {
            Some(0) => Ok(Ok(())),
            Some(WRONG) => Ok(Err(first_line(&stderr))),
            _ => Err(no_verdict(format!("it ended with {status}: {}", first_line(&stderr)))),
        },
        Ok(None) => Err(no_verdict("it was still running after 10 s".to_owned())),
        Err(source) => Err(ArtifactError::Ask { path, mode: "--check", source }),
    }
}

type Asked = (ExitStatus, Vec<u8>, Vec<u8>);

/// `None` if the program had to be killed after [`LIMIT`].
fn ask(bootstrap: &Path, args: &[&str], input: &[u8]) -> io::Result<Option<Asked>> {
    #[expect(clippy::disallowed_methods, reason = "a workload knows its answers, so it is asked")]
    let mut command = Command::new(bootstrap);
    let mut child = command
        .args(args)
        .env_remove("AWS_LAMBDA_RUNTIME_API")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().expect("it was asked for");
    let mut stdout = child.stdout.take().expect("it was asked for");
    let mut stderr = child.stderr.take().expect("it was asked for");
    let input = input.to_owned();
    // A program that does not read its input closes it: no error of ours.
    thread::spawn(move || stdin.write_all(&input));
    let errors = thread::spawn(move || {
        let mut text = Vec::new();
        stderr.read_to_end(&mut text).ok();
        text
    });
    let (done, output) = mpsc::channel();
    thread::spawn(move || {
        let mut text = Vec::new();
        stdout.read_to_end(&mut text).ok();
        done.send(text).ok();
    });
    let Ok(output) = output.recv_timeout(LIMIT) else {
        child.kill()?;
        child.wait()?;
        return Ok(None);
    };
    let status = child.wait()?;
    Ok(Some((status, output, errors.join().unwrap_or_default())))
}

fn first_line(text: &[u8]) -> String {
    String::from_utf8_lossy(text).lines().next().unwrap_or("no message").to_owned()
}
