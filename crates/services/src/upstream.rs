//! The HTTP upstream: answers that follow from the path, so that whoever calls can check them.

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame, Incoming};
use hyper::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue, VARY,
};
use hyper::{Method, Request, Response};
use serde_json::json;

use crate::answers::response;
use crate::backend::{Body, BoxError};

/// What `GET /` says.
const RULES: &str = "\
GET  /bytes/N    N bytes; byte i is i modulo 251
GET  /chunked/N  the same in chunks of 4 KiB, without a length
GET  /json/N     {\"count\":N,\"sum\":S,\"items\":[{\"id\":0,\"square\":0},…]}, where S is the sum of the squares
GET  /square/N   {\"n\":N,\"square\":N²}
GET  /status/N   an answer with this status, 200 to 599
POST /echo       what was sent
Answers of /bytes, /chunked and /json are compressed for clients that accept gzip.
";

/// Of a body, 64 MiB.
const MOST_BYTES: u64 = 64 << 20;
const MOST_ITEMS: u64 = 1_000_000;
const CHUNK: usize = 4096;

const TEXT: &str = "text/plain; charset=utf-8";
const BINARY: &str = "application/octet-stream";
const JSON: &str = "application/json";

pub(crate) async fn answer(request: Request<Incoming>) -> Result<Response<Body>, BoxError> {
    let (head, body) = request.into_parts();
    if head.uri.path() == "/echo" {
        return Ok(echo(&head.method, &head.headers, body).await?);
    }
    if !matches!(head.method, Method::GET | Method::HEAD) {
        return Ok(response(405, TEXT, "only /echo takes anything but GET\n"));
    }
    Ok(get(head.uri.path(), &head.headers))
}

async fn echo(
    method: &Method,
    headers: &HeaderMap,
    body: Incoming,
) -> Result<Response<Body>, hyper::Error> {
    if method != Method::POST {
        return Ok(response(405, TEXT, "/echo takes POST\n"));
    }
    if body.size_hint().lower() > MOST_BYTES {
        return Ok(response(413, TEXT, "more than 64 MiB\n"));
    }
    let mut answer = response(200, BINARY, body.collect().await?.to_bytes());
    if let Some(content_type) = headers.get("content-type") {
        answer.headers_mut().insert("content-type", content_type.clone());
    }
    Ok(answer)
}

fn get(path: &str, headers: &HeaderMap) -> Response<Body> {
    if path == "/" {
        return response(200, TEXT, RULES);
    }
    let rule = path.strip_prefix('/').and_then(|rest| rest.split_once('/'));
    let rule = rule.and_then(|(rule, n)| Some((rule, n.parse::<u64>().ok()?)));
    match rule {
        Some(("bytes", n @ 0..=MOST_BYTES)) => compressed(headers, BINARY, bytes(n)),
        Some(("chunked", n @ 0..=MOST_BYTES)) => chunked(compressed(headers, BINARY, bytes(n))),
        Some(("json", n @ 0..=MOST_ITEMS)) => compressed(headers, JSON, items(n).into()),
        Some(("square", n @ 0..=MOST_ITEMS)) => {
            response(200, JSON, json!({ "n": n, "square": n * n }).to_string())
        }
        Some(("status", n @ 200..=599)) => {
            let status = u16::try_from(n).expect("it is below 600");
            response(status, TEXT, format!("status {n}\n"))
        }
        Some(("bytes" | "chunked" | "json" | "square" | "status", _)) => {
            response(400, TEXT, "that number is too large or too small\n")
        }
        _ => response(404, TEXT, RULES),
    }
}

fn bytes(n: u64) -> Bytes {
    let pattern = (0..=250_u8).cycle();
    pattern.take(usize::try_from(n).expect("64 MiB fit into memory")).collect()
}

fn items(n: u64) -> String {
    let items: Vec<_> = (0..n).map(|id| json!({ "id": id, "square": id * id })).collect();
    let sum: u64 = (0..n).map(|id| id * id).sum();
    json!({ "count": n, "sum": sum, "items": items }).to_string()
}

fn compressed(headers: &HeaderMap, content_type: &'static str, bytes: Bytes) -> Response<Body> {
    let gzip = accepts_gzip(headers);
    let bytes = if gzip { gzipped(&bytes) } else { bytes };
    let mut answer = response(200, content_type, bytes);
    answer.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    if gzip {
        answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    answer
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).into_iter().filter_map(|v| v.to_str().ok());
    let mut codings = values.flat_map(|value| value.split(','));
    codings.any(|coding| {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = parameters.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

fn gzipped(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("writing to memory does not fail");
    encoder.finish().expect("writing to memory does not fail").into()
}

/// The same answer without its length.
fn chunked(mut answer: Response<Body>) -> Response<Body> {
    answer.headers_mut().remove(CONTENT_LENGTH);
    answer.map(|body| Chunks { body, left: Bytes::new() }.boxed_unsync())
}

/// A body that comes in small pieces and does not know its length.
struct Chunks {
    body: Body,
    left: Bytes,
}

impl hyper::body::Body for Chunks {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.left.is_empty() {
            match std::task::ready!(Pin::new(&mut self.body).poll_frame(cx)?) {
                Some(frame) => self.left = frame.into_data().unwrap_or_default(),
                None => return Poll::Ready(None),
            }
        }
        let length = self.left.len().min(CHUNK);
        Poll::Ready(Some(Ok(Frame::data(self.left.split_to(length)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_those_who_accept_it() {
        let check = |value: &'static str, expected| {
            let headers = [(ACCEPT_ENCODING, HeaderValue::from_static(value))];
            assert_eq!(accepts_gzip(&headers.into_iter().collect()), expected, "{value}");
        };
        check("gzip", true);
        check("br, GZIP;q=0.5", true);
        check("gzip; q=0.5", true);
        check("gzip;q=0", false);
        check("gzip;q=0.000, br", false);
        check("identity", false);
        check("", false);
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
