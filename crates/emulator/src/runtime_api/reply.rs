//! What the Runtime API answers, word for word as AWS does.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Response, StatusCode};
use kelvin_lambda::MAX_RESPONSE_BYTES;
use kelvin_platform::Caller;
use uuid::Uuid;

use crate::env_vars::ACCOUNT;

/// An answer to one request of the function's process.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// The event that `/next` waits for.
    Event(Arc<NextEvent>),
    /// 202: taken.
    Accepted,
    /// 400: the request id is not that of the invocation in flight.
    InvalidRequestId,
    /// 400: unknown `Lambda-Runtime-Function-Response-Mode`.
    InvalidResponseMode,
    /// 400: the connection ended before the body did.
    Truncated,
    /// 403: not now.
    InvalidTransition { from: &'static str, to: &'static str },
    /// 413: over the limit.
    TooLarge,
    /// 200: the extension has registered.
    Registered(Box<Registered>),
    /// The event that an extension waits for.
    Invoke(Arc<NextEvent>),
    /// 403, of the Extensions API.
    Forbidden { error_type: &'static str, message: String },
    /// 202: the API is there on AWS.
    NotSupported { api: &'static str },
    /// 404: no such endpoint.
    NotFound,
    /// 405: the endpoint has another method.
    MethodNotAllowed { allowed: Method },
    /// 400: HTTP/1.1 without `Host`.
    NoHost,
    /// 501: a `Transfer-Encoding` that is more than `chunked`.
    UnknownCoding,
    /// 200 to `/ping`.
    Pong,
}

/// What an extension is told of its function.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub id: Uuid,
    pub function_name: String,
    pub handler: String,
    /// Only whoever asks for it is told.
    pub wants_account: bool,
}

/// An event with the headers that go with it.
#[derive(Clone, Debug)]
pub(crate) struct NextEvent {
    pub request_id: String,
    pub deadline_ms: u64,
    pub function_arn: String,
    pub trace_id: String,
    pub payload: Bytes,
    pub caller: Option<Arc<Caller>>,
}

const REQUEST_ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-request-id");
const DEADLINE_MS: HeaderName = HeaderName::from_static("lambda-runtime-deadline-ms");
const FUNCTION_ARN: HeaderName = HeaderName::from_static("lambda-runtime-invoked-function-arn");
const TRACE_ID: HeaderName = HeaderName::from_static("lambda-runtime-trace-id");
const CLIENT_CONTEXT: HeaderName = HeaderName::from_static("lambda-runtime-client-context");
const COGNITO_IDENTITY: HeaderName = HeaderName::from_static("lambda-runtime-cognito-identity");
const EXTENSION_ID: HeaderName = HeaderName::from_static("lambda-extension-identifier");
const EVENT_ID: HeaderName = HeaderName::from_static("lambda-extension-event-identifier");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Reply {
    /// As HTTP.
    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        match self {
            Reply::Event(event) => event.to_response(),
            Reply::Accepted => json(StatusCode::ACCEPTED, "{\"status\":\"OK\"}\n".into()),
            Reply::InvalidRequestId => {
                error(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
            }
            Reply::InvalidResponseMode => error(
                StatusCode::BAD_REQUEST,
                "InvalidFunctionResponseMode",
                "Invalid function response mode",
            ),
            Reply::Truncated => error(
                StatusCode::BAD_REQUEST,
                "TruncatedHTTPRequest",
                "HTTP request detected as truncated",
            ),
            Reply::InvalidTransition { from, to } => error(
                StatusCode::FORBIDDEN,
                "InvalidStateTransition",
                &format!(
                    "State transition from {from} to {to} failed for runtime. Error: State transition is not allowed"
                ),
            ),
            Reply::TooLarge => error(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLarge",
                &format!("Exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."),
            ),
            Reply::Registered(registered) => registered.to_response(),
            Reply::Invoke(event) => event.to_invoke_response(),
            Reply::Forbidden { error_type, message } => {
                error(StatusCode::FORBIDDEN, error_type, &message)
            }
            Reply::NotSupported { api } => error(
                StatusCode::ACCEPTED,
                &format!("{api}.NotSupported"),
                &format!("{api} API is not supported"),
            ),
            Reply::NotFound => text(StatusCode::NOT_FOUND, "404 page not found\n"),
            Reply::MethodNotAllowed { allowed } => {
                let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "");
                response.headers_mut().extend(
                    HeaderValue::from_str(allowed.as_str()).map(|allowed| (ALLOW, allowed)),
                );
                response
            }
            Reply::NoHost => {
                last(StatusCode::BAD_REQUEST, "400 Bad Request: missing required Host header")
            }
            Reply::UnknownCoding => {
                last(StatusCode::NOT_IMPLEMENTED, "Unsupported transfer encoding")
            }
            Reply::Pong => text(StatusCode::OK, "pong"),
        }
    }
}

