//! What the emulator, the guard and the init of an environment say to each other: one JSON message each.

use std::path::PathBuf;

use rustix::process::WaitStatus;
use serde::{Deserialize, Serialize};

use crate::cgroups::CgroupPlan;
use crate::edge::Edge;
use crate::files::Files;

/// What the emulator asks of the guard.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Makes the cgroups in which each environment gets one of its own. Comes first, if at all; answered by a
    /// [`crate::cgroups::Made`].
    MakeCgroups(CgroupPlan),
    /// Makes an environment without a function in it.
    Prepare { id: u64, network: Network, tmp: Option<Tmp> },
    /// Opens a listening socket on 127.0.0.1 inside of the environment; answered by [`Event::Listening`].
    Listen { id: u64, port: u16 },
    /// Starts the function. The write end of its output pipe comes with the message.
    Launch(Box<Launch>),
    /// Kills everything in the environment; answered by [`Event::Exited`].
    Kill { id: u64 },
    /// Deletes a folder and everything in it; answered by [`Event::Removed`].
    Remove { id: u64, path: PathBuf },
}

/// Whose network an environment uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// A loopback of its own.
    #[default]
    Private,
    /// The same, and a way to the outside world, which takes a process besides.
    Outside,
    /// This machine's.
    Host,
}

/// The `/tmp` of an environment, which outlives its processes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tmp {
    /// Folder on which a tmpfs is mounted.
    pub folder: PathBuf,
    /// Ephemeral storage.
    pub bytes: u64,
}

/// A function to start in an environment that was prepared.
#[derive(Debug, Serialize, Deserialize)]
pub struct Launch {
    /// Of the environment.
    pub id: u64,
    /// Executable, as the process sees it.
    pub program: PathBuf,
    /// All environment variables.
    pub env_vars: Vec<(String, String)>,
    /// Working folder; with `files` it is `/var/task` instead.
    pub folder: PathBuf,
    /// What it sees of the file system; `None` for what everybody sees.
    pub files: Option<Files>,
    /// Numbers of the cores that it may use; empty for all of the guard's own.
    pub cpus: Vec<usize>,
    /// Numbers of the cores that it is to see.
    pub visible: Vec<usize>,
}

/// The guard's first message: it is there.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// The error number, if the folder for all environments could not be made.
    pub no_folder: Option<i32>,
    pub edge: Edge,
}

/// What the guard answers.
#[derive(Debug, Serialize, Deserialize)]
pub enum Event {
    /// A socket listens inside of the environment; it comes with the message, unless the function has taken the port.
    Listening {
        /// Of the environment.
        id: u64,
        /// Its port on 127.0.0.1.
        port: u16,
    },
    /// The function runs.
    Launched {
        /// Of the environment.
        id: u64,
        /// Of the function's process, as this machine counts.
        pid: i32,
        /// Of the environment's first process.
        init: i32,
        /// What the process has told of itself.
        exec: Exec,
    },
    /// The environment could not be made, or the function in it not be started.
    LaunchFailed {
        /// Of the environment.
        id: u64,
        /// Why.
        message: String,
    },
    /// The function has ended, and so has everything that it started.
    Exited {
        /// Of the environment.
        id: u64,
        /// How the function ended.
        status: ExitStatus,
    },
    /// A folder is gone, as far as it can be removed.
    Removed {
        /// As it was asked for.
        id: u64,
    },
}

impl Event {
    pub(crate) fn id(&self) -> u64 {
        match *self {
            Event::Listening { id, .. }
            | Event::Launched { id, .. }
            | Event::LaunchFailed { id, .. }
            | Event::Exited { id, .. }
            | Event::Removed { id } => id,
        }
    }

    /// Whether nothing more is told of the environment or folder.
    pub(crate) fn is_last(&self) -> bool {
        !matches!(self, Event::Launched { .. } | Event::Listening { .. })
    }
}

/// What the processes of an environment tell the guard.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Told {
    /// The network of the environment comes with the message, which is to get a way out.
    Network,
    /// The socket comes with the message.
    Listening { port: u16 },
    /// exec(2) is next. The message carries the sender's process id (unix(7), `SCM_CREDENTIALS`), and where the process asks
    /// for its cores, if anywhere.
    Executing(Exec),
    /// The environment could not be made, or the function not be executed.
    Failed { message: String },
    /// The function has ended.
    Ended(ExitStatus),
}

/// What a process has told of itself right before it became the function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exec {
    /// The moment of its exec(2) on the monotonic clock.
    pub at_ns: u64,
    /// CPU time that it had used before.
    pub cpu_ns: u64,
    /// How many files could not be mounted over others.
    pub unmounted: u32,
    /// Whether it sees the cores that it is to see.
    pub sees: bool,
    /// Whether its network was to have a way out of this machine, and has none.
    pub no_way_out: bool,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExitStatus {
    /// With this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl ExitStatus {
    /// Of a process that was waited for and has ended.
    pub(crate) fn of(status: WaitStatus) -> ExitStatus {
        match status.terminating_signal() {
            Some(signal) => ExitStatus::Signal(signal),
            None => ExitStatus::Code(status.exit_status().unwrap_or(0)),
        }
    }
}

/// The largest message: environment variables are at most 4 KB of the user's and 2 KB of Lambda's; the rest is for the paths
/// of files that are mounted over others. A socket holds no more than 208 KB unless this machine says otherwise.
pub(crate) const MAX_MESSAGE: usize = 192 * 1024;
