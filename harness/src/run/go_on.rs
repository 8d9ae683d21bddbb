//! The command that goes on with a run that was interrupted, as it can be typed.

use std::env;
use std::path::Path;
use std::time::Duration;

use clap::ValueEnum;
use kelvin_record::RunId;
use kelvin_scenario::{parse_duration, written_duration};

use crate::cli::{Format, RESULTS, RunArgs};
use crate::shell;

/// What of the command line holds for the rest of a run as well. All else is on record.
#[derive(Debug)]
pub(super) struct GoOn {
    program: String,
    options: Vec<String>,
}

impl GoOn {
    pub(super) fn of(args: &RunArgs) -> GoOn {
        let program = env::args_os().next().unwrap_or_default().to_string_lossy().into_owned();
        let mut options = Vec::new();
        if args.out != Path::new(RESULTS) {
            options.extend(["--out".to_owned(), args.out.to_string_lossy().into_owned()]);
        }
        if args.format != Format::default() {
            let name = args.format.to_possible_value();
            let name = name.map(|name| name.get_name().to_owned()).unwrap_or_default();
            options.extend(["--format".to_owned(), name]);
        }
        if let Some(limit) = args.time_limit {
            options.extend(["--time-limit".to_owned(), typed(limit)]);
        }
        if !args.limits.require.is_empty() {
            options.extend(["--require".to_owned(), args.limits.require.join(",")]);
        }
        let flags = [
            ("--force", args.force),
            ("--quiet", args.quiet),
            ("--inconclusive", args.inconclusive),
        ];
        options.extend(flags.iter().filter(|(_, set)| *set).map(|(flag, _)| (*flag).to_owned()));
        GoOn { program, options }
    }

    pub(super) fn command(&self, run: &RunId) -> String {
        let words = [&self.program, "run", "--resume", run.as_str()];
        let words = words.into_iter().chain(self.options.iter().map(String::as_str));
        words.map(shell::typed).collect::<Vec<_>>().join(" ")
    }
}

/// A time as it can be typed, to the nanosecond.
fn typed(time: Duration) -> String {
    let short = written_duration(time);
    let is_exact = parse_duration(&short) == Some(time);
    if is_exact { short } else { format!("{}s", time.as_secs_f64()) }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn check(args: &[&str], expected: &str) {
        let words = ["kelvin", "run"].iter().chain(args);
        let Command::Run(args) = Cli::parse_from(words).command else { panic!("it is a run") };
        let go_on = GoOn { program: "kelvin".to_owned(), ..GoOn::of(&args) };
        let run: RunId = "20261123T124838Z-3fa9c1".parse().unwrap();
        let command = go_on.command(&run);
        assert_eq!(command, format!("kelvin run --resume {run}{expected}"));
    }

    #[test]
    fn a_command_has_what_is_not_on_record() {
        check(&["memory", "--set", "launches=3", "--seed", "1", "--freeze", "off"], "");
        check(&["--out", "my runs", "--force", "--quiet"], " --out 'my runs' --force --quiet");
        check(
            &["--require", "cpu", "--require", "memory", "--format", "json"],
            " --format json --require cpu,memory",
        );
        check(&["--time-limit", "3h"], " --time-limit 3h");
        check(&["--time-limit", "100.25s"], " --time-limit 100.25s");
    }
}
