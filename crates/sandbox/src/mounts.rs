//! Mounts as values: trees that are taken from where they are and put where they shall be (mount_setattr(2), open_tree(2)).

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use nix::libc;
use rustix::fs::CWD;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, fsconfig_create,
    fsmount, fsopen, move_mount, open_tree,
};

/// A copy of the mount of a folder or a file, with what is mounted below, that is nowhere yet.
#[derive(Debug)]
pub(crate) struct Tree(OwnedFd);

impl Tree {
    pub(crate) fn of(path: &Path) -> io::Result<Tree> {
        let flags = OpenTreeFlags::OPEN_TREE_CLONE
            | OpenTreeFlags::OPEN_TREE_CLOEXEC
            | OpenTreeFlags::AT_RECURSIVE;
        Ok(Tree(open_tree(CWD, path, flags)?))
    }

    /// `/proc` of this process's PID namespace (proc(5)).
    pub(crate) fn proc() -> io::Result<Tree> {
        let proc = fsopen("proc", FsOpenFlags::FSOPEN_CLOEXEC)?;
        fsconfig_create(&proc)?;
        let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID
            | MountAttrFlags::MOUNT_ATTR_NODEV
            | MountAttrFlags::MOUNT_ATTR_NOEXEC;
        Ok(Tree(fsmount(&proc, FsMountFlags::FSMOUNT_CLOEXEC, attributes)?))
    }

    pub(crate) fn read_only(self) -> io::Result<Tree> {
        set_read_only(&self.0, c"")?;
        Ok(self)
    }

    pub(crate) fn put(self, target: &Path) -> io::Result<()> {
        let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_SYMLINKS;
        Ok(move_mount(&self.0, c"", CWD, target, flags)?)
    }
}

impl Tree {
    /// Puts it where nothing is yet, or an empty folder or file for it, in a file system that can be written.
    pub(crate) fn put_anew(self, target: &Path) -> io::Result<()> {
        let is_folder = rustix::fs::fstat(&self.0).map(|stat| {
            rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::Directory
        })?;
        if is_folder {
            std::fs::create_dir_all(target)?;
        } else {
            target.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::OpenOptions::new().create(true).append(true).open(target)?;
        }
        self.put(target)
    }
}

/// Makes everything read-only that is mounted now, below the root.
pub(crate) fn make_all_read_only() -> io::Result<()> {
    set_read_only(CWD, c"/")
}

/// `struct mount_attr` of mount_setattr(2).
#[repr(C)]
struct Attributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

fn set_read_only(folder: impl AsFd, path: &std::ffi::CStr) -> io::Result<()> {
    const READ_ONLY: u64 = 1; // MOUNT_ATTR_RDONLY
    let attributes = Attributes { set: READ_ONLY, clear: 0, propagation: 0, user_namespace: 0 };
    let flags = libc::AT_RECURSIVE | libc::AT_EMPTY_PATH;
    // SAFETY: the kernel reads the path and the structure, both of which are valid until the call returns.
    #[expect(unsafe_code, reason = "no library that is linked here has mount_setattr(2)")]
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            folder.as_fd().as_raw_fd(),
            path.as_ptr(),
            flags,
            &raw const attributes,
            size_of::<Attributes>(),
        )
    };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
