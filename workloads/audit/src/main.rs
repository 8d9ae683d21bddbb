//! The bootstrap of the workload `audit`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<audit::Audit>()
}