impl Registered {
    fn to_response(&self) -> Response<Full<Bytes>> {
        let mut body = serde_json::json!({
            "functionName": self.function_name,
            "functionVersion": "$LATEST",
            "handler": self.handler,
        });
        if self.wants_account {
            body["accountId"] = ACCOUNT.into();
        }
        with_id(json(StatusCode::OK, body.to_string().into()), EXTENSION_ID, self.id)
    }
}

impl NextEvent {
    /// What extensions are told of an invocation.
    fn to_invoke_response(&self) -> Response<Full<Bytes>> {
        let body = serde_json::json!({
            "eventType": "INVOKE",
            "deadlineMs": self.deadline_ms,
            "requestId": self.request_id,
            "invokedFunctionArn": self.function_arn,
            "tracing": { "type": "X-Amzn-Trace-Id", "value": self.trace_id },
        });
        with_id(json(StatusCode::OK, body.to_string().into()), EVENT_ID, Uuid::new_v4())
    }

    fn to_response(&self) -> Response<Full<Bytes>> {
        let mut response = json(StatusCode::OK, self.payload.clone());
        let headers = response.headers_mut();
        let texts = [
            (REQUEST_ID, &self.request_id),
            (FUNCTION_ARN, &self.function_arn),
            (TRACE_ID, &self.trace_id),
        ];
        for (name, value) in texts {
            // Of letters, digits and punctuation, whether the emulator has made it or the caller.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        headers.insert(DEADLINE_MS, HeaderValue::from(self.deadline_ms));
        if let Some(caller) = &self.caller {
            headers.extend(of_caller(caller));
        }
        response
    }
}

/// The headers that only some callers cause.
fn of_caller(caller: &Caller) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let context = caller.client_context().map(|json| (CLIENT_CONTEXT, json.to_owned()));
    let identity = caller.cognito_identity().map(|identity| {
        let json = serde_json::json!({
            "cognitoIdentityId": identity.identity_id,
            "cognitoIdentityPoolId": identity.identity_pool_id,
        });
        (COGNITO_IDENTITY, json.to_string())
    });
    // A caller has no text that a header cannot hold.
    let headers = context.into_iter().chain(identity);
    headers.filter_map(|(name, text)| Some((name, HeaderValue::try_from(text).ok()?)))
}

fn with_id(
    mut response: Response<Full<Bytes>>,
    name: HeaderName,
    id: Uuid,
) -> Response<Full<Bytes>> {
    let id = HeaderValue::from_str(&id.to_string()).expect("digits, letters and hyphens");
    response.headers_mut().insert(name, id);
    response
}

fn json(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

fn text(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    response
}

/// After which the connection is closed.
fn last(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = text(status, body);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn error(status: StatusCode, error_type: &str, message: &str) -> Response<Full<Bytes>> {
    let body = serde_json::json!({ "errorMessage": message, "errorType": error_type });
    json(status, body.to_string().into())
}

#[cfg(test)]
impl NextEvent {
    /// One with nothing but a request id.
    pub(super) fn of_test(request_id: &str) -> NextEvent {
        NextEvent {
            request_id: request_id.to_owned(),
            deadline_ms: 0,
            function_arn: String::new(),
            trace_id: String::new(),
            payload: Bytes::new(),
            caller: None,
        }
    }
}
