//! The bootstrap of the workload `matrix`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<matrix::Matrix>()
}
