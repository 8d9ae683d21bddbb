//! The bootstrap of the workload `compress`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<compress::Compress>()
}
