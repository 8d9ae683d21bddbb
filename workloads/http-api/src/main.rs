//! The bootstrap of the workload `http-api`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<http_api::HttpApi>()
}
