//! What is known of a cold start's files: how much there is, how much of it is warm, and what cannot be told.

use std::path::{Path, PathBuf};

/// Files that are named; of the others there is the count.
const MOST_NAMED: usize = 16;

/// Some paths by name, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paths {
    /// The first of them, each with what is to be said of it.
    pub named: Vec<(PathBuf, String)>,
    pub n_paths: u64,
}

impl Paths {
    pub(super) fn add(&mut self, path: &Path, what: impl Into<String>) {
        self.n_paths += 1;
        if self.named.len() < MOST_NAMED {
            self.named.push((path.to_owned(), what.into()));
        }
    }
}

/// How the files of one execution environment were prepared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prepared {
    pub n_files: u64,
    /// Of all files.
    pub bytes: u64,
    /// Still in the page cache after eviction, of the files of which it can be told.
    pub resident_bytes: u64,
    /// Of files of which it cannot be told. They were evicted as far as the kernel does that.
    pub unknown_bytes: u64,
    pub unknown: Paths,
    /// What could not be evicted, or not wholly, or not looked at, with the reason.
    pub not_evicted: Paths,
    /// What a script or a file names and that is not there.
    pub not_found: Vec<PathBuf>,
    /// Written for this lease; 0 where copies were there already.
    pub copied_bytes: u64,
    pub took_ns: u64,
}

/// What is in the page cache just before the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    /// After evicting again what had come back.
    pub resident_bytes: u64,
    /// How much had come back.
    pub returned_bytes: u64,
    pub looked_at: LookedAt,
}

/// Which files a check has looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookedAt {
    All,
    /// The executable and the files outside of the package; for the others the figure is from the preparation.
    First,
}

impl Paths {
    fn append(&mut self, other: Paths) {
        self.n_paths += other.n_paths;
        let room = MOST_NAMED - self.named.len().min(MOST_NAMED);
        self.named.extend(other.named.into_iter().take(room));
    }
}

impl Prepared {
    /// Adds what is known of other files.
    pub(super) fn add(&mut self, other: Prepared) {
        self.n_files += other.n_files;
        self.bytes += other.bytes;
        self.resident_bytes += other.resident_bytes;
        self.unknown_bytes += other.unknown_bytes;
        self.unknown.append(other.unknown);
        self.not_evicted.append(other.not_evicted);
        self.not_found.extend(other.not_found);
        self.copied_bytes += other.copied_bytes;
        self.took_ns += other.took_ns;
    }
}
