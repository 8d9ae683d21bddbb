//! The bootstrap of the workload `regex`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<regex::Regex>()
}
