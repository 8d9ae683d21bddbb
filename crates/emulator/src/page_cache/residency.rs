//! How much of a file is in the page cache, and getting it out of there.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::num::NonZeroU64;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::libc;
use rustix::fs::{Access, Advice, AtFlags, CWD, accessat, fadvise};
use rustix::process::geteuid;

use super::place::Place;

/// `__NR_cachestat`, which is the same for every architecture that Lambda has.
const CACHESTAT: libc::c_long = 451;

/// So much of a file is mapped at a time to look at it: a byte of answer for each of its pages.
const WINDOW: u64 = 256 << 20;

/// Set when the kernel does not have cachestat(2) (before 6.5), or a filter of system calls hides it.
static NO_CACHESTAT: AtomicBool = AtomicBool::new(false);

/// What cachestat(2) says, in pages.
#[derive(Debug)]
struct Found {
    cached: u64,
    /// Changed, and not yet on the disk.
    dirty: u64,
}

/// A file that is open to look at its pages.
#[derive(Debug)]
pub(crate) struct Pages {
    file: File,
    len: u64,
    place: Place,
    /// Whether the kernel tells this process the truth about it.
    can_tell: bool,
}

impl Pages {
    /// Opens a file. Fails if it may not be read or is no file.
    pub(crate) fn open(path: &Path) -> io::Result<Pages> {
        // A pipe would wait for its writer.
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        let can_tell = metadata.uid() == geteuid().as_raw()
            || accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok();
        let (place, len) = (Place::of_open(&file)?, metadata.len());
        Ok(Pages { file, len, place, can_tell })
    }

    /// Bytes in the page cache; `None` if it cannot be told.
    ///
    /// Of a file that a process neither owns nor may write, mincore(2) says that all is there and cachestat(2) says nothing,
    /// since Linux 5.1 and 6.14, so that nobody can watch what others read.
    pub(crate) fn resident(&self) -> Option<u64> {
        if self.len == 0 {
            return Some(0);
        }
        if !self.can_tell {
            return None;
        }
        let pages = match self.by_cachestat() {
            Some(found) => found.cached,
            None => self.by_mincore().ok()?,
        };
        let page = u64::try_from(rustix::param::page_size()).ok()?;
        Some(pages.saturating_mul(page).min(self.len))
    }

    /// Drops the file's pages that nobody has mapped (posix_fadvise(2)). Returns the bytes that are left, if it can be told.
    ///
    /// What has just been written is written to the disk first, as dirty pages stay.
    pub(crate) fn evict(&self) -> io::Result<Option<u64>> {
        self.evict_clean()?;
        let left = self.resident();
        if matches!(left, None | Some(0)) {
            return Ok(left);
        }
        if self.by_cachestat().is_none_or(|found| found.dirty > 0) {
            rustix::fs::fdatasync(&self.file)?;
        }
        // Also of what is clean now: the advice itself has begun to write it.
        self.evict_clean()?;
        Ok(self.resident())
    }

    /// Without waiting for the disk.
    pub(crate) fn evict_clean(&self) -> io::Result<()> {
        match self.place {
            Place::Memory => Err(io::Error::other("it is on a file system in memory")),
            Place::Disk | Place::Overlay => Ok(fadvise(&self.file, 0, None, Advice::DontNeed)?),
        }
    }

