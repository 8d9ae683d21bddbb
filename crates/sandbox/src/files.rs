//! What an environment sees of the file system: `/tmp` of its own and of limited size, its package at `/var/task`, and of this
//! machine its operating system, read-only.
//!
//! The guard enters a mount namespace of its own at its start (mount_namespaces(7)); who is not root gets it inside of a user
//! namespace (user_namespaces(7)). There it mounts a tmpfs for each environment. Every environment gets one more namespace,
//! in which that tmpfs is `/tmp`.
//! Nobody else sees these mounts, and the kernel takes them away with the last process, however it ended.

use std::collections::HashSet;
use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::sched::{CloneFlags, unshare};
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind_recursive, mount_change,
    mount_remount, unmount,
};
use rustix::process::{getegid, geteuid};
use serde::{Deserialize, Serialize};

use crate::edge::{Edge, Part};
use crate::message::Tmp;
use crate::mounts::{self, Tree};

/// Where Lambda puts a function's package.
pub const TASK_ROOT: &str = "/var/task";
/// Where a function may write.
pub const TMP: &str = "/tmp";
const DEV: &str = "/dev";
const PROC: &str = "/proc";

/// Which devices there are on Lambda; no `/dev/shm` is among them.
const DEVICES: [&str; 6] = ["full", "null", "random", "tty", "urandom", "zero"];
const DEVICE_LINKS: [(&str, &str); 4] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
];

/// What the owner of this machine's `/proc` could change for all; a function's process may be root's.
const PROC_OF_ALL: [&str; 5] = ["sys", "sysrq-trigger", "irq", "bus", "fs"];

/// A file that takes the place of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// What is seen there.
    pub copy: PathBuf,
    /// Absolute and without links.
    pub target: PathBuf,
}

/// Which files an environment sees where.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Files {
    /// Mounted at `/var/task`, read-only as on Lambda.
    pub task: PathBuf,
    /// An executable that is mounted over the empty file `bootstrap` of `task`; `None` if `task` is a whole package.
    pub bootstrap: Option<PathBuf>,
    /// Mounted at `/tmp`.
    pub tmp: PathBuf,
    /// Files that take the place of others.
    pub mounts: Vec<Mount>,
    /// Folders of this machine that are empty for a function, such as those of its users.
    pub hidden: Vec<PathBuf>,
    /// What is seen of hidden folders, and of this machine's `/tmp`, all the same: an interpreter and what belongs to it.
    pub shown: Vec<PathBuf>,
}

/// The guard's own mount namespace, and what is mounted there. Everything is unmounted when it is dropped.
#[derive(Debug)]
pub(crate) struct Mounts {
    /// Folders on which a tmpfs is mounted.
    tmpfs: HashSet<PathBuf>,
    devices: PathBuf,
}

impl Mounts {
    /// Enters a mount namespace in which `/var/task` exists, and finds out whether a tmpfs can be mounted. `folder` is used
    /// for that.
    pub(crate) fn enter(folder: &Path) -> io::Result<Mounts> {
        enter_namespaces()?;
        mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
            .map_err(|error| step("make mounts private", error))?;
        let devices = folder.join("dev");
        let mut mounts = Mounts { tmpfs: HashSet::new(), devices };
        mounts.make_devices().map_err(|error| step("mount a tmpfs", error))?;
        if !Path::new(TASK_ROOT).is_dir() {
            let var = folder.join("var");
            fs::create_dir(&var)?;
            mounts.mount_tmpfs(&var, 1 << 20)?;
            make_task_root(&var).map_err(|error| step("make /var/task", error))?;
        }
        Ok(mounts)
    }

    /// The folder that is `/dev` of every environment.
    pub(crate) fn devices(&self) -> &Path {
        &self.devices
    }

    /// Mounts the tmpfs of an environment, unless an earlier process of it has it already: what is in `/tmp` outlives a
    /// crash.
    pub(crate) fn prepare(&mut self, tmp: &Tmp) -> io::Result<()> {
        if self.tmpfs.contains(&tmp.folder) {
            return Ok(());
        }
        self.mount_tmpfs(&tmp.folder, tmp.bytes)
    }

    /// Unmounts what is mounted in a folder.
    pub(crate) fn remove_below(&mut self, folder: &Path) {
        for mounted in self.tmpfs.extract_if(|mounted| mounted.starts_with(folder)) {
            unmount(&mounted, UnmountFlags::DETACH).ok();
        }
    }

    fn mount_tmpfs(&mut self, folder: &Path, bytes: u64) -> io::Result<()> {
        let options = CString::new(format!("size={bytes},mode=0777"))?;
        mount_tmpfs(folder, &options)?;
        self.tmpfs.insert(folder.to_owned());
        Ok(())
    }

