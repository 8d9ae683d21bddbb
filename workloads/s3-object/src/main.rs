//! The bootstrap of the workload `s3-object`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<s3_object::S3Object>()
}