    #[expect(unsafe_code, reason = "no crate in use has cachestat")]
    fn by_cachestat(&self) -> Option<Found> {
        // The overlay's own file has no pages, which cachestat counts; mincore counts those that a mapping would find.
        let usable = self.can_tell && self.place != Place::Overlay;
        if !usable || NO_CACHESTAT.load(Ordering::Relaxed) {
            return None;
        }
        // `struct cachestat_range`: offset and length, of which 0 means to the end of the file.
        let range = [0_u64; 2];
        // `struct cachestat`: pages in the cache, dirty, being written, evicted, recently evicted.
        let mut found = [0_u64; 5];
        let (fd, flags) = (self.file.as_raw_fd(), 0_u32);
        // SAFETY: both pointers are to arrays of the size that the kernel reads and writes, which outlive the call.
        let done =
            unsafe { libc::syscall(CACHESTAT, fd, range.as_ptr(), found.as_mut_ptr(), flags) };
        if done == 0 {
            return Some(Found { cached: found[0], dirty: found[1] + found[2] });
        }
        let error = io::Error::last_os_error();
        if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) {
            NO_CACHESTAT.store(true, Ordering::Relaxed);
        }
        None
    }

    #[expect(unsafe_code, reason = "no crate in use has mincore")]
    fn by_mincore(&self) -> io::Result<u64> {
        let (mut offset, mut pages) = (0, 0);
        let page = rustix::param::page_size();
        while let Some(left) = self.len.checked_sub(offset).and_then(NonZeroU64::new) {
            let length = usize::try_from(left.get().min(WINDOW)).map_err(io::Error::other)?;
            let mut resident = vec![0_u8; length.div_ceil(page)];
            let at = libc::off_t::try_from(offset).map_err(io::Error::other)?;
            let (fd, read) = (self.file.as_raw_fd(), libc::PROT_READ);
            // SAFETY: a new mapping, at an address that the kernel chooses; nothing is read through it.
            let address =
                unsafe { libc::mmap(std::ptr::null_mut(), length, read, libc::MAP_SHARED, fd, at) };
            if address == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            // SAFETY: the mapping is `length` bytes long, and the answer has a byte for each of its pages.
            let done = unsafe { libc::mincore(address, length, resident.as_mut_ptr()) };
            let error = io::Error::last_os_error();
            // SAFETY: it was mapped above, as long as this, and nobody has a pointer to it.
            unsafe { libc::munmap(address, length) };
            if done != 0 {
                return Err(error);
            }
            pages += resident.iter().map(|flags| u64::from(flags & 1)).sum::<u64>();
            offset += WINDOW;
        }
        Ok(pages)
    }
}

/// Gets a file out of the page cache, as far as nobody has it mapped. Returns the bytes that are left, if it can be told.
pub(crate) fn evict(path: &Path) -> io::Result<Option<u64>> {
    Pages::open(path)?.evict()
}

/// Bytes of a file in the page cache; `None` if it cannot be told.
pub(crate) fn resident_bytes(path: &Path) -> Option<u64> {
    Pages::open(path).ok()?.resident()
}

/// Whether files in a folder leave the page cache, and this machine can tell. The error says what is not so.
pub(crate) fn probe(folder: &Path) -> io::Result<()> {
    let path = folder.join("probe");
    let outcome = fs::write(&path, vec![1; 4 * rustix::param::page_size()]).and_then(|()| {
        let pages = Pages::open(&path)?;
        let reason = match (pages.resident(), pages.evict()?) {
            (None, _) => "the kernel does not tell what is in its page cache",
            (Some(0), _) => "what was just written is in no page cache",
            (Some(_), Some(0)) => return Ok(()),
            (Some(_), _) => "the kernel keeps files in its page cache",
        };
        Err(io::Error::other(reason))
    });
    fs::remove_file(&path).ok();
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_look_tell_the_same() {
        let program = std::env::current_exe().unwrap();
        let path = program.with_file_name(format!("page cache {}", std::process::id()));
        fs::write(&path, vec![1; 1_234_567]).unwrap();
        let pages = Pages::open(&path).unwrap();
        // Where either of them is missing there is nothing to compare.
        let compare = |moment: &str| {
            if let (Some(found), Ok(mapped)) = (pages.by_cachestat(), pages.by_mincore()) {
                assert_eq!(found.cached, mapped, "{moment}");
            }
        };
        compare("written");
        pages.evict().ok();
        compare("evicted");
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_is_in_memory_stays() {
        let Ok(place) = tempfile::tempdir_in("/dev/shm") else { return };
        if Place::of(place.path()).unwrap() != Place::Memory {
            return;
        }
        let path = place.path().join("file");
        fs::write(&path, "1").unwrap();
        let error = evict(&path).unwrap_err();
        assert_eq!(error.to_string(), "it is on a file system in memory");
        assert!(probe(place.path()).is_err());
    }
}
