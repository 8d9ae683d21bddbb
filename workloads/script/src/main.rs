//! The bootstrap of the workload `script`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<script::Script>()
}
