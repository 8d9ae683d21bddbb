//! The bootstrap of the workload `thumbnail`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<thumbnail::Thumbnail>()
}
