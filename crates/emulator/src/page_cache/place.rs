//! On what kind of file system a file is: whether it can leave the page cache at all, and who can tell.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{fstatfs, statfs};

/// Magic numbers of statfs(2).
const IN_MEMORY: [i64; 3] = [
    0x0102_1994, // tmpfs
    0x8584_58f6, // ramfs
    0x9584_58f6, // hugetlbfs
];
const OVERLAY: i64 = 0x794c_7630;

/// What holds a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The page cache is a copy of what is elsewhere.
    Disk,
    /// A file of another file system under another name: what counts is that one's page cache.
    Overlay,
    /// The page cache is all there is: nothing can be evicted.
    Memory,
}

impl Place {
    pub(crate) fn of(path: &Path) -> io::Result<Place> {
        Ok(Place::by_magic(statfs(path)?.f_type))
    }

    pub(crate) fn of_open(file: &File) -> io::Result<Place> {
        Ok(Place::by_magic(fstatfs(file)?.f_type))
    }

    fn by_magic(magic: i64) -> Place {
        match magic {
            magic if IN_MEMORY.contains(&magic) => Place::Memory,
            OVERLAY => Place::Overlay,
            _ => Place::Disk,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_in_memory_is_no_disk() {
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
        for line in mounts.lines() {
            let mut words = line.split(' ').skip(1);
            let (path, kind) = (words.next().unwrap(), words.next().unwrap());
            let Ok(place) = Place::of(Path::new(path)) else { continue };
            match kind {
                // Another one may be mounted over it.
                "tmpfs" if path == "/dev/shm" => assert_eq!(place, Place::Memory, "{path}"),
                "ext4" | "xfs" | "btrfs" => assert_ne!(place, Place::Overlay, "{path}"),
                _ => {}
            }
        }
        assert!(Place::of(Path::new("/does/not/exist")).is_err());
    }
}
