//! Freezing all processes of an environment at once, so that none of them can tell (kernel documentation, "Control Group v2",
//! `cgroup.freeze`).

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;

use crate::cgroup::Cgroup;

/// The file that freezes a cgroup.
#[derive(Debug)]
pub struct Freezer(File);

impl Freezer {
    /// Of a group of version 2.
    pub fn open(group: &Cgroup) -> io::Result<Freezer> {
        let file = OpenOptions::new().write(true).open(group.folder.join("cgroup.freeze"))?;
        Ok(Freezer(file))
    }

    /// Freezes everything in the group, or lets it go on. What enters a frozen group is frozen, too.
    ///
    /// Fails when the group is gone, and everything in it.
    pub fn set(&self, frozen: bool) -> io::Result<()> {
        self.0.write_at(if frozen { b"1" } else { b"0" }, 0).map(drop)
    }
}
