//! The bootstrap of the workload `hello`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<hello::Hello>()
}
