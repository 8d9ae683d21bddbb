//! The machine that a run was made on, and how it is asked.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::host_facts::HostTexts;

/// A machine, without names of machines or users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HostRecord {
    /// Runs can be compared if it is equal: SHA-256 of architecture, CPU, cores, NUMA nodes, kernel version (major and
    /// minor) and virtualization. Not of clock rates, memory or names.
    pub machine_key: String,
    /// `x86_64`, `aarch64`.
    pub arch: String,
    /// As the kernel names it.
    pub cpu_model: Option<String>,
    /// Family, model and stepping, as far as the kernel tells.
    pub cpu_signature: Option<String>,
    /// Logical cores of the machine.
    pub cores_logical: Option<u32>,
    /// NUMA nodes.
    pub numa_nodes: Option<u32>,
    /// Memory of the machine.
    pub mem_bytes: Option<u64>,
    /// Release of the kernel.
    pub kernel: Option<String>,
    /// `none`, the kind of hypervisor, `vm` for one that is not known, `container`, or `unknown`.
    pub virt: String,
    /// The governor of CPU frequency.
    pub governor: Option<String>,
    /// Load averages over 1, 5 and 15 minutes when the run began.
    pub loadavg_start: Option<[f64; 3]>,
    /// How exactly the harness itself could tell a moment when the run began; `None` in records of old versions.
    #[serde(default)]
    pub timer_lateness: Option<TimerLateness>,
}

/// How late a thread that polls the clock notices that a moment has come: the noise of every time that the harness takes.
/// Nanoseconds; quantiles over moments 100 µs apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimerLateness {
    /// Median.
    pub p50_ns: u64,
    /// 99th percentile.
    pub p99_ns: u64,
    /// The latest of all.
    pub max_ns: u64,
}

impl HostRecord {
    /// Asks the kernel of this machine, in `/proc` and `/sys`. What it does not tell is `None`; it never fails.
    pub fn of_this_machine() -> HostRecord {
        let read = |path: &str| fs::read_to_string(path).ok();
        HostTexts {
            arch: std::env::consts::ARCH.to_owned(),
            cpuinfo: read("/proc/cpuinfo"),
            meminfo: read("/proc/meminfo"),
            loadavg: read("/proc/loadavg"),
            kernel: read("/proc/sys/kernel/osrelease"),
            governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            vendor: read("/sys/class/dmi/id/sys_vendor"),
            product: read("/sys/class/dmi/id/product_name"),
            numa_nodes: count_numa_nodes(),
            in_container: ["/.dockerenv", "/run/.containerenv"]
                .iter()
                .any(|p| Path::new(p).exists()),
        }
        .host()
    }

    /// The fields that are `None`, each with the reason.
    pub fn unavailable(&self) -> BTreeMap<String, String> {
        let fields = [
            ("host.cpu_model", self.cpu_model.is_none(), "not in /proc/cpuinfo"),
            ("host.cpu_signature", self.cpu_signature.is_none(), "not in /proc/cpuinfo"),
            ("host.cores_logical", self.cores_logical.is_none(), "not in /proc/cpuinfo"),
            ("host.numa_nodes", self.numa_nodes.is_none(), "no /sys/devices/system/node"),
            ("host.mem_bytes", self.mem_bytes.is_none(), "not in /proc/meminfo"),
            ("host.kernel", self.kernel.is_none(), "no /proc/sys/kernel/osrelease"),
            (
                "host.governor",
                self.governor.is_none(),
                "the kernel offers no CPU frequency control",
            ),
            ("host.loadavg_start", self.loadavg_start.is_none(), "no /proc/loadavg"),
        ];
        fields
            .into_iter()
            .filter(|(_, missing, _)| *missing)
            .map(|(field, _, reason)| (field.to_owned(), reason.to_owned()))
            .collect()
    }
}

fn count_numa_nodes() -> Option<u32> {
    let is_node = |name: &str| {
        name.strip_prefix("node")
            .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let nodes = fs::read_dir("/sys/devices/system/node")
        .ok()?
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(is_node))
        .count();
    u32::try_from(nodes).ok().filter(|&nodes| nodes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_keeps_its_key() {
        let host = HostRecord::of_this_machine();
        assert_eq!(host.machine_key, HostRecord::of_this_machine().machine_key);
        assert_eq!(host.machine_key.len(), "sha256:".len() + 64);
        assert_eq!(host.unavailable().contains_key("host.governor"), host.governor.is_none());
    }
}
