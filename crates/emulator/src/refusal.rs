//! Requests that are refused before any execution environment sees them. AWS does not bill them.

use bytes::Bytes;
use kelvin_lambda::{FunctionError, Invocation, Provenance, Start, Status, ThrottleReason, Timing};

use crate::clock::now_ns;
use crate::request::Request;

/// The request is over the payload limit.
pub(crate) fn too_large(request: &Request) -> Invocation {
    let error = FunctionError::request_too_large();
    let response = error.to_payload();
    refused(request, Status::TooLarge, error, response)
}

/// There is no concurrency for the request.
pub(crate) fn throttled(request: &Request, reason: ThrottleReason) -> Invocation {
    refused(request, Status::Throttled, reason.to_error(), reason.to_payload())
}

fn refused(
    request: &Request,
    status: Status,
    error: FunctionError,
    response: Vec<u8>,
) -> Invocation {
    let latency_ns = now_ns().saturating_sub(request.intended_at.unwrap_or(request.sent_at));
    Invocation {
        provenance: Provenance::Made,
        request_id: request.id.clone(),
        environment: None,
        start: Start::Warm,
        status,
        sent_at_ns: request.sent_at,
        intended_at_ns: request.intended_at,
        timing: Timing { latency_ns, ..Timing::default() },
        launch: None,
        max_memory_bytes: None,
        billed_ms: 0,
        request_bytes: request.invoke.payload.len() as u64,
        event: request.invoke.payload.clone(),
        response: Bytes::from(response),
        error: Some(error),
        init_failed: false,
        log_tail: None,
    }
}
