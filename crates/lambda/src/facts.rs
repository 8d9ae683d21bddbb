//! What a platform is, and what it enforces.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A platform's description of itself, recorded with every run and printed with every result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformFacts {
    /// `emulator`, `aws`, `fleet`.
    pub name: String,
    /// Of the platform's implementation.
    pub version: String,
    /// One entry for everything that Lambda enforces and this platform may not.
    pub enforcement: Vec<Enforcement>,
    /// Fields of [`crate::Timing`] that it cannot measure, each with the reason.
    pub unavailable: BTreeMap<String, String>,
    /// Whatever else a reader of the numbers must know, one sentence each.
    pub notes: Vec<String>,
}

/// One limit of Lambda's, and how a platform enforces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enforcement {
    /// `cpu`, `memory`, `freeze`, `tmp`, …
    pub limit: String,
    /// By which mechanism; `None` if it is not enforced.
    pub by: Option<String>,
    /// Why not, or how far.
    pub note: Option<String>,
}
