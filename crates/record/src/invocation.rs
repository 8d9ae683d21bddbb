//! One line of `invocations.jsonl.gz`.

use std::collections::BTreeMap;

use kelvin_lambda::{Invocation, Start, Status, Timing, log_tail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Measured;
use crate::schema::{StartSchema, StatusSchema};

/// One invocation. Only what was measured is stored; `client`, `runtime` and `duration` follow from it by the timing
/// contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvocationRecord {
    /// Which launch served it; `null` if no execution environment did, as for a request that is too large.
    pub launch: Option<u64>,
    /// Index of the function in `run.json`, where no launch tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<u32>,
    /// Its number within the launch, from 0.
    pub index: u64,
    /// Which load it was part of; absent for an invocation of its own or of a plain loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<u64>,
    /// How the execution environment came to serve it.
    #[schemars(with = "StartSchema")]
    pub start: Start,
    /// How it ended.
    #[schemars(with = "StatusSchema")]
    pub status: Status,
    /// Present and true where the script had declared the failure.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expected: bool,
    /// The workload's case; absent for an event of the script's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// When the caller sent it, from the start of the run.
    pub at_ns: u64,
    /// When it was due to be sent, from the start of the run; open loops only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intended_ns: Option<u64>,
    /// The caller sends → the caller has the whole response or error.
    pub latency_ns: u64,
    /// Request accepted → handed to an execution environment.
    #[serde(default, skip_serializing_if = "Measured::is_not_applicable")]
    pub queue_ns: Measured,
    /// Init Duration; cold starts only.
    #[serde(default, skip_serializing_if = "Measured::is_not_applicable")]
    pub init_ns: Measured,
    /// Event handed over → the runtime begins its response, or the invocation fails.
    #[serde(default, skip_serializing_if = "Measured::is_not_applicable")]
    pub response_latency_ns: Measured,
    /// Begin → end of the response.
    #[serde(default, skip_serializing_if = "Measured::is_not_applicable")]
    pub response_duration_ns: Measured,
    /// End of the response → the runtime is ready for the next event.
    #[serde(default, skip_serializing_if = "Measured::is_not_applicable")]
    pub post_response_ns: Measured,
    /// The runtime is ready → the last extension is.
    #[serde(default, skip_serializing_if = "Measured::is_not_applicable")]
    pub extension_overhead_ns: Measured,
    /// CPU time of the execution environment's processes.
    #[serde(default, skip_serializing_if = "Measured::is_not_applicable")]
    pub cpu_ns: Measured,
    /// Held back by the CPU limit.
    #[serde(default, skip_serializing_if = "Measured::is_not_applicable")]
    pub throttled_ns: Measured,
    /// Held back by the CPU limit, where only a total is known: over all CPUs, and inside the other parts.
    #[serde(default, skip_serializing_if = "Measured::is_not_applicable")]
    pub throttled_total_ns: Measured,
    /// Span of the handler: payload → event.
    #[serde(default, skip_serializing_if = "Measured::is_not_applicable")]
    pub decode_ns: Measured,
    /// Span of the handler: its own time without I/O.
    #[serde(default, skip_serializing_if = "Measured::is_not_applicable")]
    pub compute_ns: Measured,
    /// Span of the handler: the union of its waits for I/O.
    #[serde(default, skip_serializing_if = "Measured::is_not_applicable")]
    pub io_ns: Measured,
    /// Span of the handler: response → payload.
    #[serde(default, skip_serializing_if = "Measured::is_not_applicable")]
    pub encode_ns: Measured,
    /// Peak memory of the execution environment so far; in a loop it may be a millisecond old.
    #[serde(default, skip_serializing_if = "Measured::is_not_applicable")]
    pub max_memory_bytes: Measured,
    /// Billed Duration.
    pub billed_ms: u64,
    /// Size of the event.
    pub request_bytes: u64,
    /// Size of what the caller got.
    pub response_bytes: u64,
    /// AWS request id; only where the status is not ok, as are the fields below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// For instance `Sandbox.Timedout`; at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// Present and true where the init of the execution environment failed, so that no event reached the function.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub init_failed: bool,
    /// Number of the kind of failure; absent in records that are older than kinds, where every failure has the fields below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_kind: Option<u64>,
    /// Present and true where its event and its response are in the folder `payloads`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub payloads_kept: bool,
    /// For people; at most 1 kB, and only of the first failure of its kind. It may quote the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// The end of the function's log; at most 4 kB, and likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_tail: Option<String>,
}

/// Of the message of a failure, so many bytes are on record.
pub const MESSAGE_LIMIT_BYTES: usize = 1024;

/// Of the error type of a failure, so many bytes are on record.
const TYPE_LIMIT_BYTES: usize = 256;

/// Where an invocation belongs in a run, which its platform does not know.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Index of the function in `run.json`.
    pub function: u32,
    /// Which launch served it, if one did.
    pub launch: Option<u64>,
    /// Its number within the launch, from 0.
    pub index: u64,
    /// Which load it was part of.
    pub load: Option<u64>,
    /// The workload's case.
    pub case: Option<&'a str>,
    /// When the run began, by the clock of [`Invocation::sent_at_ns`].
    pub run_start_ns: u64,
    /// Whether the script had declared a failure like this one.
    pub expected: bool,
}

