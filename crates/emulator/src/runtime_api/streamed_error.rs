//! An error that a runtime reports after it has begun to send its response.
//!
//! "Reporting errors mid-stream" ("Building a custom runtime for AWS Lambda", developer guide): two trailers of the response,
//! of which the second is JSON in base64. AWS passes them on of a streamed response whose `Trailer` header announces them, also
//! where the caller waits for the whole response.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::HeaderMap;
use kelvin_lambda::FunctionError;

/// What the trailers say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StreamedError {
    /// `Lambda-Runtime-Function-Error-Type`; empty if there is none.
    pub error_type: String,
    /// What `Lambda-Runtime-Function-Error-Body` stands for; empty if there is none, or no base64.
    pub body: Bytes,
}

impl StreamedError {
    /// `None` if the response has ended well.
    pub(super) fn read(trailers: &HeaderMap) -> Option<Box<StreamedError>> {
        let text = |name| trailers.get(name).map_or(&b""[..], |value| value.as_bytes());
        let error_type = text("lambda-runtime-function-error-type");
        let body = text("lambda-runtime-function-error-body");
        if error_type.is_empty() && body.is_empty() {
            return None;
        }
        let error_type = String::from_utf8_lossy(error_type).into_owned();
        let body = STANDARD.decode(body).unwrap_or_default().into();
        Some(Box::new(StreamedError { error_type, body }))
    }

    /// The payload of the failed invocation, and its error: of the type that the trailer has.
    pub(super) fn into_parts(self) -> (Bytes, FunctionError) {
        let StreamedError { error_type, body } = self;
        let mut error = FunctionError::reported(&body, None);
        if !error_type.is_empty() {
            error.error_type = error_type;
        }
        let body = if body.is_empty() { error.to_payload().into() } else { body };
        (body, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_or_a_body_makes_an_error() {
        let check = |error_type: Option<&str>, body: Option<&str>, expected: Option<&str>| {
            let mut trailers = HeaderMap::new();
            let parsed = |text: &str| text.parse().unwrap();
            trailers.extend(
                error_type
                    .map(|text| (parsed_name("lambda-runtime-function-error-type"), parsed(text))),
            );
            trailers.extend(
                body.map(|text| (parsed_name("lambda-runtime-function-error-body"), parsed(text))),
            );
            let found = StreamedError::read(&trailers).map(|error| {
                let (body, error) = error.into_parts();
                format!("{} {}", error.error_type, String::from_utf8_lossy(&body))
            });
            assert_eq!(found.as_deref(), expected, "{error_type:?} {body:?}");
        };
        let body = STANDARD.encode(r#"{"errorType":"Of.Body","errorMessage":"m"}"#);
        let json = r#"{"errorType":"Of.Body","errorMessage":"m"}"#;
        check(None, None, None);
        check(Some(""), Some(""), None);
        check(Some("Of.Trailer"), Some(&body), Some(&format!("Of.Trailer {json}")));
        check(None, Some(&body), Some(&format!("Of.Body {json}")));
        let own = r#"Of.Trailer {"errorType":"Of.Trailer","errorMessage":""}"#;
        check(Some("Of.Trailer"), None, Some(own));
        check(Some("Of.Trailer"), Some("no base64!"), Some(own));
    }

    fn parsed_name(name: &'static str) -> hyper::header::HeaderName {
        hyper::header::HeaderName::from_static(name)
    }
}
