//! One line of `launches.jsonl`: an execution environment from start to end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{InitRecord, Measured, PageCacheRecord};

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
    /// What lay between its invocations, as `f.gap()` has it: `as called`, `none`, a length or a distribution; several where
    /// its loops differed, none where nothing followed its first invocation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
    /// Cores on which its processes ran when it was started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cpus: Vec<usize>,
    /// How many cores its processes saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_cpus: Option<usize>,
    /// Core on which the thread that took the times polled; absent if it had none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serving_cpu: Option<usize>,
    /// Where the time of its init phase went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<InitRecord>,
    /// What its files had to do with the page cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_cache: Option<PageCacheRecord>,
}
