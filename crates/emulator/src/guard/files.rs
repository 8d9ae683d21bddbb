//! An execution environment's own files: `/tmp` of its own and of limited size, and `/var/task`.
//!
//! The guard enters a mount namespace of its own at its start (mount_namespaces(7)); who is not root gets it inside of a user
//! namespace (user_namespaces(7)). There it mounts a tmpfs for each environment. Every process that it launches enters one
//! more namespace, in which that tmpfs is `/tmp` and the package is `/var/task`.
//! Nobody else sees these mounts, and the kernel takes them away with the last process, however it ended.

use std::collections::HashSet;
use std::ffi::CString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nix::sched::{CloneFlags, unshare};
use rustix::fs::{StatVfsMountFlags, statvfs};
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind_recursive, mount_change,
    mount_remount, unmount,
};
use rustix::process::{getegid, geteuid};
use serde::{Deserialize, Serialize};

use crate::page_cache::Mount;

/// Where Lambda puts a function's package.
pub(crate) const TASK_ROOT: &str = "/var/task";
const TMP: &str = "/tmp";

/// Which files an environment sees where.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Files {
    /// Mounted at `/var/task`, read-only as on Lambda.
    pub task: PathBuf,
    /// An executable that is mounted over the empty file `bootstrap` of `task`; `None` if `task` is a whole package.
    pub bootstrap: Option<PathBuf>,
    /// Folder that gets a tmpfs, which is then also mounted at `/tmp`.
    pub tmp: PathBuf,
    /// Size of `/tmp`, ephemeral storage, in bytes.
    pub tmp_bytes: u64,
    /// Files that take the place of others.
    pub mounts: Vec<Mount>,
}

/// The guard's own mount namespace, and what is mounted there. Everything is unmounted when it is dropped.
#[derive(Debug)]
pub(super) struct Mounts {
    /// Folders on which a tmpfs is mounted.
    tmpfs: HashSet<PathBuf>,
}

impl Mounts {
    /// Enters a mount namespace in which `/var/task` exists, and finds out whether a tmpfs can be mounted. `folder` is used
    /// for that.
    pub(super) fn enter(folder: &Path) -> io::Result<Mounts> {
        enter_namespaces()?;
        mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
            .map_err(|error| step("make mounts private", error))?;
        let mut mounts = Mounts { tmpfs: HashSet::new() };
        let probe = folder.join("probe");
        fs::create_dir(&probe)?;
        mounts.mount_tmpfs(&probe, 1 << 20).map_err(|error| step("mount a tmpfs", error))?;
        mounts.remove_below(&probe);
        fs::remove_dir(&probe)?;
        if !Path::new(TASK_ROOT).is_dir() {
            let var = folder.join("var");
            fs::create_dir(&var)?;
            mounts.mount_tmpfs(&var, 1 << 20)?;
            make_task_root(&var).map_err(|error| step("make /var/task", error))?;
        }
        Ok(mounts)
    }

    /// Mounts the tmpfs of an environment, unless an earlier process of it has it already: what is in `/tmp` outlives a
    /// crash.
    pub(super) fn prepare(&mut self, files: &Files) -> io::Result<()> {
        if self.tmpfs.contains(&files.tmp) {
            return Ok(());
        }
        self.mount_tmpfs(&files.tmp, files.tmp_bytes)
    }

    /// Unmounts what is mounted in a folder.
    pub(super) fn remove_below(&mut self, folder: &Path) {
        for mounted in self.tmpfs.extract_if(|mounted| mounted.starts_with(folder)) {
            unmount(&mounted, UnmountFlags::DETACH).ok();
        }
    }

    fn mount_tmpfs(&mut self, folder: &Path, bytes: u64) -> io::Result<()> {
        let options = CString::new(format!("size={bytes},mode=0777"))?;
        let flags = MountFlags::NOSUID | MountFlags::NODEV;
        mount("tmpfs", folder, "tmpfs", flags, Some(options.as_c_str()))?;
        self.tmpfs.insert(folder.to_owned());
        Ok(())
    }
}

impl Drop for Mounts {
    fn drop(&mut self) {
        self.remove_below(Path::new("/"));
    }
}

fn enter_namespaces() -> io::Result<()> {
    let (user, group) = (geteuid(), getegid());
    if user.is_root() {
        return unshare(CloneFlags::CLONE_NEWNS)
            .map_err(|error| step("unshare a mount namespace", error));
    }
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)
        .map_err(|error| step("unshare user and mount namespaces", error))?;
    // Everybody stays who they are: a process without privileges may map nobody else.
    let (user, group) = (user.as_raw(), group.as_raw());
    for (file, text) in [
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("{user} {user} 1")),
        ("gid_map", format!("{group} {group} 1")),
    ] {
        fs::write(format!("/proc/self/{file}"), text).map_err(|error| step(file, error))?;
    }
    Ok(())
}

/// Fills the folder `var`, a file system of its own, with everything that this machine's `/var` has, and `task`; and puts it
/// in the place of `/var`.
fn make_task_root(var: &Path) -> io::Result<()> {
    for entry in fs::read_dir("/var")? {
        let entry = entry?;
        let (from, to) = (entry.path(), var.join(entry.file_name()));
        let file_type = entry.file_type()?;
        if file_type.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&from)?, &to)?;
        } else if file_type.is_dir() {
            fs::create_dir(&to)?;
            mount_bind_recursive(&from, &to)?;
        } else {
            fs::File::create(&to)?;
            mount_bind_recursive(&from, &to)?;
        }
    }
    fs::create_dir(var.join("task"))?;
    mount_bind_recursive(var, "/var")?;
    Ok(())
}

impl Files {
    /// Makes this process see the environment's files. Called in a new process, before it becomes the function.
    ///
    /// Returns how many of its mounts could not be made: the process goes on with the originals then.
    pub(super) fn enter(&self) -> io::Result<u32> {
        unshare(CloneFlags::CLONE_NEWNS)?;
        let missing =
            self.mounts.iter().filter(|m| mount_bind_recursive(&m.copy, &m.target).is_err());
        let missing = u32::try_from(missing.count()).unwrap_or(u32::MAX);
        if let Some(bootstrap) = &self.bootstrap {
            mount_bind_recursive(bootstrap, self.task.join("bootstrap"))?;
        }
        mount_bind_recursive(&self.task, TASK_ROOT)?;
        // Last, as package and binary may lie in the /tmp of this machine.
        make_read_only(Path::new(TASK_ROOT))?;
        mount_bind_recursive(&self.tmp, TMP)?;
        rustix::process::chdir(TASK_ROOT)?;
        Ok(missing)
    }
}

/// Flags that a mount already has must be repeated, or the kernel refuses in a user namespace (mount(2)).
fn make_read_only(target: &Path) -> io::Result<()> {
    let has = statvfs(target)?.f_flag;
    let mut flags = MountFlags::BIND | MountFlags::RDONLY;
    for (present, flag) in [
        (StatVfsMountFlags::NOSUID, MountFlags::NOSUID),
        (StatVfsMountFlags::NODEV, MountFlags::NODEV),
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        (StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
        (StatVfsMountFlags::NODIRATIME, MountFlags::NODIRATIME),
        (StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
    ] {
        if has.contains(present) {
            flags |= flag;
        }
    }
    Ok(mount_remount(target, flags, c"")?)
}

fn step(what: &str, error: impl Into<io::Error>) -> io::Error {
    let error = error.into();
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
