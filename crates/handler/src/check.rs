//! `--check CASE`: is this response right?

use std::io::{self, Read, Write};

use kelvin_workload::{Workload, verify};

use crate::modes::{DONE, USAGE, WRONG_ANSWER, find_case};

pub(crate) fn run<W: Workload>(
    case: &str,
    mut stdin: impl Read,
    stderr: &mut impl Write,
) -> io::Result<u8> {
    let case = match find_case::<W>(Some(case)) {
        Ok(case) => case,
        Err(mistake) => {
            writeln!(stderr, "{}: {mistake}", W::NAME)?;
            return Ok(USAGE);
        }
    };
    let mut payload = Vec::new();
    stdin.read_to_end(&mut payload)?;
    let verdict = match serde_json::from_slice(&payload) {
        Ok(response) => verify(&case.answer, &response),
        Err(error) => Err(format!("the response is not JSON: {error}")),
    };
    match verdict {
        Ok(()) => Ok(DONE),
        Err(reason) => {
            writeln!(stderr, "{}: wrong answer to case {}: {reason}", W::NAME, case.name)?;
            Ok(WRONG_ANSWER)
        }
    }
}
