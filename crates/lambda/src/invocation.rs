//! One invocation, as every platform reports it.

use serde::{Deserialize, Serialize};

use crate::{FunctionError, LaunchFacts, Timing};

/// One finished invocation, good or failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// Whether it was made now.
    pub provenance: Provenance,
    /// AWS request id: a UUID.
    pub request_id: String,
    /// Which execution environment served it: a number that no other environment of the platform has.
    /// `None` where none did (payload too large, throttled) or where the platform cannot tell.
    pub environment: Option<u64>,
    /// How the environment came to serve it.
    pub start: Start,
    /// How it ended.
    pub status: Status,
    /// When the caller sent it, in nanoseconds of the machine's monotonic clock.
    pub sent_at_ns: u64,
    /// When it was due to be sent, by the same clock; in open loops only, where `timing.latency_ns` counts from here.
    pub intended_at_ns: Option<u64>,
    /// Its parts.
    pub timing: Timing,
    /// Of its execution environment, with the first invocation that the environment serves.
    pub launch: Option<std::sync::Arc<LaunchFacts>>,
    /// Peak memory of the environment so far, in bytes; AWS's Max Memory Used. In a loop it may be a millisecond old.
    pub max_memory_bytes: Option<u64>,
    /// Billed Duration in milliseconds.
    pub billed_ms: u64,
    /// Size of the event.
    pub request_bytes: u64,
    /// The event; empty where it is not known, of an invocation that is on record.
    pub event: bytes::Bytes,
    /// What the caller got: the response, or the payload of the function error.
    pub response: bytes::Bytes,
    /// Set if and only if `status` is not `Ok`.
    pub error: Option<FunctionError>,
    /// Whether it failed because the init of its environment did, so that no event was handed over.
    pub init_failed: bool,
    /// The last 4 KB of log, where asked for or where the invocation failed.
    pub log_tail: Option<String>,
}

/// Where an invocation is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// It was made now.
    Made,
    /// It is on record, from a run that was interrupted.
    Recorded {
        /// Whether its response and its log are, too, and of a failed one the message. Otherwise `response` is empty because
        /// it is not known, and so is the rest, but for records that are older than kinds of failures.
        with_response: bool,
    },
    /// It was not made, but stands for so many alike, of which a plan alone is evaluated.
    Nominal {
        /// How many; 1 or more.
        times: u64,
    },
}

impl Invocation {
    /// Whether it is on record already.
    pub fn is_recorded(&self) -> bool {
        matches!(self.provenance, Provenance::Recorded { .. })
    }

    /// How many invocations it stands for: itself, or many of a plan.
    pub fn times(&self) -> u64 {
        match self.provenance {
            Provenance::Nominal { times } => times,
            Provenance::Made | Provenance::Recorded { .. } => 1,
        }
    }
}

/// How an invocation found its execution environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// In a new environment, after its init phase.
    Cold,
    /// In an environment that was ready.
    Warm,
    /// In an environment whose process had to be started again (after a crash, a timeout or a failed INIT): the init is
    /// inside the duration ("suppressed init").
    SuppressedInit,
    /// The first of an environment whose init phase had ended before, so that no caller waited for it ("proactive
    /// initialization"): an environment that was started for a request which another one then took. Its INIT is billed.
    ProactiveInit,
}

/// How an invocation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The function answered.
    Ok,
    /// The function reported an error.
    Error,
    /// The function's timeout passed.
    Timeout,
    /// The function's process ended.
    Crash,
    /// The memory limit was reached.
    OutOfMemory,
    /// The function answered, but not what its workload knows to be right.
    WrongAnswer,
    /// Refused for lack of concurrency.
    Throttled,
    /// Request or response was over the payload limit.
    TooLarge,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 8] = [
        Status::Ok,
        Status::Error,
        Status::Timeout,
        Status::Crash,
        Status::OutOfMemory,
        Status::WrongAnswer,
        Status::Throttled,
        Status::TooLarge,
    ];

    /// Its name in records and scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Error => "error",
            Status::Timeout => "timeout",
            Status::Crash => "crash",
            Status::OutOfMemory => "out_of_memory",
            Status::WrongAnswer => "wrong_answer",
            Status::Throttled => "throttled",
            Status::TooLarge => "too_large",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

impl Start {
    /// Its name in records and scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Start::Cold => "cold",
            Start::Warm => "warm",
            Start::SuppressedInit => "suppressed_init",
            Start::ProactiveInit => "proactive_init",
        }
    }
}
