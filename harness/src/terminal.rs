//! What the terminal can show, and the two streams.

use std::env;
use std::io::{self, IsTerminal, Write};

use anstream::AutoStream;
use kelvin_report::Style;

/// How to print results to standard output.
pub(crate) fn style() -> Style {
    let choice = AutoStream::choice(&io::stdout());
    let color = choice != anstream::ColorChoice::Never;
    let var = |name: &str| env::var(name).ok();
    Style { color, unicode: locale_is_utf8(var), width: width(var("COLUMNS"), stdout_columns()) }
}

/// What the user has said, and otherwise as wide as the terminal is; `None` for files and pipes.
fn width(said: Option<String>, terminal: Option<u16>) -> Option<usize> {
    let said = said.and_then(|columns| columns.trim().parse().ok()).filter(|columns| *columns > 0);
    said.or(terminal.map(usize::from))
}

/// `None` if standard output is no terminal. One that does not know how wide it is counts as the usual one.
fn stdout_columns() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(if size.ws_col == 0 { 80 } else { size.ws_col })
}

/// By the rules of locale(7): the first of these that is set and not empty decides.
fn locale_is_utf8(var: impl Fn(&str) -> Option<String>) -> bool {
    let set =
        ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(var).find(|value| !value.is_empty());
    set.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Whether bars that move can be shown on standard error.
pub(crate) fn stderr_is_interactive() -> bool {
    let dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
    io::stderr().is_terminal() && env::var_os("CI").is_none() && !dumb
}

/// Prints a result. Fails if nobody reads it any more.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Prints a line to standard error.
pub(crate) fn complain(line: &str) {
    // A closed standard error is no reason to stop.
    writeln!(anstream::stderr().lock(), "{}", line.trim_end()).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_those_that_were_asked_for_or_those_of_the_terminal() {
        let check = |said: Option<&str>, terminal, expected| {
            assert_eq!(width(said.map(str::to_owned), terminal), expected, "{said:?} {terminal:?}");
        };
        check(None, None, None);
        check(None, Some(120), Some(120));
        check(Some("80"), Some(120), Some(80));
        check(Some(" 40\n"), None, Some(40));
        check(Some("0"), Some(120), Some(120));
        check(Some("wide"), None, None);
        check(Some(""), None, None);
    }

    #[test]
    fn the_first_variable_that_is_set_decides() {
        let check = |vars: &[(&str, &str)], expected| {
            let var = |name: &str| {
                vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(locale_is_utf8(var), expected, "{vars:?}");
        };
        check(&[], false);
        check(&[("LANG", "en_US.UTF-8")], true);
        check(&[("LANG", "C.utf8")], true);
        check(&[("LANG", "C.utf8"), ("LC_ALL", "C")], false);
        check(&[("LANG", "C"), ("LC_CTYPE", "de_AT.UTF-8"), ("LC_ALL", "")], true);
    }
}
