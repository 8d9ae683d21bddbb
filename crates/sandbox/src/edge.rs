//! Which parts of an environment's edge this machine allows.

use std::collections::BTreeMap;
use std::io;

use nix::sched::CloneFlags;
use serde::{Deserialize, Serialize};

use crate::clone::{Cloned, clone, exit_now};
use crate::message::Told;
use crate::{init, limits, socket, visible};

/// One part of the edge of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A mount namespace: files of its own, among them `/tmp` and `/var/task`.
    Files,
    /// Nothing but `/tmp` can be written.
    ReadOnly,
    /// A PID namespace: the processes of an environment see each other and nobody else, and all end with the first.
    Processes,
    /// An IPC namespace: shared memory, semaphores and message queues of its own.
    Ipc,
    /// A network namespace: a loopback of its own.
    Network,
    /// A way from a network of its own to the outside world.
    Outside,
    /// It sees other cores than it runs on.
    Cores,
    /// As many processes and threads as Lambda allows.
    ProcessCount,
}

/// What this machine does not allow, and why; what is not named here, it allows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    missing: BTreeMap<Part, String>,
}

impl Edge {
    /// Whether environments have this part.
    pub fn has(&self, part: Part) -> bool {
        !self.missing.contains_key(&part)
    }

    /// Why environments do not have this part; `None` if they have.
    pub fn why_not(&self, part: Part) -> Option<&str> {
        self.missing.get(&part).map(String::as_str)
    }

    pub(crate) fn lacks(&mut self, part: Part, why: &str) {
        self.missing.entry(part).or_insert_with(|| why.to_owned());
    }

    /// The namespaces of a new environment.
    pub(crate) fn namespaces(&self, own_network: bool) -> CloneFlags {
        let mut flags = CloneFlags::empty();
        for (part, flag) in NAMESPACES {
            if self.has(part) && (part != Part::Network || own_network) {
                flags |= flag;
            }
        }
        flags
    }

    /// Tries what an environment needs; `files` says why there is no mount namespace, if there is none.
    pub(crate) fn find(files: Result<(), String>) -> Edge {
        let mut edge = Edge::default();
        if let Err(error) = visible::is_possible() {
            edge.lacks(Part::Cores, &error.to_string());
        }
        if let Err(why) = files {
            // Who may not unshare a mount namespace may not unshare the others.
            for part in ALL.into_iter().filter(|part| *part != Part::Cores) {
                edge.lacks(part, &why);
            }
            return edge;
        }
        if !limits::has_own_process_numbers() {
            edge.lacks(Part::ProcessCount, "the kernel is older than Linux 6.14");
        }
        // All at once first: that is what works on most machines.
        if let Err(error) = attempt(&edge) {
            let parts = [Part::ReadOnly, Part::Processes, Part::Ipc, Part::Network];
            for part in parts {
                let mut alone = edge.clone();
                parts
                    .iter()
                    .filter(|other| **other != part)
                    .for_each(|other| alone.lacks(*other, ""));
                if let Err(error) = attempt(&alone) {
                    edge.lacks(part, &error.to_string());
                }
            }
            if let Some(why) = edge.why_not(Part::Processes).map(str::to_owned) {
                edge.lacks(Part::ProcessCount, &why);
            }
            // Each of them works alone, and not with the others.
            if parts.iter().all(|part| edge.has(*part)) {
                parts.iter().for_each(|part| edge.lacks(*part, &error.to_string()));
            }
        }
        edge
    }
}

const ALL: [Part; 8] = [
    Part::Files,
    Part::ReadOnly,
    Part::Processes,
    Part::Ipc,
    Part::Network,
    Part::Outside,
    Part::Cores,
    Part::ProcessCount,
];

const NAMESPACES: [(Part, CloneFlags); 4] = [
    (Part::Files, CloneFlags::CLONE_NEWNS),
    (Part::Processes, CloneFlags::CLONE_NEWPID),
    (Part::Ipc, CloneFlags::CLONE_NEWIPC),
    (Part::Network, CloneFlags::CLONE_NEWNET),
];

/// Makes an environment with these parts and ends it at once.
fn attempt(edge: &Edge) -> io::Result<()> {
    let (ours, theirs) = socket::pair()?;
    match clone(edge.namespaces(true))? {
        Cloned::Child => {
            let failed = init::attempt(edge).err().map(|error| error.to_string());
            let failed = failed.map(|message| Told::Failed { message });
            if let Some(failed) = &failed {
                socket::send(&theirs, failed, &[]).ok();
            }
            exit_now(i32::from(failed.is_some()));
        }
        Cloned::Parent { child } => {
            drop(theirs);
            rustix::process::waitpid(Some(child), rustix::process::WaitOptions::empty())?;
            let flags = rustix::net::RecvFlags::DONTWAIT;
            match socket::receive::<Told>(&ours, &mut socket::buffer(), flags) {
                Ok(Some(received)) => match received.message {
                    Told::Failed { message } => Err(io::Error::other(message)),
                    _ => Ok(()),
                },
                _ => Ok(()),
            }
        }
    }
}
