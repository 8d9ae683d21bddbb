//! What a launch tells of itself beyond its invocations: its cores, its init phase, and the page cache.

use kelvin_lambda::{InitParts, PageCacheFacts, PageInBy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the time of an init phase went. What is not known is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InitRecord {
    /// CPU time of the process from exec(2) on, of all its threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ns: Option<u64>,
    /// Time in which the process could have run and waited for a core.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_queue_ns: Option<u64>,
    /// Time for which the process waited for its pages to be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_in_ns: Option<u64>,
    /// How `page_in_ns` is known.
    #[serde(default)]
    pub page_in_by: PageInByRecord,
    /// Page faults that had to wait for the disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub major_faults: Option<u64>,
    /// Bytes that were read from the disk for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_bytes: Option<u64>,
}

/// How the time that a process waits for its pages is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PageInByRecord {
    /// The kernel accounts it.
    Accounted,
    /// It is what CPU and run queue leave of INIT where something was read: other waits are in it.
    #[default]
    Residue,
}

/// What the files that a function reads when it starts had to do with the page cache of the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PageCacheRecord {
    /// Whether they were to be evicted before the start.
    pub cold: bool,
    /// Size of all of them.
    pub bytes: u64,
    /// How much of them was resident at the start; `null` where the kernel does not say.
    pub resident_bytes: Option<u64>,
    /// What could not be evicted, or is not known to have been, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_evicted: Vec<String>,
    /// Bytes that were copied to prepare the launch.
    #[serde(default)]
    pub copied_bytes: u64,
    /// Time that preparing took.
    #[serde(default)]
    pub prepare_ns: u64,
    /// Present and true if the start had to wait for it, because nothing had been prepared ahead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waited: bool,
    /// How many environments were in their init phase at the same time, this one included: they share the disk.
    #[serde(default)]
    pub starting: u32,
}

impl From<&InitParts> for InitRecord {
    fn from(parts: &InitParts) -> InitRecord {
        let InitParts { cpu_ns, run_queue_ns, page_in_ns, page_in_by, major_faults, read_bytes } =
            *parts;
        let page_in_by = match page_in_by {
            PageInBy::Accounted => PageInByRecord::Accounted,
            PageInBy::Residue => PageInByRecord::Residue,
        };
        InitRecord { cpu_ns, run_queue_ns, page_in_ns, page_in_by, major_faults, read_bytes }
    }
}

impl From<&PageCacheFacts> for PageCacheRecord {
    fn from(facts: &PageCacheFacts) -> PageCacheRecord {
        let PageCacheFacts {
            cold,
            bytes,
            resident_bytes,
            not_evicted,
            copied_bytes,
            prepare_ns,
            waited,
            starting,
        } = facts.clone();
        PageCacheRecord {
            cold,
            bytes,
            resident_bytes,
            not_evicted,
            copied_bytes,
            prepare_ns,
            waited,
            starting,
        }
    }
}
