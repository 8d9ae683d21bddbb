//! Why the CPU cannot be limited by a cgroup, and which command would change that.

use std::io;
use std::path::{Path, PathBuf};

use super::{Cgroup, CgroupVersion};

/// The CPU cannot be limited by a cgroup.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is its message")]
pub enum CgroupError {
    #[error("failed to read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("no file system of cgroups with the cpu controller is mounted")]
    NotMounted,
    #[error("this process's cgroup {path} lies outside of the mounted file system of cgroups")]
    OutsideMount { path: String },
    #[error("the cpu controller is not delegated to this process's cgroup {}", folder.display())]
    NotDelegated { folder: PathBuf },
    #[error(
        "{others} other processes are in this process's cgroup {}, and a cgroup with processes cannot hand on its controllers",
        folder.display()
    )]
    Occupied { folder: PathBuf, others: usize },
    #[error("failed to write {}", path.display())]
    Refused { path: PathBuf, source: io::Error },
}

impl CgroupError {
    pub(crate) fn refused(path: &Path, source: io::Error) -> CgroupError {
        CgroupError::Refused { path: path.to_owned(), source }
    }

    /// What would make it possible: a command, or where to start Kelvin.
    pub fn remedy(&self) -> String {
        self.remedy_for(rustix::process::geteuid().is_root(), super::own().ok().as_ref())
    }

    /// `own` is this process's cgroup, if it can be found.
    fn remedy_for(&self, is_root: bool, own: Option<&Cgroup>) -> String {
        let scope = if is_root { "systemd-run --scope" } else { "systemd-run --user --scope" };
        let scope = format!("{scope} -p Delegate=yes kelvin …");
        match (self, own) {
            (CgroupError::Read { .. } | CgroupError::NotMounted, _) => {
                "sudo mount -t cgroup2 cgroup2 /sys/fs/cgroup".to_owned()
            }
            (CgroupError::OutsideMount { .. }, _) => {
                "start it outside of this container, or the container with --cgroupns=private"
                    .to_owned()
            }
            (CgroupError::Refused { source, .. }, _)
                if source.kind() == io::ErrorKind::ReadOnlyFilesystem =>
            {
                "start the container with --privileged, which mounts /sys/fs/cgroup writable"
                    .to_owned()
            }
            (CgroupError::Refused { .. }, Some(Cgroup { version: CgroupVersion::V1, folder }))
                if !is_root =>
            {
                let folder = folder.join("kelvin");
                let folder = folder.display();
                format!(
                    "sudo mkdir {folder} && sudo chown -R \"$USER\" {folder} && echo $$ | sudo tee {folder}/cgroup.procs, then kelvin from the same shell"
                )
            }
            _ => scope,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_says_what_would_help() {
        let check = |error: &CgroupError, version, expected: &str| {
            let own = Cgroup { version, folder: "/sys/fs/cgroup/cpu/user.slice".into() };
            assert_eq!(error.remedy_for(false, Some(&own)), expected, "{error}");
        };
        let refused =
            |kind| CgroupError::refused(Path::new("/sys/fs/cgroup/x"), io::Error::from(kind));
        let denied = refused(io::ErrorKind::PermissionDenied);
        let user_scope = "systemd-run --user --scope -p Delegate=yes kelvin …";
        check(&denied, CgroupVersion::V2, user_scope);
        check(&CgroupError::NotDelegated { folder: "/a".into() }, CgroupVersion::V2, user_scope);
        check(
            &CgroupError::Occupied { folder: "/a".into(), others: 2 },
            CgroupVersion::V2,
            user_scope,
        );
        check(
            &denied,
            CgroupVersion::V1,
            "sudo mkdir /sys/fs/cgroup/cpu/user.slice/kelvin && sudo chown -R \"$USER\" /sys/fs/cgroup/cpu/user.slice/kelvin && echo $$ | sudo tee /sys/fs/cgroup/cpu/user.slice/kelvin/cgroup.procs, then kelvin from the same shell",
        );
        check(
            &refused(io::ErrorKind::ReadOnlyFilesystem),
            CgroupVersion::V2,
            "start the container with --privileged, which mounts /sys/fs/cgroup writable",
        );
        check(
            &CgroupError::NotMounted,
            CgroupVersion::V2,
            "sudo mount -t cgroup2 cgroup2 /sys/fs/cgroup",
        );
        assert_eq!(denied.remedy_for(true, None), "systemd-run --scope -p Delegate=yes kelvin …");
    }
}
