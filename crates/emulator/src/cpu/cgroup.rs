//! The CPU limit by cgroup: a quota that the kernel keeps (kernel documentation, "CFS Bandwidth Control").
//!
//! Each process of an execution environment gets a cgroup of its own, made by the guard before the process is executed, so
//! that everything which it starts is in there too.
//! The quota is memory/1769 of Lambda's period of 20 ms. It is set right before the first event, so INIT runs at full speed.
//! The kernel tells how long a group was throttled only as a sum over all CPUs, not when: that cannot be attributed to the
//! parts of an invocation, and is kept beside them.

mod error;
mod find;

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use kelvin_lambda::{Interval, MemorySize};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::Limiter;
use super::account::PERIOD_NS;

pub use error::CgroupError;
pub(crate) use find::{lists_cpu, own};

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
pub(crate) struct Cgroup {
    pub version: CgroupVersion,
    pub folder: PathBuf,
}

impl Cgroup {
    /// A group in this one.
    pub(crate) fn child(&self, name: &str) -> Cgroup {
        Cgroup { version: self.version, folder: self.folder.join(name) }
    }

    /// Lists the processes in the group, and takes in whose id is written to it; `0` is the writer.
    pub(crate) fn procs(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }

    /// Gives the group the CPU of a function of this size, or all of it.
    pub(crate) fn set_quota(&self, memory: Option<MemorySize>) -> Result<(), CgroupError> {
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
    let period_us = PERIOD_NS / 1_000;
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

/// How long a group was throttled, of its `cpu.stat`.
fn throttled_ns(version: CgroupVersion, stat: &str) -> Option<u64> {
    let (field, unit_ns) = match version {
        CgroupVersion::V1 => ("throttled_time ", 1),
        CgroupVersion::V2 => ("throttled_usec ", 1_000),
    };
    let value = stat.lines().find_map(|line| line.strip_prefix(field))?;
    value.trim().parse::<u64>().ok()?.checked_mul(unit_ns)
}

/// The limit of one process, which is in the group already.
#[derive(Debug)]
pub(crate) struct CgroupLimit {
    group: Cgroup,
    memory: MemorySize,
    /// `cpu.stat`; opened when the limit is set.
    stat: Option<File>,
    throttled_before_ns: Option<u64>,
}

impl CgroupLimit {
    pub(crate) fn new(group: Cgroup, memory: MemorySize) -> CgroupLimit {
        CgroupLimit { group, memory, stat: None, throttled_before_ns: None }
    }

    fn set(&mut self) -> Result<(), CgroupError> {
        self.group.set_quota(Some(self.memory))?;
        let path = self.group.folder.join("cpu.stat");
        self.stat = Some(File::open(&path).map_err(|source| CgroupError::refused(&path, source))?);
        Ok(())
    }

    fn throttled_ns(&self) -> Option<u64> {
        let mut text = [0; 1024];
        let size = self.stat.as_ref()?.read_at(&mut text, 0).ok()?;
        throttled_ns(self.group.version, str::from_utf8(&text[..size]).ok()?)
    }
}

impl Limiter for CgroupLimit {
    fn enforce(&mut self) -> Result<(), CgroupError> {
        if self.stat.is_some() {
            return Ok(());
        }
        match self.set() {
            // The guard removes a group only when its process has ended; that is noticed as such right after this.
            Err(CgroupError::Refused { source, .. }) if is_gone(&source) => Ok(()),
            set => set,
        }
    }

    fn begin(&mut self, _: u64, _: u64) -> bool {
        self.throttled_before_ns = self.throttled_ns();
        false
    }

    fn next_event(&self) -> Option<u64> {
        None
    }

    fn advance(&mut self, _: u64, _: u64) -> bool {
        false
    }

    fn holds(&self) -> &[Interval] {
        &[]
    }

    fn throttled_total_ns(&self) -> Option<u64> {
        Some(self.throttled_ns()?.saturating_sub(self.throttled_before_ns?))
    }
}

/// Opening a file of a removed group fails in the first way, using one that is open in the second.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(Errno::NODEV.raw_os_error())
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

    #[test]
    fn throttled_time_is_read_in_the_unit_of_its_version() {
        let check = |version, stat, expected| assert_eq!(throttled_ns(version, stat), expected);
        let v1 = "nr_periods 53\nnr_throttled 52\nthrottled_time 916545216\nnr_bursts 0\n";
        let v2 = "usage_usec 5\nnr_periods 53\nnr_throttled 52\nthrottled_usec 916545\n";
        check(CgroupVersion::V1, v1, Some(916_545_216));
        check(CgroupVersion::V2, v2, Some(916_545_000));
        // The controller is off, so the kernel tells only the usage.
        check(CgroupVersion::V2, "usage_usec 5\nuser_usec 5\n", None);
        check(CgroupVersion::V1, v2, None);
        check(CgroupVersion::V2, "throttled_usec 99999999999999999999\n", None);
        check(CgroupVersion::V2, "throttled_usec 18446744073709551615\n", None);
    }

    #[test]
    fn the_limit_is_set_once_and_throttled_time_is_that_of_the_invocation() {
        let folder = tempfile::tempdir().unwrap();
        let path = |file: &str| folder.path().join(file);
        let group = Cgroup { version: CgroupVersion::V2, folder: folder.path().to_owned() };
        let mut limit = CgroupLimit::new(group, MemorySize::MIN);
        std::fs::write(path("cpu.stat"), "throttled_usec 10\n").unwrap();
        assert_eq!(limit.throttled_total_ns(), None);
        assert!(!path("cpu.max").exists(), "INIT has no quota");
        limit.enforce().unwrap();
        assert_eq!(std::fs::read_to_string(path("cpu.max")).unwrap(), "1447 20000");
        assert!(!limit.begin(0, 0));
        std::fs::write(path("cpu.stat"), "throttled_usec 35\n").unwrap();
        assert_eq!(limit.throttled_total_ns(), Some(25_000));
        std::fs::remove_file(path("cpu.max")).unwrap();
        limit.enforce().unwrap();
        assert!(!path("cpu.max").exists());
    }

    #[test]
    fn a_group_that_is_gone_is_no_error_but_one_that_cannot_be_written_is() {
        let folder = tempfile::tempdir().unwrap();
        let at = |folder: PathBuf| {
            let group = Cgroup { version: CgroupVersion::V2, folder };
            CgroupLimit::new(group, MemorySize::MIN).enforce()
        };
        at(folder.path().join("gone")).unwrap();
        // A folder where the file should be.
        std::fs::create_dir(folder.path().join("cpu.max")).unwrap();
        let error = at(folder.path().to_owned()).unwrap_err();
        assert!(error.to_string().ends_with("cpu.max"), "{error}");
    }
}
