//! The bootstrap of the workload `payload`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<payload::Payload>()
}
