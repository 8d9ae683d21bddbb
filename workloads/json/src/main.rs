//! The bootstrap of the workload `json`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<json::Json>()
}
