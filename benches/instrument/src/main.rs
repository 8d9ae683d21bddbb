//! What the instrument itself costs: Kelvin's emulator beside a hand-written floor and beside other emulators.
//!
//! All contestants serve the same bootstrap with the same event, in turns within one run.

mod args;
mod cargo_lambda;
mod contest;
mod environments;
mod floor;
mod http;
mod kelvin;
mod machine;
mod million;
mod pauses;
mod process;
mod simulator;
mod starts;
mod table;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;

/// The event of every invocation.
const EVENT: &[u8] = br#"{"name":"world"}"#;
/// The answer to it.
const ANSWER: &[u8] = br#"{"message":"Hello, world!"}"#;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let done = match args.as_slice() {
        // The emulator starts this program once more as its guard.
        [_, first, root] if first == kelvin::GUARD => {
            kelvin_emulator::guard::main(Path::new(root)).map_err(Into::into)
        }
        _ => measure(&Args::parse()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            table::complain(&format!("failed: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn measure(args: &Args) -> anyhow::Result<()> {
    process::end_with_signals()?;
    let form = args.form();
    table::show(&machine::describe(args));
    if args.wants(args::Part::Starts) {
        table::show(&starts::run(args)?.render(form));
    }
    if args.wants(args::Part::Million) {
        table::show(&million::run(args)?.render(form));
    }
    if args.wants(args::Part::Environments) {
        table::show(&environments::run(args)?.render(form));
    }
    if args.wants(args::Part::Pauses) {
        table::show(&pauses::run(args)?.render(form));
    }
    // Last, because it fills this process with samples.
    if args.wants(args::Part::Warm) {
        table::show(&contest::run(args)?.render(form));
    }
    Ok(())
}
