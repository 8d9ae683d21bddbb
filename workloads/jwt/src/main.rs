//! The bootstrap of the workload `jwt`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<jwt::Jwt>()
}