    fn make_devices(&mut self) -> io::Result<()> {
        let devices = self.devices.clone();
        fs::create_dir(&devices)?;
        // Devices are mounted in it, so it may have them.
        mount("tmpfs", &devices, "tmpfs", MountFlags::NOSUID, Some(c"size=1m,mode=0755"))?;
        self.tmpfs.insert(devices.clone());
        for name in DEVICES {
            let (from, to) = (Path::new(DEV).join(name), devices.join(name));
            if from.exists() {
                fs::File::create(&to)?;
                mount_bind_recursive(&from, &to)?;
            }
        }
        for (name, leads_to) in DEVICE_LINKS {
            symlink(leads_to, devices.join(name))?;
        }
        Ok(())
    }
}

impl Drop for Mounts {
    fn drop(&mut self) {
        self.remove_below(Path::new("/"));
    }
}

fn mount_tmpfs(folder: &Path, options: &CString) -> io::Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    Ok(mount("tmpfs", folder, "tmpfs", flags, Some(options.as_c_str()))?)
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
            symlink(fs::read_link(&from)?, &to)?;
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
    /// Makes this process, which has a mount namespace of its own, see the environment's files.
    ///
    /// Returns how many of its mounts could not be made: the process goes on with the originals then.
    pub(crate) fn enter(&self, edge: &Edge, devices: &Path) -> io::Result<u32> {
        // Taken before anything is hidden: package and binary may lie in the /tmp or in the home of this machine.
        let take = |path: &Path| {
            Tree::of(path).map_err(|error| step(&format!("take {}", path.display()), error))
        };
        let task = take(&self.task)?;
        let bootstrap = self.bootstrap.as_deref().map(take).transpose()?;
        let tmp = take(&self.tmp)?;
        let missing =
            self.mounts.iter().filter(|m| mount_bind_recursive(&m.copy, &m.target).is_err());
        let missing = u32::try_from(missing.count()).unwrap_or(u32::MAX);
        // With the files that have just been mounted over others.
        let shown = self.shown.iter().filter_map(|path| Some((path, Tree::of(path).ok()?)));
        let shown: Vec<(&PathBuf, Tree)> = shown.collect();
        mount_bind_recursive(devices, DEV).map_err(|error| step("mount /dev", error))?;
        let read_only = edge.has(Part::ReadOnly);
        if read_only {
            mounts::make_all_read_only().map_err(|error| step("mount read-only", error))?;
        }
        for folder in self.hidden.iter().filter(|folder| folder.is_dir()) {
            hide(folder).map_err(|error| step(&format!("hide {}", folder.display()), error))?;
        }
        tmp.put(Path::new(TMP)).map_err(|error| step("mount /tmp", error))?;
        for (path, tree) in shown {
            let tree = if read_only { tree.read_only()? } else { tree };
            tree.put_anew(path)
                .map_err(|error| step(&format!("show {}", path.display()), error))?;
        }
        for folder in self.hidden.iter().filter(|folder| folder.is_dir()) {
            mount_remount(folder, HIDDEN | MountFlags::RDONLY, c"")?;
        }
        let put = |tree: Tree, target: &Path| {
            if read_only { tree.read_only()? } else { tree }.put(target)
        };
        put(task, Path::new(TASK_ROOT)).map_err(|error| step("mount /var/task", error))?;
        if let Some(bootstrap) = bootstrap {
            put(bootstrap, &Path::new(TASK_ROOT).join("bootstrap"))
                .map_err(|error| step("mount /var/task/bootstrap", error))?;
        }
        rustix::process::chdir(TASK_ROOT)?;
        Ok(missing)
    }
}

const HIDDEN: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV);

fn hide(folder: &Path) -> io::Result<()> {
    Ok(mount("tmpfs", folder, "tmpfs", HIDDEN, Some(c"size=64k,mode=0755"))?)
}

/// Puts the processes of the environment where a function looks for them.
pub(crate) fn put_proc(proc: Tree) -> io::Result<()> {
    proc.put(Path::new(PROC)).map_err(|error| step("mount /proc", error))
}

/// Makes those files of `/proc` read-only that are about more than processes.
pub(crate) fn protect_proc() -> io::Result<()> {
    for name in PROC_OF_ALL {
        let path = Path::new(PROC).join(name);
        if path.exists() {
            let protected = Tree::of(&path).and_then(Tree::read_only);
            protected
                .and_then(|tree| tree.put(&path))
                .map_err(|error| step(&format!("protect {}", path.display()), error))?;
        }
    }
    Ok(())
}

fn step(what: &str, error: impl Into<io::Error>) -> io::Error {
    let error = error.into();
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
