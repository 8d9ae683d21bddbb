//! The bootstrap of the workload `fan-out`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<fan_out::FanOut>()
}
