//! The command line: measures functions, lists what there is, prints what was recorded.
//!
//! Everything that reads the environment, the terminal or the command line is in this package; the crates below get
//! values.

mod alone;
mod cli;
mod compare;
mod criterion;
mod doctor;
mod exit;
mod explain;
mod ladder;
mod list;
mod progress;
mod remedies;
mod report;
mod results;
mod run;
mod runtimes;
mod scenario_help;
mod script_folder;
mod services;
mod shell;
mod shipped;
mod signals;
mod splice;
mod terminal;
mod timer;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::exit::Exit;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    if let Some(code) = doctor::work::run_as_function() {
        return code;
    }
    let cli = Cli::parse();
    cli.color.write_global();
    let done = match cli.command {
        Command::Run(args) => run::run(args),
        Command::Check(args) => run::check::check(&args),
        Command::List(args) => list::list(&args),
        Command::Report(args) => report::report(&args),
        Command::Compare(args) => compare::compare(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Services(args) => services::services(&args),
        Command::Runtimes { command } => runtimes::runtimes(&command),
        Command::Guard { root } => {
            kelvin_emulator::guard::main(&root).map(|()| Exit::Done).map_err(Into::into)
        }
    };
    exit::code(done)
}
