//! A lease: the files that one execution environment has while it lives.

use std::path::PathBuf;

use super::pool::Pool;
use super::report::{Checked, LookedAt, Prepared};
use super::residency::Pages;
use super::shelf::Lent;
use super::start_files::StartFiles;
use kelvin_sandbox::{Mount, TASK_ROOT};

/// A package with more files is looked at in part just before its start.
const MOST_CHECKED: usize = 256;

/// Files that are out of the page cache. Copies are kept for others when it is dropped, which must not be before the
/// processes have ended that were started from it.
#[derive(Debug)]
pub(crate) struct Lease {
    /// What to run: the original, or a copy.
    pub bootstrap: PathBuf,
    /// The package, if the bootstrap's neighbours are part of it.
    pub folder: Option<PathBuf>,
    /// What to mount where, in this order.
    pub mounts: Vec<Mount>,
    pub prepared: Prepared,
    /// `None` if there is no such bootstrap.
    pub(super) start_files: Option<StartFiles>,
    /// The executable and the files outside of the package, with the bytes that were left of them; then all others.
    pub(super) first: Vec<(PathBuf, u64)>,
    pub(super) rest: Vec<(PathBuf, u64)>,
    pub(super) lent: Vec<Lent>,
    pub(super) pool: Pool,
}

impl Lease {
    /// Looks again, and evicts what has come back. Meant for the moment before exec(2): it takes microseconds a file and never
    /// waits for a disk.
    pub(crate) fn check(&self) -> Checked {
        let all = self.first.len() + self.rest.len() <= MOST_CHECKED;
        let (rest, looked_at) =
            if all { (&*self.rest, LookedAt::All) } else { (&[][..], LookedAt::First) };
        let mut checked = Checked { resident_bytes: 0, returned_bytes: 0, looked_at };
        for (path, before) in self.first.iter().chain(rest) {
            // Of what cannot be told now, what was known is still the best answer.
            let pages = Pages::open(path).ok();
            let Some((pages, found)) = pages.and_then(|pages| pages.resident().map(|n| (pages, n)))
            else {
                checked.resident_bytes += before;
                continue;
            };
            let resident = if found > 0 {
                pages.evict_clean().ok();
                pages.resident().unwrap_or(found)
            } else {
                0
            };
            checked.returned_bytes += found.saturating_sub(*before);
            checked.resident_bytes += resident;
        }
        if !all {
            checked.resident_bytes += self.rest.iter().map(|(_, left)| left).sum::<u64>();
        }
        checked
    }

    /// Which of the files that a process has mapped are not of this lease, so that they were perhaps in the page cache.
    pub(crate) fn not_covered(&self, mapped: &[PathBuf]) -> Vec<PathBuf> {
        let covers = |file: &PathBuf| {
            file.starts_with(TASK_ROOT)
                || file.starts_with(self.folder.as_ref().unwrap_or(&self.bootstrap))
                || self.start_files.as_ref().is_some_and(|files| files.covers(file))
        };
        mapped.iter().filter(|file| !covers(file)).cloned().collect()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.pool.give_back(&self.lent);
    }
}
