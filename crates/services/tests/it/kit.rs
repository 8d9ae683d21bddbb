//! Services to test, and clients of them.

use std::future::Future;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use aws_smithy_http_client::Builder;
use kelvin_services::{CREDENTIALS, Service, ServiceKind, ServiceSpec};
use tempfile::TempDir;

/// A service with its temporary folder, which must be empty in the end.
pub(crate) struct Running {
    pub(crate) service: Service,
    pub(crate) temporary: TempDir,
}

pub(crate) fn start(kind: ServiceKind) -> Running {
    start_with(kind, |_| {})
}

pub(crate) fn start_with(kind: ServiceKind, change: impl FnOnce(&mut ServiceSpec)) -> Running {
    let mut spec = ServiceSpec::new(kind);
    change(&mut spec);
    let temporary = TempDir::new().expect("/tmp is writable");
    let service = Service::start(&spec, temporary.path()).expect("it starts");
    Running { service, temporary }
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be started").block_on(work)
}

/// AWS's client of S3, as a function makes it from its environment.
pub(crate) fn s3_client(service: &Service) -> aws_sdk_s3::Client {
    s3_client_signing_with(service, CREDENTIALS.1)
}

pub(crate) fn s3_client_signing_with(service: &Service, secret_key: &str) -> aws_sdk_s3::Client {
    let credentials = aws_sdk_s3::config::Credentials::new(
        CREDENTIALS.0,
        secret_key,
        Some("EXAMPLE".to_owned()),
        None,
        "test",
    );
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
        .region(aws_sdk_s3::config::Region::new("us-east-1"))
        .credentials_provider(credentials)
        .retry_config(aws_sdk_s3::config::retry::RetryConfig::disabled())
        .http_client(Builder::new().build_http())
        .endpoint_url(service.endpoint())
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

/// AWS's client of DynamoDB.
pub(crate) fn dynamodb_client(service: &Service) -> aws_sdk_dynamodb::Client {
    let (key, secret) = CREDENTIALS;
    let credentials = aws_sdk_dynamodb::config::Credentials::new(key, secret, None, None, "test");
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
        .region(aws_sdk_dynamodb::config::Region::new("us-east-1"))
        .credentials_provider(credentials)
        .retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled())
        .http_client(Builder::new().build_http())
        .endpoint_url(service.endpoint())
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

pub(crate) fn address(service: &Service) -> SocketAddr {
    let address = service.endpoint().strip_prefix("http://").expect("endpoints are of HTTP");
    address.parse().expect("endpoints are on an address")
}

/// Sends one request on a connection of its own; everything that comes back, and how the connection ended.
pub(crate) fn raw(service: &Service, request: &str) -> (Vec<u8>, std::io::Result<()>) {
    let mut received = Vec::new();
    let ended = TcpStream::connect(address(service)).and_then(|mut stream| {
        stream.write_all(request.as_bytes())?;
        stream.read_to_end(&mut received).map(drop)
    });
    (received, ended)
}

/// What came back for a `GET`: head and body.
pub(crate) fn get(service: &Service, path: &str, headers: &str) -> (String, Vec<u8>) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    let (received, ended) = raw(service, &request);
    ended.expect("an orderly end");
    let split = received.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head");
    let head = String::from_utf8(received[..split].to_vec()).expect("heads are text");
    (head.to_ascii_lowercase(), received[split + 4..].to_vec())
}
