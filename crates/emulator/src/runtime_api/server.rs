//! HTTP: from a listener to complete requests with their times.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_TYPE, HOST, TRAILER, TRANSFER_ENCODING};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Response, Version};
use kelvin_lambda::MAX_RESPONSE_BYTES;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::route::route;
use super::stream::Stream;
use super::{ApiCall, Begun, Body, CallId, Reply, Request, Route, Said, StreamedError};
use crate::clock::now_ns;

/// Request line and headers together: Go's `http.DefaultMaxHeaderBytes`, with the 4 KB that its server adds.
const MAX_HEAD_BYTES: usize = (1 << 20) + 4096;

/// So many headers a map of hyper's holds. No client sends them; AWS's server has only the limit of bytes.
const MAX_HEADERS: usize = 24_000;

/// Where the requests of one process go, from all of its connections.
#[derive(Clone, Debug)]
pub(crate) struct Calls {
    to: mpsc::UnboundedSender<ApiCall>,
    next_id: Arc<AtomicU64>,
}

impl Calls {
    pub(crate) fn new() -> (Calls, mpsc::UnboundedReceiver<ApiCall>) {
        let (to, calls) = mpsc::unbounded_channel();
        (Calls { to, next_id: Arc::default() }, calls)
    }

    fn fresh_id(&self) -> CallId {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// A process that is being ended hears nothing more.
    fn send(&self, id: CallId, at: u64, said: Said) {
        self.to.send(ApiCall { id, at, said }).ok();
    }
}

/// Accepts connections and sends every request to `calls`, until it is dropped; then all connections are closed.
pub(crate) async fn serve(listener: TcpListener, calls: Calls) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // Finished connections are taken out, so that the set does not grow.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                stream.set_nodelay(true).ok();
                let calls = calls.clone();
                connections.spawn(async move { serve_connection(stream, &calls).await });
            }
        }
    }
}

/// What is not HTTP ends its own connection and nothing else.
async fn serve_connection(stream: TcpStream, calls: &Calls) {
    let mut builder = http1::Builder::new();
    builder
        // As AWS's own server, written in Go, writes them.
        .title_case_headers(true)
        // A client that has shut down its sending side still reads.
        .half_close(true)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_header_size(MAX_HEAD_BYTES);
    let service = || service_fn(|request| answer(request, calls));
    let mut connection = builder.serve_connection(Stream::new(stream), service());
    if (&mut connection).await.is_ok() {
        return;
    }
    let http1::Parts { io, read_buf, .. } = connection.into_parts();
    if let Some(stream) = io.again(read_buf) {
        builder.max_headers(MAX_HEADERS);
        builder.serve_connection(stream, service()).await.ok();
    }
}

async fn answer(
    request: hyper::Request<Incoming>,
    calls: &Calls,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let begun_at = now_ns();
    let route = match find(&request) {
        Ok(route) => route,
        Err(reply) => return Ok(reply.into_response()),
    };
    let (head, body) = request.into_parts();
    let header = |name| text(&head.headers, name);
    let error_type = header("lambda-runtime-function-error-type");
    let response_mode = header("lambda-runtime-function-response-mode");
    let id = calls.fresh_id();
    let is_streamed =
        response_mode.as_deref().is_some_and(|mode| mode.eq_ignore_ascii_case("streaming"));
    let (body, trailers) = match &route {
        Route::Next => (Body::Whole(Bytes::new()), None),
        Route::Response(request_id) if is_streamed => {
            let content_type = text(&head.headers, CONTENT_TYPE.as_str());
            let begun = Begun { request_id: request_id.clone(), content_type };
            calls.send(id, begun_at, Said::Begun(begun));
            read(body, |data| calls.send(id, now_ns(), Said::Part(data.clone()))).await
        }
        _ => read(body, |_| {}).await,
    };
    // Go's server has trailers only where they are announced.
    let trailers = trailers.filter(|_| head.headers.contains_key(TRAILER));
    let streamed_error = trailers.as_ref().and_then(StreamedError::read);
    let (reply, replied) = oneshot::channel();
    // A request without a body has ended with its head.
    let ended_at = if route == Route::Next { begun_at } else { now_ns() };
    let request = Request { route, begun_at, body, error_type, response_mode, streamed_error };
    calls.send(id, ended_at, Said::Whole(request, reply));
    // Nobody is left to answer when the environment is being ended: the connection is closed with it.
    let reply = replied.await.unwrap_or(Reply::NotFound);
    Ok(reply.into_response())
}

/// The endpoint; `Err` has what to answer instead.
fn find(request: &hyper::Request<Incoming>) -> Result<Route, Reply> {
    check(request)?;
    route(request.method(), request.uri().path(), request.headers())
}

/// What Go's server refuses and hyper does not.
fn check(request: &hyper::Request<Incoming>) -> Result<(), Reply> {
    let headers = request.headers();
    if request.version() == Version::HTTP_11 && !headers.contains_key(HOST) {
        return Err(Reply::NoHost);
    }
    // A body whose size is told has no other coding.
    if request.body().size_hint().exact().is_none() {
        let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
        let chunked =
            codings.next().is_some_and(|name| name.as_bytes().eq_ignore_ascii_case(b"chunked"));
        if !chunked || codings.next().is_some() {
            return Err(Reply::UnknownCoding);
        }
    }
    Ok(())
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Reads a body up to the limit, and tells each part of it. What is over the limit is read to its end and thrown away, so that the runtime gets the
/// answer 413 and not a broken connection.
async fn read(mut incoming: Incoming, tell: impl Fn(&Bytes)) -> (Body, Option<HeaderMap>) {
    let mut whole = BytesMut::new();
    let mut trailers = None;
    let mut size = 0usize;
    while let Some(frame) = incoming.frame().await {
        let Ok(frame) = frame else { return (Body::Truncated, None) };
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => {
                trailers = frame.into_trailers().ok();
                continue;
            }
        };
        size += data.len();
        if size <= MAX_RESPONSE_BYTES {
            tell(&data);
        }
        if size > MAX_RESPONSE_BYTES {
            whole = BytesMut::new();
        } else if whole.is_empty() && incoming.is_end_stream() {
            // The usual case: one frame, which need not be copied.
            return (Body::Whole(data), None);
        } else {
            whole.extend_from_slice(&data);
        }
    }
    let body = if size > MAX_RESPONSE_BYTES { Body::TooLarge } else { Body::Whole(whole.freeze()) };
    (body, trailers)
}
