//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::table::Form;

/// Measures what Kelvin's emulator itself costs, beside a floor and other emulators.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// The bootstrap that everybody serves; it must answer as the workload `hello` does.
    #[arg(long, value_name = "FILE")]
    pub bootstrap: PathBuf,
    /// The program `cargo-lambda`.
    #[arg(long, value_name = "FILE")]
    pub cargo_lambda: Option<PathBuf>,
    /// Why there is no `--cargo-lambda`, for the table.
    #[arg(long, value_name = "TEXT", default_value = "--cargo-lambda is not given")]
    pub no_cargo_lambda: String,
    /// The function that burns CPU time, compiled from `burner.c`.
    #[arg(long, value_name = "FILE")]
    pub burner: Option<PathBuf>,
    /// Why there is no `--burner`, for the table.
    #[arg(long, value_name = "TEXT", default_value = "--burner is not given")]
    pub no_burner: String,
    /// Which tables to make.
    #[arg(
        long = "part",
        value_enum,
        value_delimiter = ',',
        default_value = "warm,starts,million,environments,pauses"
    )]
    pub parts: Vec<Part>,
    /// Contestants of the warm table whose name contains one of these; all by default.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub only: Vec<String>,
    /// How often each contestant has its turn.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub rounds: u64,
    /// Warm invocations in each turn.
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..))]
    pub invocations: u64,
    /// Invocations that are thrown away at the beginning of each turn.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub discard: u64,
    /// Invocations of each kind in each turn, for "pauses".
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub paused: u32,
    /// Starts of each kind.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    pub starts: u64,
    /// Invocations in one loop, for "a million".
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(10..))]
    pub million: u64,
    /// Requests of each load on many environments.
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub requests: u64,
    /// Markdown instead of text.
    #[arg(long)]
    pub markdown: bool,
}

/// One table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The cycle of a warm invocation.
    Warm,
    /// Starting an execution environment.
    Starts,
    /// Very many invocations in one loop.
    Million,
    /// Many execution environments at once.
    Environments,
    /// Invocations after pauses.
    Pauses,
}

impl Args {
    pub(crate) fn wants(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    pub(crate) fn form(&self) -> Form {
        if self.markdown { Form::Markdown } else { Form::Text }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_valid() {
        super::Args::command().debug_assert();
    }
}
