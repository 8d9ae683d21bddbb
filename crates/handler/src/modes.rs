//! The modes of a bootstrap that need no Lambda: arguments and standard input in, text and an exit code out.

use std::io::{self, Read, Write};

use kelvin_workload::{Case, InitContext, Workload};

use crate::args::{Mode, parse};
use crate::{check, describe, measure};

pub(crate) const DONE: u8 = 0;
pub(crate) const FAILED: u8 = 1;
pub(crate) const USAGE: u8 = 2;
pub(crate) const WRONG_ANSWER: u8 = 4;

/// Runs the mode that the arguments name and returns the exit code. Fails only if input or output does.
pub(crate) fn run<W: Workload>(
    args: &[String],
    stdin: impl Read,
    stdout: &mut impl Write,
    stderr: &mut impl Write,
) -> io::Result<u8> {
    let mode = match parse(args) {
        Ok(mode) => mode,
        Err(mistake) => {
            writeln!(stderr, "{}: {mistake}\n\n{}", W::NAME, usage::<W>())?;
            return Ok(USAGE);
        }
    };
    match mode {
        Mode::Describe => describe::run::<W>(stdout, stderr),
        Mode::Check { case } => check::run::<W>(&case, stdin, stderr),
        Mode::Measure(measure) => {
            let ctx = InitContext::new(|name| std::env::var(name).ok());
            measure::run::<W>(&measure, &ctx, stdout, stderr)
        }
        Mode::Help => {
            writeln!(stdout, "{}", usage::<W>())?;
            Ok(DONE)
        }
        Mode::Version => {
            writeln!(stdout, "{} (kelvin-handler {})", W::NAME, env!("CARGO_PKG_VERSION"))?;
            Ok(DONE)
        }
    }
}

fn usage<W: Workload>() -> String {
    include_str!("usage.txt").trim_end().replace("NAME", W::NAME)
}

/// The case of this name; without a name, the default one. The error lists the names that there are.
pub(crate) fn find_case<W: Workload>(name: Option<&str>) -> Result<Case<W::Event>, String> {
    let cases = W::cases();
    let names: Vec<_> = cases.iter().map(|case| case.name).collect();
    let wanted = |case: &Case<W::Event>| name.is_none_or(|name| case.name == name);
    match cases.into_iter().find(wanted) {
        Some(case) => Ok(case),
        None if names.is_empty() => Err("the workload has no cases".to_owned()),
        None => Err(format!(
            "unknown case \"{}\"; the cases are {}",
            name.unwrap_or_default(),
            names.join(", ")
        )),
    }
}

#[cfg(test)]
mod tests;
