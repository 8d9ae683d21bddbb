//! S3: s3s over a folder.

use std::path::Path;
use std::pin::Pin;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{Method, Request};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3Error, S3ErrorCode};
use s3s_fs::FileSystem;

use crate::backend::BoxError;
use crate::service::CREDENTIALS;

/// Marks requests that come from this program itself, which need no signature.
#[derive(Clone, Copy, Debug)]
struct Preparing;

/// Who may do what: all who sign, everything.
struct Access;

impl S3Access for Access {
    fn check<'a, 'b, 'c, 'r>(
        &'a self,
        cx: &'b mut S3AccessContext<'c>,
    ) -> Pin<Box<dyn Future<Output = Result<(), S3Error>> + Send + 'r>>
    where
        'a: 'r,
        'b: 'r,
        'c: 'r,
        Self: 'r,
    {
        let allowed =
            cx.credentials().is_some() || cx.extensions_mut().get::<Preparing>().is_some();
        let denied = || S3Error::with_message(S3ErrorCode::AccessDenied, "Access Denied");
        Box::pin(std::future::ready(if allowed { Ok(()) } else { Err(denied()) }))
    }
}

/// Serves what is in the folder, which must exist.
pub(crate) fn open(folder: &Path) -> Result<S3Service, BoxError> {
    let files = FileSystem::new(folder).map_err(|error| BoxError::from(S3Error::from(error)))?;
    let mut builder = S3ServiceBuilder::new(files);
    builder.set_auth(SimpleAuth::from_single(CREDENTIALS.0, CREDENTIALS.1));
    builder.set_access(Access);
    Ok(builder.build())
}

/// Creates a bucket. The error is the service's own message.
pub(crate) async fn create_bucket(service: &S3Service, bucket: &str) -> Result<(), String> {
    send(service, Method::PUT, &format!("/{}", encoded(bucket)), Bytes::new()).await
}

/// Writes an object. Fails if there is no such bucket, which s3s-fs would make by itself.
pub(crate) async fn put_object(
    service: &S3Service,
    bucket: &str,
    key: &str,
    object: Bytes,
) -> Result<(), String> {
    let bucket = format!("/{}", encoded(bucket));
    send(service, Method::GET, &format!("{bucket}?location"), Bytes::new()).await?;
    send(service, Method::PUT, &format!("{bucket}/{}", encoded(key)), object).await
}

async fn send(service: &S3Service, method: Method, path: &str, body: Bytes) -> Result<(), String> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1")
        .header("content-length", body.len())
        .extension(Preparing)
        .body(s3s::Body::from(body))
        .map_err(|error| error.to_string())?;
    let response =
        service.call(request).await.map_err(|error| BoxError::from(error).to_string())?;
    if response.status().is_success() {
        return Ok(());
    }
    let body = response.into_body().collect().await.map_err(|error| error.to_string())?;
    Err(message(&String::from_utf8_lossy(&body.to_bytes())))
}

/// `NoSuchBucket: The specified bucket does not exist` of an error in XML.
fn message(xml: &str) -> String {
    let element = |name: &str| {
        let (_, rest) = xml.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
    };
    match (element("Code"), element("Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        _ => xml.to_owned(),
    }
}

/// A part of a path; slashes stay.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.extend(['%', hex(byte >> 4), hex(byte & 15)]),
        }
    }
    encoded
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16).expect("four bits are a digit").to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_encoded() {
        let check = |key: &str, expected: &str| assert_eq!(encoded(key), expected);
        check("a/b-c_d.e~", "a/b-c_d.e~");
        check("größe 1?#%", "gr%C3%B6%C3%9Fe%201%3F%23%25");
    }

    #[test]
    fn messages_are_found() {
        let check = |xml: &str, expected: &str| assert_eq!(message(xml), expected);
        check("<Error><Code>C</Code><Message>m</Message></Error>", "C: m");
        check("<Error><Code>C</Code></Error>", "C");
        check("oops", "oops");
    }
}
