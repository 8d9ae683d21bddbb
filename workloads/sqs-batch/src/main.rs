//! The bootstrap of the workload `sqs-batch`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<sqs_batch::SqsBatch>()
}
