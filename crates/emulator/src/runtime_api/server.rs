//! HTTP: from a listener to complete requests with their times.

use std::convert::Infallible;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Response};
use hyper_util::rt::TokioIo;
use kelvin_lambda::MAX_RESPONSE_BYTES;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::{ApiCall, Body, Reply, Request, Route};
use crate::clock::now_ns;

/// Accepts connections and sends every request to `calls`, until it is dropped; then all connections are closed.
pub(crate) async fn serve(listener: TcpListener, calls: mpsc::UnboundedSender<ApiCall>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // Finished connections are taken out, so that the set does not grow.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                stream.set_nodelay(true).ok();
                let calls = calls.clone();
                connections.spawn(async move {
                    let service = service_fn(|request| answer(request, &calls));
                    let connection = hyper::server::conn::http1::Builder::new()
                        // As AWS's own server, written in Go, writes them.
                        .title_case_headers(true)
                        .serve_connection(TokioIo::new(stream), service);
                    // What is not HTTP ends its own connection and nothing else.
                    connection.await.ok();
                });
            }
        }
    }
}

async fn answer(
    request: hyper::Request<Incoming>,
    calls: &mpsc::UnboundedSender<ApiCall>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let begun_at = now_ns();
    let route = match route(request.method(), request.uri().path()) {
        Ok(route) => route,
        Err(reply) => return Ok(reply.into_response()),
    };
    let header = |name| text(request.headers(), name);
    let error_type = header("lambda-runtime-function-error-type");
    let response_mode = header("lambda-runtime-function-response-mode");
    let body = match route {
        Route::Next => Body::Whole(Bytes::new()),
        _ => read(request.into_body()).await,
    };
    let (reply, replied) = oneshot::channel();
    // A request without a body has ended with its head.
    let ended_at = if route == Route::Next { begun_at } else { now_ns() };
    let request = Request { route, begun_at, body, error_type, response_mode };
    calls.send(ApiCall { request, ended_at, reply }).ok();
    // Nobody is left to answer when the environment is being ended: the connection is closed with it.
    let reply = replied.await.unwrap_or(Reply::NotFound);
    Ok(reply.into_response())
}

/// Finds the endpoint; `Err` has what to answer instead.
fn route(method: &Method, path: &str) -> Result<Route, Reply> {
    let Some(path) = path.strip_prefix("/2018-06-01/") else { return Err(Reply::NotFound) };
    match (method, path) {
        (&Method::GET, "ping") => Err(Reply::Pong),
        (&Method::GET, "runtime/invocation/next") => Ok(Route::Next),
        (&Method::POST, "runtime/init/error") => Ok(Route::InitError),
        (&Method::POST, path) => {
            let rest = path.strip_prefix("runtime/invocation/").ok_or(Reply::NotFound)?;
            match rest.split_once('/') {
                Some((id, "response")) => Ok(Route::Response(id.to_owned())),
                Some((id, "error")) => Ok(Route::Error(id.to_owned())),
                _ => Err(Reply::NotFound),
            }
        }
        _ => Err(Reply::NotFound),
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Reads a body up to the limit. What is over the limit is read to its end and thrown away, so that the runtime gets the
/// answer 413 and not a broken connection.
async fn read(mut incoming: Incoming) -> Body {
    let mut whole = BytesMut::new();
    let mut size = 0usize;
    while let Some(frame) = incoming.frame().await {
        let Ok(frame) = frame else { return Body::Truncated };
        let Ok(data) = frame.into_data() else { continue };
        size += data.len();
        if size > MAX_RESPONSE_BYTES {
            whole = BytesMut::new();
        } else if whole.is_empty() && incoming_is_done(&incoming) {
            // The usual case: one frame, which need not be copied.
            return Body::Whole(data);
        } else {
            whole.extend_from_slice(&data);
        }
    }
    if size > MAX_RESPONSE_BYTES { Body::TooLarge } else { Body::Whole(whole.freeze()) }
}

fn incoming_is_done(incoming: &Incoming) -> bool {
    hyper::body::Body::is_end_stream(incoming)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_endpoints_and_ping() {
        let check = |method: Method, path: &str, expected: &str| {
            assert_eq!(format!("{:?}", route(&method, path)), expected, "{method} {path}");
        };
        let base = "/2018-06-01/runtime";
        check(Method::GET, &format!("{base}/invocation/next"), "Ok(Next)");
        check(Method::POST, &format!("{base}/invocation/a-b/response"), r#"Ok(Response("a-b"))"#);
        check(Method::POST, &format!("{base}/invocation/a-b/error"), r#"Ok(Error("a-b"))"#);
        check(Method::POST, &format!("{base}/init/error"), "Ok(InitError)");
        check(Method::GET, "/2018-06-01/ping", "Err(Pong)");
        check(Method::POST, &format!("{base}/invocation/next"), "Err(NotFound)");
        check(Method::GET, &format!("{base}/invocation/a/response"), "Err(NotFound)");
        check(Method::GET, "/", "Err(NotFound)");
        check(Method::POST, &format!("{base}/invocation/a/b/response"), "Err(NotFound)");
    }
}
