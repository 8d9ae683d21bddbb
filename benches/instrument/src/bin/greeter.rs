//! The function that every contestant serves: lambda_runtime and a greeting, and nothing of Kelvin's.
//!
//! It answers as the workload `hello` does. That one cannot be used here, since Kelvin's bootstraps take the address of the
//! Runtime API as Lambda gives it, `host:port`, and `cargo lambda watch` gives a URL with a path.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Event {
    name: String,
}

#[derive(Serialize)]
struct Response {
    message: String,
}

async fn greet(event: LambdaEvent<Event>) -> Result<Response, Error> {
    Ok(Response { message: format!("Hello, {}!", event.payload.name) })
}

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(lambda_runtime::run(service_fn(greet)))
}
