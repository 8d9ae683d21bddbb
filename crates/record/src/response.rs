//! `responses.jsonl`: what a script has read of its invocations, which a resumed run has to tell it again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::sha256_hex;

/// The file grows to this size and no further, in bytes.
pub const RESPONSES_LIMIT_BYTES: u64 = 64 << 20;

/// What a caller got besides numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseRecord {
    /// Index of the function in `run.json`.
    pub function: u32,
    /// The invocation's `at_ns`.
    pub at_ns: u64,
    /// The response, or the payload of the function error.
    pub response: Bytes,
    /// The end of the function's log.
    pub log_tail: Option<String>,
    /// Of a failed one, the whole message.
    pub error_message: Option<String>,
}

/// A line of the file. Responses are often the same, and each is there once.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ResponseRecord")]
pub(crate) struct ResponseLine {
    /// Index of the function in `run.json`.
    pub function: u32,
    /// The invocation's `at_ns`.
    at_ns: u64,
    /// SHA-256 of the response, or of the payload of the function error, in hexadecimal digits.
    sha256: String,
    /// The response in base64, on the first line that has its digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response: Option<String>,
    /// The end of the function's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log_tail: Option<String>,
    /// Of a failed one, the whole message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
}

/// The open file.
#[derive(Debug)]
pub(crate) struct ResponseWriter {
    file: File,
    bytes: u64,
    digests: BTreeSet<String>,
}

impl ResponseWriter {
    /// Makes the file.
    pub(crate) fn create(path: &Path) -> io::Result<ResponseWriter> {
        Ok(ResponseWriter { file: File::create_new(path)?, bytes: 0, digests: BTreeSet::new() })
    }

    /// Adds a line and hands it to the operating system; `false` if there is no room for it.
    pub(crate) fn append(&mut self, read: &ResponseRecord) -> io::Result<bool> {
        let sha256 = sha256_hex(&read.response);
        let is_new = !self.digests.contains(&sha256);
        let mut line = serde_json::to_vec(&ResponseLine {
            function: read.function,
            at_ns: read.at_ns,
            sha256: sha256.clone(),
            response: is_new.then(|| STANDARD.encode(&read.response)),
            log_tail: read.log_tail.clone(),
            error_message: read.error_message.clone(),
        })?;
        line.push(b'\n');
        if self.bytes + line.len() as u64 > RESPONSES_LIMIT_BYTES {
            return Ok(false);
        }
        self.file.write_all(&line)?;
        self.bytes += line.len() as u64;
        self.digests.insert(sha256);
        Ok(true)
    }
}

/// From lines to what they mean. Fails, with the number of the line, on one whose response is not there.
pub(crate) fn resolve(
    lines: Vec<ResponseLine>,
) -> Result<Vec<ResponseRecord>, (u64, &'static str)> {
    let mut responses: BTreeMap<String, Bytes> = BTreeMap::new();
    let resolve = |(number, line): (u64, ResponseLine)| {
        if let Some(text) = line.response {
            let response = STANDARD.decode(text).map_err(|_| (number, "invalid base64"))?;
            responses.insert(line.sha256.clone(), response.into());
        }
        let response = responses.get(&line.sha256).ok_or((number, "a response is missing"))?;
        Ok(ResponseRecord {
            function: line.function,
            at_ns: line.at_ns,
            response: response.clone(),
            log_tail: line.log_tail,
            error_message: line.error_message,
        })
    };
    (1..).zip(lines).map(resolve).collect()
}
