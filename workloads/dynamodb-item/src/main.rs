//! The bootstrap of the workload `dynamodb-item`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<dynamodb_item::DynamoDbItem>()
}
