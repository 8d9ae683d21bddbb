//! The greeting of lambda_http's own README: whoever asks is greeted, whichever gateway lies between.

use lambda_http::{Body, Error, Request, RequestExt, Response, run, service_fn};

async fn hello(request: Request) -> Result<Response<Body>, Error> {
    let query = request.query_string_parameters();
    let name = query.first("name").unwrap_or("stranger");
    let body = format!("{} {}: hello {name}", request.method(), request.raw_http_path());
    Ok(Response::builder().status(200).header("content-type", "text/plain").body(body.into())?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(hello)).await
}
