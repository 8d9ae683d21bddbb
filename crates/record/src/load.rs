//! One line of `loads.jsonl`: a load that a script put on a function.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A load that has ended; invocations refer to it by its number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadRecord {
    /// Unique within the run.
    pub load: u64,
    /// Index of the function in `run.json`.
    pub function: u32,
    /// Whether requests had times of their own.
    pub kind: LoadKind,
    /// How requests were spread: `constant`, `poisson`, `ramp`, `phases` or `trace`; open loops only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<String>,
    /// The file of a trace, and in brackets the function that it has the arrivals of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// Requests a second that were due, on average; open loops only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered_per_second: Option<f64>,
    /// How many clients there were; closed loops only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<u32>,
    /// What lay between a client's response and its next request, as `gap()` has it; closed loops only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<String>,
    /// How many requests were to be sent; absent of a closed loop that the time was the limit of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<u64>,
    /// How long it was to last; absent where the number of requests was the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_ns: Option<u64>,
    /// Which block it belongs to; absent outside of blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<u64>,
    /// Its place in the order of the block, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// From the start of the run to its start.
    pub started_offset_ns: u64,
    /// From the start of the run to its end, when the last invocation was complete.
    pub ended_offset_ns: u64,
    /// How many invocations it consisted of.
    pub invocations: u64,
}

/// Whether requests had times of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoadKind {
    /// They were sent when they were due. Latency counts from then: it is response time under load.
    Open,
    /// Each client sent one when it had the response to the one before. Latency is service time.
    Closed,
}
