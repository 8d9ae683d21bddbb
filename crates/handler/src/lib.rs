//! Turns a workload into a bootstrap: the program that Lambda starts.
//!
//! A bootstrap's `main.rs` is three lines:
//!
//! ```text
//! fn main() -> std::process::ExitCode {
//!     kelvin_handler::run::<json::Json>()
//! }
//! ```
//!
//! The same program, started by hand, describes itself, checks an answer, or times the workload without Lambda around
//! it, so that all of these are said of the very binary that is deployed.
//! Which mode does what is in `usage.txt`, which is what `--help` prints.

mod args;
mod check;
mod describe;
mod environment;
mod function;
mod init_error;
mod invocation;
mod measure;
mod modes;
mod preparation;
mod span_log;

use std::io::{self, Write};
use std::process::ExitCode;

use kelvin_workload::Workload;

/// Does what the command line says; without one, runs as a Lambda function until Lambda ends the process.
///
/// Exit codes: 0 done (or nobody reads the output any more), 1 could not be carried out, 2 usage, 4 a wrong answer.
pub fn run<W: Workload>() -> ExitCode {
    let args: Vec<String> =
        std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    if args.is_empty() {
        return function::run::<W>();
    }
    // Not locked: the workload may have something to print, from whatever thread.
    let (mut stdout, mut stderr) = (io::stdout(), io::stderr());
    let done = modes::run::<W>(&args, io::stdin(), &mut stdout, &mut stderr);
    match done.and_then(|code| stdout.flush().map(|()| code)) {
        Ok(code) => ExitCode::from(code),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error is the last place to complain to.
            let _ = writeln!(stderr, "failed to read or write: {error}");
            ExitCode::FAILURE
        }
    }
}
