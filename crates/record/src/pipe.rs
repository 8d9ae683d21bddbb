//! One line of `pipes.jsonl`: functions that were invoked one after another, each with the response of the one before.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One run through a chain. Its invocations are among the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PipeRecord {
    /// Indexes, in `run.json`, of the functions that were invoked.
    pub functions: Vec<u32>,
    /// When each was invoked: the invocations' `at_ns`. Empty in runs of older versions.
    #[serde(default)]
    pub at_ns: Vec<u64>,
    /// Latency of each.
    pub latency_ns: Vec<u64>,
    /// How many of them started cold.
    pub cold: u64,
    /// From the first request to the last response: the latencies, and what lies between them.
    pub whole_ns: u64,
    /// Whether the whole chain has answered.
    pub ok: bool,
    /// Which block it belongs to; absent outside of blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<u64>,
    /// Its place in the order of the block, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
}
