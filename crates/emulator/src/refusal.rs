//! Requests that are refused before any execution environment sees them. AWS does not bill them.

use bytes::Bytes;
use kelvin_lambda::{FunctionError, Invocation, Provenance, Start, Status, ThrottleReason, Timing};
use kelvin_platform::InvokeRequest;

/// The request is over the payload limit.
pub(crate) fn too_large(
    request_id: String,
    request: &InvokeRequest,
    accepted_at: u64,
) -> Invocation {
    let error = FunctionError::request_too_large();
    let response = error.to_payload();
    refused(request_id, request, accepted_at, Status::TooLarge, (error, response))
}

/// There is no concurrency for the request.
pub(crate) fn throttled(
    request_id: String,
    request: &InvokeRequest,
    accepted_at: u64,
    reason: ThrottleReason,
) -> Invocation {
    let answer = (reason.to_error(), reason.to_payload());
    refused(request_id, request, accepted_at, Status::Throttled, answer)
}

fn refused(
    request_id: String,
    request: &InvokeRequest,
    accepted_at: u64,
    status: Status,
    (error, response): (FunctionError, Vec<u8>),
) -> Invocation {
    Invocation {
        provenance: Provenance::Made,
        request_id,
        environment: None,
        start: Start::Warm,
        status,
        sent_at_ns: accepted_at,
        intended_at_ns: None,
        timing: Timing::default(),
        max_memory_bytes: None,
        billed_ms: 0,
        request_bytes: request.payload.len() as u64,
        response: Bytes::from(response),
        error: Some(error),
        log_tail: None,
    }
}
