//! The guard: a small process that starts every function, and ends them all when the emulator is gone.
//!
//! The emulator starts the guard first and speaks with it over a socket that nobody else holds.
//! However the emulator's process ends, even by SIGKILL, the kernel closes its end of the socket; the guard then kills
//! all of its own descendants, removes the folders and the cgroups of the execution environments, and ends.
//! The guard is a child subreaper (prctl(2)), so a process that left its process group or lost its parent is still its
//! descendant.
//!
//! It is also the launcher, because it is small: a fork of a large harness would cost milliseconds.

mod cgroups;
mod client;
mod descendants;
mod exec;
mod files;
mod program;
mod start;
mod visible;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub(crate) use cgroups::CgroupPlan;
pub(crate) use client::GuardClient;
pub(crate) use files::{Files, TASK_ROOT};
pub use program::main;
pub(crate) use start::{Started, one_at_a_time, start};

/// What the emulator asks of the guard: one JSON message each.
#[derive(Debug, Serialize, Deserialize)]
enum Request {
    /// Makes a cgroup in which each process launched from now on gets one of its own. Comes first, if at all; answered by a
    /// `Result<(), Refusal>`.
    MakeCgroups(CgroupPlan),
    /// Starts a process in a process group of its own. The write end of its output pipe comes with the message.
    Launch(Box<Launch>),
    /// Kills a launched process and all of its descendants; answered by `Exited`.
    Kill { id: u64 },
    /// Deletes a folder and everything in it; answered by `Removed`.
    Remove { id: u64, path: PathBuf },
}

/// A process to start.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Launch {
    /// Chosen by the emulator, never used twice.
    pub id: u64,
    /// Executable.
    pub program: PathBuf,
    /// All environment variables.
    pub env_vars: Vec<(String, String)>,
    /// Working folder; with `files` it is `/var/task` instead.
    pub folder: PathBuf,
    /// What it sees at `/tmp` and `/var/task`; `None` for what everybody sees there.
    pub files: Option<Files>,
    /// Numbers of the cores that it may use; empty for all of the guard's own.
    pub cpus: Vec<usize>,
    /// Numbers of the cores that it is to see.
    pub visible: Vec<usize>,
    /// A `NAME=value` of `env_vars` that no other process has: finds descendants that were orphaned.
    pub marker: String,
}

/// The guard's first message: it is there.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// The error number, if the folder for all environments could not be made.
    pub no_folder: Option<i32>,
    /// Why environments cannot have files of their own, if they cannot.
    pub no_private_files: Option<String>,
    /// Why functions cannot be shown more cores than they run on, if they cannot.
    pub no_visible: Option<String>,
}

/// What the guard answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Event {
    /// The process runs.
    Launched { id: u64, pid: i32, exec: Exec },
    /// The process could not be started.
    LaunchFailed { id: u64, message: String },
    /// A launched process has ended and was reaped, and nothing that it started runs any more.
    Exited { id: u64, status: ExitStatus },
    /// A folder is gone, as far as it can be removed.
    Removed { id: u64 },
}

impl Event {
    fn id(&self) -> u64 {
        match *self {
            Event::Launched { id, .. }
            | Event::LaunchFailed { id, .. }
            | Event::Exited { id, .. }
            | Event::Removed { id } => id,
        }
    }
}

/// What a process has told of itself right before it became the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exec {
    /// The moment of its exec(2) on the monotonic clock.
    pub at_ns: u64,
    /// CPU time that it had used before.
    pub cpu_ns: u64,
    /// How many files could not be mounted over others.
    pub unmounted: u64,
    /// Whether it sees the cores that it is to see.
    pub sees: bool,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ExitStatus {
    Code(i32),
    Signal(i32),
}

/// The largest message: environment variables are at most 4 KB of the user's and 2 KB of Lambda's; the rest is for the paths
/// of files that are mounted over others. A socket holds no more than 208 KB unless this machine says otherwise.
const MAX_MESSAGE: usize = 192 * 1024;
