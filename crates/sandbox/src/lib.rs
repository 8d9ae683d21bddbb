//! The edge of an execution environment: what a function's processes can see and reach, and that none of them outlives it.
//!
//! A [`guard`] process starts every environment. Each environment is a set of namespaces (namespaces(7)) whose first process
//! is a small init; the function is its child. When the init ends, the kernel has ended all other processes of the
//! environment. Nothing here needs root, and every part of the edge is optional: [`Edge`] says which parts this machine
//! allows, and why not the others.
//!
//! ```text
//!  emulator ──Request──▶ guard ──clone──▶ init ──fork, exec──▶ bootstrap, and what it starts
//!           ◀──Event────       ◀──Told───  └ own mounts, processes, IPC, network; sockets opened inside
//! ```

mod affinity;
mod cause;
mod cgroup;
mod cgroups;
mod client;
mod clock;
mod clone;
mod descendants;
mod descriptors;
mod edge;
mod files;
mod freezer;
pub mod guard;
mod init;
mod limits;
mod message;
mod mounts;
mod network;
mod outside;
mod socket;
mod visible;

pub use affinity::cpu_set;
pub use cause::with_cause;
pub use cgroup::{Cgroup, CgroupError, CgroupVersion, own as own_cgroup};
pub use client::{Cpu, GuardClient, GuardProgram, Heard, StartError, Started};
pub use clock::now_ns;
pub use descriptors::raise_limit as raise_open_files;
pub use edge::{Edge, Part};
pub use files::{Files, Mount, TASK_ROOT, TMP};
pub use freezer::Freezer;
pub use message::{Event, Exec, ExitStatus, Launch, Network, Tmp};
pub use network::RUNTIME_API_PORT;
