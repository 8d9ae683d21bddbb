//! The bootstrap of the workload `html`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<html::Html>()
}
