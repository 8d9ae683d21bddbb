//! Responses as API Gateway wants them.

use aws_lambda_events::encodings::Body;
use aws_lambda_events::event::apigw::ApiGatewayV2httpResponse;
use http::{HeaderName, HeaderValue, StatusCode, header};
use kelvin_workload::{WorkloadError, sha256_hex};
use serde::Serialize;

use crate::request::Request;

/// What is wrong with a request.
#[derive(Debug, Serialize)]
pub(crate) struct Problem<'a> {
    error: &'a str,
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<WrongField>,
}

/// What is wrong with one field of a body.
#[derive(Debug, Serialize)]
pub(crate) struct WrongField {
    pub(crate) field: &'static str,
    pub(crate) message: &'static str,
}

impl Problem<'_> {
    pub(crate) fn new(error: &str, message: impl Into<String>) -> Problem<'_> {
        Problem { error, message: message.into(), fields: Vec::new() }
    }

    pub(crate) fn with_fields(self, fields: Vec<WrongField>) -> Self {
        Problem { fields, ..self }
    }

    pub(crate) fn answer(
        &self,
        status: StatusCode,
    ) -> Result<ApiGatewayV2httpResponse, WorkloadError> {
        json(status, self)
    }
}

/// An answer with a value as its body.
pub(crate) fn json(
    status: StatusCode,
    value: &impl Serialize,
) -> Result<ApiGatewayV2httpResponse, WorkloadError> {
    let body = serde_json::to_string(value)
        .map_err(|error| WorkloadError::work_failed("could not write the answer", error))?;
    let mut answer = empty(status);
    answer.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer.body = Some(Body::Text(body));
    Ok(answer)
}

/// The same for what does not change between requests: with its tag, and without a body for a client that has it already
/// (RFC 9110, sections 8.8.3 and 13.1.2).
pub(crate) fn cached(
    request: &Request<'_>,
    value: &impl Serialize,
) -> Result<ApiGatewayV2httpResponse, WorkloadError> {
    let mut answer = json(StatusCode::OK, value)?;
    let body = answer.body.as_deref().unwrap_or_default();
    let tag = format!("\"{}\"", &sha256_hex(body)[..16]);
    if request.header("if-none-match").is_some_and(|known| is_among(&tag, known)) {
        answer = empty(StatusCode::NOT_MODIFIED);
    }
    answer.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
    set(&mut answer, header::ETAG, tag)?;
    Ok(answer)
}

/// Sets a header. Fails if the value cannot be one.
pub(crate) fn set(
    answer: &mut ApiGatewayV2httpResponse,
    name: HeaderName,
    value: String,
) -> Result<(), WorkloadError> {
    let value = HeaderValue::try_from(value).map_err(|error| {
        WorkloadError::work_failed(format!("could not write the header {name}"), error)
    })?;
    answer.headers.insert(name, value);
    Ok(())
}

fn empty(status: StatusCode) -> ApiGatewayV2httpResponse {
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = i64::from(status.as_u16());
    answer
}

/// Whether a list of tags has this one, by weak comparison. No tag of ours has a comma.
fn is_among(tag: &str, list: &str) -> bool {
    let mut known = list.split(',').map(str::trim);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_in_any_spelling() {
        let check = |list: &str, expected| assert_eq!(is_among("\"ab\"", list), expected, "{list}");
        check("\"ab\"", true);
        check("W/\"ab\"", true);
        check("\"x\", \"ab\"", true);
        check("*", true);
        check("\"abc\"", false);
        check("ab", false);
        check("", false);
    }
}
