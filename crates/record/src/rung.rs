//! One line of `rungs.jsonl`: a workload measured without Lambda around it, in the very binary that is deployed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One process of `bootstrap --measure`, with all its iterations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RungRecord {
    /// Index of the function in `run.json` whose bootstrap it was.
    pub function: u32,
    /// How much of an invocation each iteration is: `compute`, the handler alone; or `serde`, payload → event → handler →
    /// payload.
    pub rung: String,
    /// The workload's case; absent for the default one of a bootstrap that does not tell its cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Which block it belongs to; absent outside of blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<u64>,
    /// Its place in the order of the block, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// From the start of the run to the start of the process.
    pub started_offset_ns: u64,
    /// How long each iteration took, in their order. Nothing is held back: neither memory size nor CPU limit apply.
    pub ns: Vec<u64>,
}
