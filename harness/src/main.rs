//! The command `kelvin`.

use std::process::ExitCode;

fn main() -> ExitCode {
    kelvin::main()
}
