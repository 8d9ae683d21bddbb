//! Requests that are refused before any execution environment sees them. AWS does not bill them.

use bytes::Bytes;
use kelvin_lambda::{FunctionError, Invocation, Provenance, Start, Status, ThrottleReason, Timing};

use crate::clock::now_ns;
use crate::worker::Job;

/// The request is over the payload limit.
pub(crate) fn too_large(job: &Job) -> Invocation {
    let error = FunctionError::request_too_large();
    let response = error.to_payload();
    refused(job, Status::TooLarge, error, response)
}

/// There is no concurrency for the request.
pub(crate) fn throttled(job: &Job, reason: ThrottleReason) -> Invocation {
    refused(job, Status::Throttled, reason.to_error(), reason.to_payload())
}

fn refused(job: &Job, status: Status, error: FunctionError, response: Vec<u8>) -> Invocation {
    let call = &job.call;
    let latency_ns = now_ns().saturating_sub(call.intended_at_ns.unwrap_or(call.sent_at_ns));
    Invocation {
        provenance: Provenance::Made,
        request_id: job.id.clone(),
        environment: None,
        start: Start::Warm,
        status,
        sent_at_ns: call.sent_at_ns,
        intended_at_ns: call.intended_at_ns,
        timing: Timing { latency_ns, ..Timing::default() },
        launch: None,
        max_memory_bytes: None,
        billed_ms: 0,
        request_bytes: call.request.payload.len() as u64,
        response: Bytes::from(response),
        error: Some(error),
        log_tail: None,
    }
}
