//! Control groups: where they are, and what is written to them.

mod error;
mod find;

use std::path::{Path, PathBuf};

use kelvin_lambda::MemorySize;
use serde::{Deserialize, Serialize};

pub use error::CgroupError;
pub use find::own;
pub(crate) use find::{lists_cpu, own_freezer, own_pids};

/// The period of Lambda's CPU quota.
const PERIOD_US: u64 = 20_000;

/// The two interfaces of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CgroupVersion {
    /// A hierarchy of the cpu controller's own (kernel documentation, "CPU Accounting Controller" and its siblings).
    V1,
    /// The unified hierarchy (kernel documentation, "Control Group v2").
    V2,
}

impl CgroupVersion {
    /// As in `run.json` and in reports.
    pub fn name(self) -> &'static str {
        match self {
            CgroupVersion::V1 => "cgroup v1",
            CgroupVersion::V2 => "cgroup v2",
        }
    }
}

/// One cgroup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cgroup {
    /// Of its hierarchy.
    pub version: CgroupVersion,
    /// Where it is.
    pub folder: PathBuf,
}

impl Cgroup {
    /// A group in this one.
    pub fn child(&self, name: &str) -> Cgroup {
        Cgroup { version: self.version, folder: self.folder.join(name) }
    }

    /// Lists the processes in the group, and takes in whose id is written to it; `0` is the writer.
    pub(crate) fn procs(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }

    /// Gives the group the CPU of a function of this size, or all of it.
    pub fn set_quota(&self, memory: Option<MemorySize>) -> Result<(), CgroupError> {
        for (file, text) in quota(self.version, memory) {
            write(&self.folder.join(file), &text)?;
        }
        Ok(())
    }
}

/// Writes a control file.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), CgroupError> {
    std::fs::write(path, text).map_err(|source| CgroupError::refused(path, source))
}

/// What has to be written to which file, in order.
fn quota(version: CgroupVersion, memory: Option<MemorySize>) -> Vec<(&'static str, String)> {
    let period_us = PERIOD_US;
    let quota_us = memory.map(|memory| {
        let (mb, whole) = (u64::from(memory.mb()), u64::from(MemorySize::ONE_VCPU.mb()));
        ((period_us * mb + whole / 2) / whole).to_string()
    });
    match version {
        CgroupVersion::V1 => vec![
            ("cpu.cfs_period_us", period_us.to_string()),
            ("cpu.cfs_quota_us", quota_us.unwrap_or_else(|| "-1".to_owned())),
        ],
        CgroupVersion::V2 => {
            let quota_us = quota_us.unwrap_or_else(|| "max".to_owned());
            vec![("cpu.max", format!("{quota_us} {period_us}"))]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quota_is_a_share_of_the_period() {
        let check = |version, mb: Option<u32>, expected: &[(&str, &str)]| {
            let memory = mb.map(|mb| MemorySize::new(mb).unwrap());
            let written = quota(version, memory);
            let written: Vec<_> = written.iter().map(|(file, text)| (*file, &**text)).collect();
            assert_eq!(written, expected);
        };
        use CgroupVersion::{V1, V2};
        let period = ("cpu.cfs_period_us", "20000");
        check(V1, Some(128), &[period, ("cpu.cfs_quota_us", "1447")]);
        check(V1, Some(1769), &[period, ("cpu.cfs_quota_us", "20000")]);
        check(V1, None, &[period, ("cpu.cfs_quota_us", "-1")]);
        check(V2, Some(512), &[("cpu.max", "5789 20000")]);
        check(V2, Some(10_240), &[("cpu.max", "115772 20000")]);
        check(V2, None, &[("cpu.max", "max 20000")]);
    }
}
