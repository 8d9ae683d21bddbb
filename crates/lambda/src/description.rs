//! What a bootstrap says of itself: `bootstrap --describe`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A workload's name, cases and build facts, as one JSON document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The workload.
    pub workload: String,
    /// Its cases; the first is the default one.
    pub cases: Vec<CaseDescription>,
    /// Debug or release, target, and so on: name and value.
    pub build: std::collections::BTreeMap<String, String>,
}

/// One case of a workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseDescription {
    /// Unique within the workload.
    pub name: String,
    /// What the function is invoked with.
    pub event: Value,
    /// What it must answer.
    pub answer: Answer,
    /// How many bytes of input one invocation works on, for throughput; `None` where that means nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// How a response is known to be right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It is this JSON value.
    Json(Value),
    /// The SHA-256 of its canonical JSON (object keys sorted, no spaces) is this, in lower-case hexadecimal.
    Sha256(String),
    /// The bootstrap itself knows: `bootstrap --check CASE < response`.
    Code,
    /// Not known; anything that is not an error counts as right.
    Unknown,
}
