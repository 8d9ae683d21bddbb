//! The HTTP client: one request, without second attempts.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kelvin_workload::WorkloadError;

use crate::Body;

/// Of one body, as it is sent.
const LARGEST_BODY: usize = 64 << 20;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[cfg(not(feature = "http-only"))]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;
#[cfg(feature = "http-only")]
type Connector = HttpConnector;

/// Keeps connections from one request to the next, and from one invocation to the next.
#[derive(Clone, Debug)]
pub(crate) struct Client(legacy::Client<Connector, Empty<Bytes>>);

/// Why a request had no useful answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("could not connect")]
    Connect(#[source] legacy::Error),
    #[error("the connection broke")]
    Broken(#[source] BoxError),
    #[error("it took longer than {timeout_ms} ms")]
    Slow { timeout_ms: u32 },
    #[error("the status is {status}")]
    Status { status: StatusCode },
    #[error("the address is not one")]
    Address(#[source] hyper::http::Error),
    #[error("the body has more than {LARGEST_BODY} bytes")]
    Large,
}

impl Failure {
    /// Whether the same request may succeed later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Failure::Connect(_) | Failure::Broken(_) | Failure::Slow { .. } => true,
            Failure::Status { status } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Failure::Address(_) | Failure::Large => false,
        }
    }
}

impl Client {
    pub(crate) fn new() -> Result<Client, WorkloadError> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let connector = with_https(connector).map_err(|error| {
            WorkloadError::preparation_failed("could not read the root certificates", error)
        })?;
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        Ok(Client(builder.pool_timer(TokioTimer::new()).build(connector)))
    }

    /// Gets one resource. GET only: it may be sent again without harm.
    pub(crate) async fn get(&self, url: &str) -> Result<Body, Failure> {
        let request = Request::builder().method(Method::GET).uri(url);
        let request = request.header(ACCEPT_ENCODING, "gzip").body(Empty::new());
        let response = self.0.request(request.map_err(Failure::Address)?).await;
        let response = response.map_err(|error| {
            if error.is_connect() { Failure::Connect(error) } else { Failure::Broken(error.into()) }
        })?;
        read(response).await
    }
}

/// Ring rather than aws-lc: it is smaller, and starts as fast.
#[cfg(not(feature = "http-only"))]
fn with_https(mut connector: HttpConnector) -> std::io::Result<Connector> {
    connector.enforce_http(false);
    let provider = rustls::crypto::ring::default_provider();
    let builder = hyper_rustls::HttpsConnectorBuilder::new();
    let builder = builder.with_provider_and_native_roots(provider)?;
    Ok(builder.https_or_http().enable_http1().wrap_connector(connector))
}

#[cfg(feature = "http-only")]
fn with_https(connector: HttpConnector) -> std::io::Result<Connector> {
    Ok(connector)
}

async fn read(response: Response<hyper::body::Incoming>) -> Result<Body, Failure> {
    let status = response.status();
    let gzip = response.headers().get(CONTENT_ENCODING).is_some_and(|coding| coding == "gzip");
    // To the end even if nobody wants it, so that the connection can be used again.
    let body = Limited::new(response.into_body(), LARGEST_BODY).collect().await;
    let bytes = body.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() {
            Failure::Large
        } else {
            Failure::Broken(error)
        }
    })?;
    if status != StatusCode::OK {
        return Err(Failure::Status { status });
    }
    Ok(Body { gzip, bytes: bytes.to_bytes() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let check = |status: u16, expected| {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(Failure::Status { status }.may_pass(), expected, "{status}");
        };
        check(429, true);
        check(500, true);
        check(503, true);
        check(204, false);
        check(301, false);
        check(400, false);
        check(404, false);
        assert!(Failure::Slow { timeout_ms: 1 }.may_pass());
        assert!(Failure::Broken("reset".into()).may_pass());
        assert!(!Failure::Large.may_pass());
    }
}
