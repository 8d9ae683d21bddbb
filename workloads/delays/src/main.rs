//! The bootstrap of the workload `delays`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<delays::Delays>()
}
