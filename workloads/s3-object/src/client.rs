//! The client of S3, as it is made once per execution environment.

use std::time::Duration;

use aws_config::ConfigLoader;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::SharedHttpClient;
use aws_smithy_http_client::Builder;

use crate::Settings;

/// How often one request is sent at most. Waits in between grow from 50 ms, at random, to half a second.
pub(crate) const ATTEMPTS: u32 = 4;

/// Resolves region and credentials and makes the client; nothing is sent.
pub(crate) async fn client(config: ConfigLoader, settings: &Settings) -> Client {
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_millis(500));
    // An attempt that hangs leaves time for another. The whole is limited where it is awaited, because the client's own
    // limit ends when the first byte of an answer is there.
    let attempt = settings.timeout / 2;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(attempt.min(Duration::from_secs(1)))
        .operation_attempt_timeout(attempt)
        .build();
    let config = config.retry_config(retries).timeout_config(timeouts);
    let shared = config.http_client(http_client()).load().await;
    let mut config = aws_sdk_s3::config::Builder::from(&shared);
    if let Some(endpoint) = &settings.endpoint {
        config = config.endpoint_url(endpoint).force_path_style(true);
    }
    Client::from_conf(config.build())
}

#[cfg(not(feature = "http-only"))]
fn http_client() -> SharedHttpClient {
    use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

#[cfg(feature = "http-only")]
fn http_client() -> SharedHttpClient {
    Builder::new().build_http()
}
