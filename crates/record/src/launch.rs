//! One line of `launches.jsonl`: an execution environment from start to end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Measured;

/// One launch: an execution environment whose invocations are all recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LaunchRecord {
    /// Unique within the run; what invocations refer to.
    pub launch: u64,
    /// Index of the function in `run.json`.
    pub function: u32,
    /// Which block it belongs to; absent outside of blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<u64>,
    /// Its place in the order of the block, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// From the start of the run to its first invocation.
    pub started_offset_ns: u64,
    /// Init Duration of its cold start.
    #[serde(default, skip_serializing_if = "Measured::is_not_applicable")]
    pub init_ns: Measured,
    /// Present and true if the run ended before the script ended the launch: it may have been meant to be longer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut_short: bool,
    /// How many invocations it served.
    pub invocations: u64,
    /// How many of them are not ok.
    pub failed: u64,
    /// Peak memory.
    #[serde(default, skip_serializing_if = "Measured::is_not_applicable")]
    pub max_memory_bytes: Measured,
}
