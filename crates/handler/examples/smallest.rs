//! The smallest program that serves Lambda with `lambda_runtime`: what `hello` is compared with (`benches/smallest.rhai`).

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let function = service_fn(|event: LambdaEvent<Value>| async { Ok::<_, Error>(event.payload) });
    runtime.block_on(lambda_runtime::run(function))
}