impl InvocationRecord {
    /// The record of an invocation. `unavailable` is the platform's list of what it cannot measure.
    pub fn new(
        invocation: &Invocation,
        place: &Place<'_>,
        unavailable: &BTreeMap<String, String>,
    ) -> InvocationRecord {
        let timing = &invocation.timing;
        let measured = |name, value| match value {
            Some(value) => Measured::Value(value),
            None => Measured::new(None, place.launch.is_none() || !unavailable.contains_key(name)),
        };
        let failed = invocation.status != Status::Ok;
        let error = invocation.error.as_ref().filter(|_| failed);
        InvocationRecord {
            launch: place.launch,
            function: if place.launch.is_none() { Some(place.function) } else { None },
            index: place.index,
            load: place.load,
            start: invocation.start,
            status: invocation.status,
            expected: failed && place.expected,
            case: place.case.map(str::to_owned),
            at_ns: invocation.sent_at_ns.saturating_sub(place.run_start_ns),
            intended_ns: invocation
                .intended_at_ns
                .map(|intended| intended.saturating_sub(place.run_start_ns)),
            latency_ns: timing.latency_ns,
            queue_ns: measured("queue_ns", timing.queue_ns),
            init_ns: match invocation.start {
                Start::Cold => measured("init_ns", timing.init_ns),
                Start::Warm | Start::SuppressedInit | Start::ProactiveInit => {
                    Measured::new(timing.init_ns, true)
                }
            },
            response_latency_ns: measured("response_latency_ns", timing.response_latency_ns),
            response_duration_ns: measured("response_duration_ns", timing.response_duration_ns),
            post_response_ns: measured("post_response_ns", timing.post_response_ns),
            extension_overhead_ns: measured("extension_overhead_ns", timing.extension_overhead_ns),
            cpu_ns: measured("cpu_ns", timing.cpu_ns),
            throttled_ns: measured("throttled_ns", timing.throttled_ns),
            throttled_total_ns: measured("throttled_total_ns", timing.throttled_total_ns),
            decode_ns: measured("decode_ns", timing.decode_ns),
            compute_ns: measured("compute_ns", timing.compute_ns),
            io_ns: measured("io_ns", timing.io_ns),
            encode_ns: measured("encode_ns", timing.encode_ns),
            max_memory_bytes: measured("max_memory_bytes", invocation.max_memory_bytes),
            billed_ms: invocation.billed_ms,
            request_bytes: invocation.request_bytes,
            response_bytes: invocation.response.len() as u64,
            request_id: failed.then(|| invocation.request_id.clone()),
            error_type: error.map(|error| beginning(&error.error_type, TYPE_LIMIT_BYTES)),
            init_failed: failed && invocation.init_failed,
            failure_kind: None,
            payloads_kept: false,
            error_message: error.map(|error| beginning(&error.message, MESSAGE_LIMIT_BYTES)),
            log_tail: invocation
                .log_tail
                .as_deref()
                .filter(|_| failed)
                .map(|log| log_tail(log).to_owned()),
        }
    }

    /// Its parts, as the platform measured them.
    pub fn timing(&self) -> Timing {
        Timing {
            latency_ns: self.latency_ns,
            queue_ns: self.queue_ns.value(),
            init_ns: self.init_ns.value(),
            response_latency_ns: self.response_latency_ns.value(),
            response_duration_ns: self.response_duration_ns.value(),
            post_response_ns: self.post_response_ns.value(),
            extension_overhead_ns: self.extension_overhead_ns.value(),
            cpu_ns: self.cpu_ns.value(),
            throttled_ns: self.throttled_ns.value(),
            throttled_total_ns: self.throttled_total_ns.value(),
            decode_ns: self.decode_ns.value(),
            compute_ns: self.compute_ns.value(),
            io_ns: self.io_ns.value(),
            encode_ns: self.encode_ns.value(),
        }
    }

    /// Whether it failed although the script had not declared that it would.
    pub fn is_unexpected_failure(&self) -> bool {
        self.status != Status::Ok && !self.expected
    }
}

/// At most so many bytes; `…` says where something is left out.
fn beginning(text: &str, most: usize) -> String {
    const MORE: char = '…';
    if text.len() <= most {
        return text.to_owned();
    }
    let most = most - MORE.len_utf8();
    let end = (0..=most).rfind(|&at| text.is_char_boundary(at)).unwrap_or(0);
    format!("{}{MORE}", &text[..end])
}

#[cfg(test)]
mod tests {
    use kelvin_lambda::LOG_TAIL_BYTES;

    use super::*;

    #[test]
    fn what_is_kept_of_texts_is_bounded_and_whole_characters() {
        assert_eq!(beginning("short", 1024), "short");
        let long = "aé".repeat(1000);
        let kept = beginning(&long, 1024);
        assert!(kept.len() <= 1024 && kept.len() > 1018 && kept.ends_with('…'), "{}", kept.len());
        let long = "é".repeat(5000);
        assert_eq!((log_tail(&long).len(), log_tail("short")), (LOG_TAIL_BYTES, "short"));
    }
}
