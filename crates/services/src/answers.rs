//! The services' own words for failure.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Response;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};

use crate::ServiceKind;
use crate::backend::Body;

/// The request id of answers that no implementation gave.
const REQUEST_ID: &str = "KELVIN0000000000";

/// A body that is there already.
pub(crate) fn body(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// What the service says when something is wrong with itself.
pub(crate) fn error(kind: ServiceKind) -> Response<Body> {
    match kind {
        ServiceKind::S3 => {
            s3(500, "InternalError", "We encountered an internal error. Please try again.")
        }
        ServiceKind::DynamoDb => dynamodb(
            500,
            "InternalServerError",
            "The request processing has failed because of an unknown error, exception or failure.",
        ),
        ServiceKind::Http => http(503, "service unavailable\n"),
    }
}

/// What the service says to who asks too often.
pub(crate) fn throttle(kind: ServiceKind) -> Response<Body> {
    match kind {
        ServiceKind::S3 => s3(503, "SlowDown", "Please reduce your request rate."),
        ServiceKind::DynamoDb => dynamodb(
            400,
            "ProvisionedThroughputExceededException",
            "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.",
        ),
        ServiceKind::Http => {
            let mut response = http(429, "too many requests\n");
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
    }
}

/// "Error responses", Amazon S3 API Reference.
fn s3(status: u16, code: &str, message: &str) -> Response<Body> {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{REQUEST_ID}</RequestId></Error>"
    );
    let mut response = response(status, "application/xml", text);
    response.headers_mut().insert("x-amz-request-id", HeaderValue::from_static(REQUEST_ID));
    response
}

/// "Error handling with DynamoDB", Amazon DynamoDB Developer Guide.
fn dynamodb(status: u16, code: &str, message: &str) -> Response<Body> {
    let text = format!(
        "{{\"__type\":\"com.amazonaws.dynamodb.v20120810#{code}\",\"message\":\"{message}\"}}"
    );
    let mut checksum = flate2::Crc::new();
    checksum.update(text.as_bytes());
    let mut response = response(status, "application/x-amz-json-1.0", text);
    let headers = response.headers_mut();
    headers.insert("x-amz-crc32", HeaderValue::from(checksum.sum()));
    headers.insert("x-amzn-requestid", HeaderValue::from_static(REQUEST_ID));
    response
}

fn http(status: u16, text: &'static str) -> Response<Body> {
    response(status, "text/plain; charset=utf-8", text)
}

/// An answer in one piece.
pub(crate) fn response(
    status: u16,
    content_type: &'static str,
    bytes: impl Into<Bytes>,
) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, HeaderValue::from_static(content_type))
        .body(body(bytes))
        .expect("the status is one of HTTP's and the header is valid")
}
