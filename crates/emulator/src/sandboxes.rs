//! What all execution environments share of their edge: the guard that makes them, and what this machine allows.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kelvin_sandbox::{Cgroup, Edge, Freezer, GuardClient, Network, Part};

use crate::doors::Doors;
use crate::watch::Limits;

/// Makes environments.
#[derive(Clone, Debug)]
pub(crate) struct Sandboxes {
    pub guard: GuardClient,
    pub allowed: Arc<Allowed>,
}

/// What this machine allows, and what environments are to reach.
#[derive(Debug)]
pub(crate) struct Allowed {
    pub edge: Edge,
    /// Holds the cgroups of environments, where their CPU is limited by cgroup.
    pub cpu: Option<Cgroup>,
    /// Holds the cgroups by which environments are frozen, or says why there are none.
    pub freezer: Result<Cgroup, String>,
    /// Why processes are not counted by a cgroup, if they are not.
    pub no_pids: Option<String>,
    /// Services that functions reach in a network of their own.
    pub doors: Doors,
    /// Folders of this machine that functions do not see.
    pub hidden: Vec<PathBuf>,
    /// Environments that did not end when they were killed.
    pub left: AtomicU64,
    /// Environments whose network was to have a way out, and got none.
    pub no_way_out: AtomicU64,
}

/// By what an environment is held.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Its cgroup with the CPU quota.
    pub cpu: Option<Cgroup>,
    /// What freezes all of it; signals stop its processes otherwise.
    pub freezer: Option<Freezer>,
}

impl Sandboxes {
    /// By what the environment is held that has been started under this number.
    pub(crate) fn held(&self, id: u64, limits: Limits) -> Held {
        let group = |top: &Cgroup| top.child(&id.to_string());
        let freezer = self.allowed.freezer.as_ref().ok().filter(|_| limits.stops());
        Held {
            cpu: self.allowed.cpu.as_ref().map(group),
            freezer: freezer.and_then(|top| Freezer::open(&group(top)).ok()),
        }
    }

    /// The network of an environment for which one is asked, or none in particular.
    pub(crate) fn network(&self, wanted: Option<kelvin_platform::Network>) -> Network {
        match wanted {
            Some(kelvin_platform::Network::Host) => Network::Host,
            Some(kelvin_platform::Network::Outside) if self.allowed.edge.has(Part::Network) => {
                Network::Outside
            }
            _ if self.allowed.edge.has(Part::Network) => Network::Private,
            _ => Network::Host,
        }
    }

    /// An environment goes on although it was killed.
    pub(crate) fn left_alone(&self) {
        self.allowed.left.fetch_add(1, Ordering::Relaxed);
    }
}
