//! One invocation from payload to payload, and its spans.

use kelvin_lambda::{Interval, SpanLine};
use kelvin_workload::{InvokeContext, Workload, WorkloadError, monotonic_ns};
use serde_json::value::{RawValue, to_raw_value};

/// Payload → event. An event that cannot be read is the caller's mistake.
pub(crate) fn decode<W: Workload>(payload: &[u8]) -> Result<W::Event, WorkloadError> {
    serde_json::from_slice(payload).map_err(|error| {
        WorkloadError::invalid_event(format!(
            "the event is not one of workload {}: {error}",
            W::NAME
        ))
    })
}

/// Response → payload.
pub(crate) fn encode<W: Workload>(response: &W::Response) -> Result<Box<RawValue>, WorkloadError> {
    to_raw_value(response).map_err(|error| {
        WorkloadError::work_failed("the response cannot be written as JSON", error)
    })
}

/// Decodes, handles and encodes, without looking at the clock.
pub(crate) async fn invoke<W: Workload>(
    workload: &W,
    payload: &[u8],
    request_id: &str,
) -> Result<Box<RawValue>, WorkloadError> {
    let event = decode::<W>(payload)?;
    let response = workload.handle(event, &InvokeContext::new(request_id)).await?;
    encode::<W>(&response)
}

/// The same, with the spans of the invocation. A part that did not happen is empty, at the time of the failure.
pub(crate) async fn invoke_timed<W: Workload>(
    workload: &W,
    payload: &[u8],
    request_id: &str,
) -> (Result<Box<RawValue>, WorkloadError>, SpanLine) {
    let ctx = InvokeContext::recording(request_id);
    let begin = monotonic_ns();
    let event = decode::<W>(payload);
    let decoded = monotonic_ns();
    let (response, handled) = match event {
        Ok(event) => (workload.handle(event, &ctx).await, monotonic_ns()),
        Err(error) => (Err(error), decoded),
    };
    let (result, encoded) = match response {
        Ok(response) => (encode::<W>(&response), monotonic_ns()),
        Err(error) => (Err(error), handled),
    };
    let (request_id, waits) = ctx.into_parts();
    let line = SpanLine {
        request_id,
        decode: Interval(begin, decoded),
        handle: Interval(decoded, handled),
        encode: Interval(handled, encoded),
        io_ns: waits.total_ns,
        io: waits.intervals,
    };
    (result, line)
}
