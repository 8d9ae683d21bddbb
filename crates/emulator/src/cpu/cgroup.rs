//! The CPU limit by cgroup: a quota that the kernel keeps (kernel documentation, "CFS Bandwidth Control").
//!
//! Each process of an execution environment gets a cgroup of its own, made by the guard before the process is executed, so
//! that everything which it starts is in there too.
//! The quota is memory/1769 of Lambda's period of 20 ms. It is set right before the first event, so INIT runs at full speed.
//! The kernel tells how long a group was throttled only as a sum over all CPUs, not when: that cannot be attributed to the
//! parts of an invocation, and is kept beside them.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;

use kelvin_lambda::{Interval, MemorySize};
use kelvin_sandbox::{Cgroup, CgroupError, CgroupVersion};
use rustix::io::Errno;

use super::Limiter;

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
        self.stat = Some(
            File::open(&path)
                .map_err(|source| CgroupError::Refused { path: path.clone(), source })?,
        );
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
    use std::path::PathBuf;

    use super::*;

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
