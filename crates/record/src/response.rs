//! One line of `responses.jsonl`: what a script has read of an invocation, which a resumed run has to tell it again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a caller got besides numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResponseRecord {
    /// Index of the function in `run.json`.
    pub function: u32,
    /// The invocation's `at_ns`.
    pub at_ns: u64,
    /// The response, or the payload of the function error, in base64.
    #[serde(serialize_with = "encode", deserialize_with = "decode")]
    #[schemars(with = "String")]
    pub response: Vec<u8>,
    /// The end of the function's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_tail: Option<String>,
}

fn encode<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(serde::de::Error::custom)
}
