//! What people can know of a scenario before they run it: its description and its parameters.

use std::fmt::Write;

use clap::CommandFactory;
use kelvin_scenario::{Parameter, Script};

use crate::cli::Cli;

/// Lines are broken here, like clap's.
const WIDTH: usize = 100;

/// The help of `kelvin run`, all of it.
pub(crate) fn of_run() -> String {
    let mut cli = Cli::command();
    // Gives the subcommands the name of the program that they belong to.
    cli.build();
    let run = cli.find_subcommand_mut("run").expect("there is a command `run`");
    run.render_long_help().ansi().to_string()
}

/// The help of one scenario. `named` is how it is called on the command line.
pub(crate) fn of(script: &Script, named: &str, parameters: &[Parameter]) -> String {
    let mut text = String::new();
    for line in wrapped(&script.description(), WIDTH) {
        text.extend([&line, "\n"]);
    }
    if !text.is_empty() {
        text.push('\n');
    }
    write_line(
        &mut text,
        &format!("Usage: kelvin run {named} [--set KEY=VALUE[,VALUE…]]… [OPTIONS]"),
    );
    text.push('\n');
    if parameters.is_empty() {
        text.push_str("It has no parameters.\n");
    } else {
        text.push_str("Parameters and their defaults:\n");
        text.push_str(&list(parameters));
    }
    text.push_str("\n`kelvin run --help` has the options that all scenarios share.\n");
    text
}

/// Each parameter with its default, what its values must be and what it is for.
pub(crate) fn list(parameters: &[Parameter]) -> String {
    let settings = parameters.iter().map(|parameter| format!("  --set {parameter}"));
    let settings: Vec<String> = settings.collect();
    let widths = settings.iter().map(|setting| setting.chars().count());
    let width = widths.filter(|width| *width <= 40).max().unwrap_or(0);
    let mut text = String::new();
    for (parameter, setting) in parameters.iter().zip(&settings) {
        let expected = parameter.expected();
        let kind = if parameter.list { format!("list, each {expected}") } else { expected };
        write_line(&mut text, &format!("{setting:width$}  {kind}"));
        for line in parameter.help.iter().flat_map(|help| wrapped(help, WIDTH - 6)) {
            write_line(&mut text, &format!("      {line}"));
        }
    }
    text
}

fn write_line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("writing to a string does not fail");
}

/// Broken between words; a word that is longer than a line has one of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.extend([" ", word]);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_says_what_can_be_set() {
        let script = Script::compile(
            "mine.rhai",
            "// Measures things. In two sentences.\nlet p = params(#{ launches: 20, memory: [128, 512], \
             mode: #{ default: \"fast\", choices: [\"fast\", \"slow\"], help: \"How hard to try.\" } });",
        )
        .unwrap();
        insta::assert_snapshot!(of(&script, "mine.rhai", &script.parameters().unwrap()), @"
        Measures things. In two sentences.

        Usage: kelvin run mine.rhai [--set KEY=VALUE[,VALUE…]]… [OPTIONS]

        Parameters and their defaults:
          --set launches=20     a whole number
          --set memory=128,512  list, each a whole number
          --set mode=fast       one of fast, slow
              How hard to try.

        `kelvin run --help` has the options that all scenarios share.
        ");
        let script = Script::compile("none.rhai", "let a = 1;").unwrap();
        insta::assert_snapshot!(of(&script, "none.rhai", &script.parameters().unwrap()), @"
        Usage: kelvin run none.rhai [--set KEY=VALUE[,VALUE…]]… [OPTIONS]

        It has no parameters.

        `kelvin run --help` has the options that all scenarios share.
        ");
    }
}
