//! Preparing one lease: what to take as it is, what to take a copy of, and getting all of it out of the page cache.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use kelvin_sandbox::Mount;

use super::copies::at;
use super::lease::Lease;
use super::pool::{Images, Pool, Taken};
use super::report::Prepared;
use super::residency;
use super::shelf::Lent;
use super::start_files::{Program, StartFiles};
use super::tree::Tree;

/// A lease in the making.
#[derive(Debug)]
pub(super) struct Preparation {
    pool: Pool,
    begun: Instant,
    report: Prepared,
    lent: Vec<Lent>,
    mounts: Vec<Mount>,
    /// Files to look at before the start, with what is left of them now; those that matter most come first.
    first: Vec<(PathBuf, u64)>,
    rest: Vec<(PathBuf, u64)>,
}

/// What is left of some files after they were evicted.
#[derive(Debug, Default)]
struct Left {
    report: Prepared,
    files: Vec<(PathBuf, u64)>,
}

impl Preparation {
    pub(super) fn begin(pool: Pool) -> Preparation {
        Preparation {
            pool,
            begun: Instant::now(),
            report: Prepared::default(),
            lent: Vec::new(),
            mounts: Vec::new(),
            first: Vec::new(),
            rest: Vec::new(),
        }
    }

    pub(super) fn lease(mut self, program: &Program) -> Lease {
        let prepared = self.prepare(program);
        let files = prepared.unwrap_or_else(|error| {
            // The launch will fail, and say so itself.
            self.report.not_evicted.add(&program.bootstrap, error.to_string());
            (program.bootstrap.clone(), None, None)
        });
        let (bootstrap, folder, start_files) = files;
        self.report.took_ns = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Lease {
            bootstrap,
            folder,
            mounts: self.mounts,
            prepared: self.report,
            start_files,
            first: self.first,
            rest: self.rest,
            lent: self.lent,
            pool: self.pool,
        }
    }

    fn prepare(
        &mut self,
        program: &Program,
    ) -> io::Result<(PathBuf, Option<PathBuf>, Option<StartFiles>)> {
        let package = program.package()?;
        let tree = Arc::new(Tree::read(&package)?);
        let files = self.pool.start_files(program, &tree)?;
        self.report.not_found = files.not_found.iter().cloned().collect();
        // Folders first: what of them does not leave the cache is one more file to take a copy of.
        let mut images: Vec<PathBuf> = files.images.iter().cloned().collect();
        for folder in &files.folders {
            images.extend(self.folder(folder));
        }
        let (root, left) = self.package(&package, &tree);
        let (bootstrap, folder) = match program.bootstrap.file_name() {
            Some(name) if program.whole => (root.join(name), Some(root)),
            _ => (root, None),
        };
        let (executable, others): (Vec<_>, Vec<_>) =
            left.files.into_iter().partition(|(path, _)| *path == bootstrap);
        self.first.extend(executable);
        self.rest.splice(0..0, others);
        self.report.add(left.report);
        for image in images {
            match Tree::read(&image) {
                Ok(tree) => self.image(&image, &Arc::new(tree)),
                Err(error) => self.report.not_evicted.add(&image, error.to_string()),
            }
        }
        Ok((bootstrap, folder, Some(files)))
    }

    /// Evicts a folder in place. Returns the files that stay and of which copies can be mounted.
    fn folder(&mut self, folder: &Path) -> Vec<PathBuf> {
        let tree = match Tree::read(folder) {
            Ok(tree) => tree,
            Err(error) => {
                self.report.not_evicted.add(folder, error.to_string());
                return Vec::new();
            }
        };
        let mut stay = Vec::new();
        for (path, len) in tree.files() {
            let path = at(folder, path);
            let mut left = Left::default();
            left.evict(&path, len);
            if left.report.resident_bytes > 0 && self.pool.images() == Images::Mounted {
                stay.push(path);
            } else {
                self.report.add(left.report);
                self.rest.extend(left.files);
            }
        }
        stay
    }

    /// A file outside of the package. What is mounted is always a copy: any process of this machine may bring the original
    /// back at any moment.
    fn image(&mut self, image: &Path, tree: &Arc<Tree>) {
        let (root, left) = match self.pool.images() {
            Images::Mounted => self.copy(image, tree),
            Images::InPlace => (image.to_owned(), Left::of(image, tree)),
        };
        self.report.add(left.report);
        self.first.extend(left.files);
        if root != image {
            self.mounts.push(Mount { copy: root, target: image.to_owned() });
        }
    }

    /// The package: as it is, if all of it leaves the page cache and nobody else has it; otherwise a copy.
    fn package(&mut self, package: &Path, tree: &Arc<Tree>) -> (PathBuf, Left) {
        if let Some(Taken { root, lent }) = self.pool.take_in_place(package, tree) {
            let left = Left::of(&root, tree);
            if left.is_nothing() {
                self.lent.push(lent);
                return (root, left);
            }
            self.pool.in_place_is_useless(package);
        }
        self.copy(package, tree)
    }

    /// A copy, or the original if there can be none.
    fn copy(&mut self, original: &Path, tree: &Arc<Tree>) -> (PathBuf, Left) {
        match self.pool.take_copy(original, tree) {
            Ok((Taken { root, lent }, made)) => {
                self.lent.push(lent);
                if !made.is_empty() {
                    self.report.copied_bytes += tree.bytes();
                }
                let left = Left::of(&root, tree);
                (root, left)
            }
            Err(error) => {
                let mut left = Left::of(original, tree);
                left.report.not_evicted.add(original, format!("no copy could be made: {error}"));
                (original.to_owned(), left)
            }
        }
    }
}

impl Left {
    /// Evicts all files of a tree at `root`.
    fn of(root: &Path, tree: &Tree) -> Left {
        let mut left = Left::default();
        for (path, len) in tree.files() {
            left.evict(&at(root, path), len);
        }
        for (path, reason) in &tree.left_out {
            left.report.not_evicted.add(path, reason.clone());
        }
        left
    }

    fn evict(&mut self, path: &Path, len: u64) {
        let report = &mut self.report;
        report.n_files += 1;
        report.bytes += len;
        let resident = match residency::evict(path) {
            Ok(Some(0)) => 0,
            Ok(Some(resident)) => {
                report.not_evicted.add(path, "somebody has it mapped, or it is being written");
                resident
            }
            Ok(None) => {
                report.unknown_bytes += len;
                report.unknown.add(path, "only its owner is told what is in the page cache");
                0
            }
            Err(error) => {
                report.not_evicted.add(path, error.to_string());
                let resident = residency::resident_bytes(path);
                if resident.is_none() {
                    report.unknown_bytes += len;
                    report.unknown.add(path, "it cannot be looked at");
                }
                resident.unwrap_or(0)
            }
        };
        report.resident_bytes += resident;
        self.files.push((path.to_owned(), resident));
    }

    fn is_nothing(&self) -> bool {
        self.report.not_evicted.n_paths == 0 && self.report.unknown.n_paths == 0
    }
}
