//! The smallest program that serves Lambda with `lambda_runtime`: what `hello` is compared with (`benches/smallest.rhai`).

use lambda_runtime::{Error, LambdaEvent, service_fn};

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let function = service_fn(|_: LambdaEvent<()>| async { Ok::<(), Error>(()) });
    runtime.block_on(lambda_runtime::run(function))
}
