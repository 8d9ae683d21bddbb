//! The pool: lends each execution environment files of its own that are not in the page cache.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::copies::{self, RelativeLinks};
use super::lease::Lease;
use super::place::Place;
use super::prepare::Preparation;
use super::shelf::{Lent, Shelf};
use super::start_files::{Program, StartFiles};
use super::tree::{Identity, Tree};
use kelvin_sandbox::TASK_ROOT;

/// The most files that are learned of one program.
const MOST_LEARNED: usize = 512;

/// Copies take at most this part of what is free on the disk when the pool is made.
const PART_OF_FREE: u64 = 4;

/// Whether a process can see a copy in the place of a file outside of its package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Images {
    /// In a mount namespace of its own.
    Mounted,
    /// It sees the files that everybody sees.
    InPlace,
}

/// One for each emulator. A clone is the same pool.
#[derive(Clone, Debug)]
pub(crate) struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    images: Images,
    shelf: Mutex<Shelf>,
    known: Mutex<HashMap<Program, Known>>,
}

/// What was found out about a program.
#[derive(Debug, Default)]
struct Known {
    found: Option<Found>,
    /// What was mapped by it and was not found beforehand.
    learned: BTreeSet<PathBuf>,
}

/// What looking at a program led to.
#[derive(Debug)]
struct Found {
    files: StartFiles,
    /// What it was found by: if that is the same, so is the result.
    package: Arc<Tree>,
    others: Vec<(PathBuf, Option<Identity>)>,
}

impl Found {
    fn holds(&self, package: &Arc<Tree>) -> bool {
        let is_same = |(path, before): &(PathBuf, _)| Identity::of(path).ok() == *before;
        self.package == *package && self.others.iter().all(is_same)
    }
}

/// What has been taken for a lease.
#[derive(Debug)]
pub(super) struct Taken {
    /// The original, or the copy.
    pub root: PathBuf,
    pub lent: Lent,
}

impl Pool {
    /// Makes the folder for copies. Fails if it is there already, or on a file system in memory.
    pub(crate) fn new(folder: PathBuf, images: Images) -> io::Result<Pool> {
        DirBuilder::new().mode(0o700).create(&folder)?;
        if !is_on_disk(&folder)? {
            fs::remove_dir(&folder).ok();
            return Err(io::Error::other("the folder for copies is on a file system in memory"));
        }
        let disk = rustix::fs::statvfs(&folder)?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        Ok(Pool(Arc::new(Inner {
            folder,
            images,
            shelf: Mutex::new(Shelf::new(free / PART_OF_FREE)),
            known: Mutex::default(),
        })))
    }

    /// Prepares the files of one execution environment. Blocks: it copies, writes to the disk and evicts.
    ///
    /// Never fails: what cannot be prepared is used as it is, and the lease says so.
    pub(crate) fn lease(&self, program: &Program) -> Lease {
        Preparation::begin(self.clone()).lease(program)
    }

    /// Takes note of files that a program has mapped and that its lease did not have: its next leases will.
    pub(crate) fn learn(&self, program: &Program, files: &[PathBuf]) {
        let mut known = lock(&self.0.known);
        let learned = &mut known.entry(program.clone()).or_default().learned;
        let files = files.iter().filter(|file| {
            // What it has in its own /tmp is not there on this machine.
            let is_here = !file.starts_with(TASK_ROOT) && file.is_file();
            is_here && Place::of(file).is_ok_and(|place| place != Place::Memory)
        });
        for file in files {
            if learned.len() < MOST_LEARNED {
                learned.insert(file.clone());
            }
        }
    }

    pub(super) fn images(&self) -> Images {
        self.0.images
    }

    /// What a program reads, looked up again only if something of it has changed; and what was learned of it. `package` is
    /// what its package is now.
    pub(super) fn start_files(
        &self,
        program: &Program,
        package: &Arc<Tree>,
    ) -> io::Result<StartFiles> {
        let known = lock(&self.0.known);
        let found = known.get(program).and_then(|known| known.found.as_ref());
        let same = found.filter(|found| found.holds(package)).map(|found| found.files.clone());
        drop(known);
        let mut files = match same {
            Some(files) => files,
            None => {
                let files = program.start_files(&package.links)?;
                let others = files.images.iter().chain([&files.bootstrap]);
                let others = others.map(|path| (path.clone(), Identity::of(path).ok())).collect();
                let found = Found { files: files.clone(), package: Arc::clone(package), others };
                lock(&self.0.known).entry(program.clone()).or_default().found = Some(found);
                files
            }
        };
        let known = lock(&self.0.known);
        let learned = known.get(program).into_iter().flat_map(|known| &known.learned);
        files.images.extend(
            learned
                .filter(|file| !files.covers(file) && file.is_file())
                .cloned()
                .collect::<Vec<_>>(),
        );
        Ok(files)
    }

    /// The original, for one that has it alone.
    pub(super) fn take_in_place(&self, original: &Path, tree: &Arc<Tree>) -> Option<Taken> {
        let lent = lock(&self.0.shelf).lend_in_place(original, tree)?;
        Some(Taken { root: original.to_owned(), lent })
    }

    pub(super) fn in_place_is_useless(&self, original: &Path) {
        lock(&self.0.shelf).in_place_is_useless(original);
    }

    /// A copy, which is made if none is idle. With it the files that were written.
    pub(super) fn take_copy(
        &self,
        original: &Path,
        tree: &Arc<Tree>,
    ) -> io::Result<(Taken, Vec<PathBuf>)> {
        let idle = lock(&self.0.shelf).lend_copy(original, tree);
        if let Some((lent, id)) = idle {
            return Ok((Taken { root: self.root(id, original), lent }, Vec::new()));
        }
        let new = lock(&self.0.shelf).lend_new_copy(original, tree);
        let (lent, id, removed) = new.map_err(|full| {
            let mb = full.most_bytes >> 20;
            io::Error::other(format!(
                "copies would take more than {mb} MB, a quarter of what was free"
            ))
        })?;
        for id in removed {
            // What is left of it goes with the pool.
            fs::remove_dir_all(self.0.folder.join(id.to_string())).ok();
        }
        let root = self.root(id, original);
        let links = match self.0.images {
            Images::Mounted => RelativeLinks::Keep,
            Images::InPlace => RelativeLinks::Resolve,
        };
        let holder = self.0.folder.join(id.to_string());
        let copied = fs::create_dir(&holder)
            .and_then(|()| copies::copy(original, tree, &root, links))
            .and_then(|made| copies::sync(&made).map(|()| made));
        match copied {
            Ok(made) => Ok((Taken { root, lent }, made)),
            Err(error) => {
                fs::remove_dir_all(&holder).ok();
                lock(&self.0.shelf).forget_copy(original, id);
                Err(error)
            }
        }
    }

    pub(super) fn give_back(&self, lent: &[Lent]) {
        let mut shelf = lock(&self.0.shelf);
        lent.iter().for_each(|lent| shelf.give_back(lent));
    }

    /// Where a copy is: under its own name, which a program may look at.
    fn root(&self, id: u64, original: &Path) -> PathBuf {
        let name = original.file_name().unwrap_or("package".as_ref());
        self.0.folder.join(id.to_string()).join(name)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Whether what is in a folder can leave the page cache at all, as it is not on a file system in memory.
///
/// Fails if there is no such folder.
pub fn is_on_disk(folder: &Path) -> io::Result<bool> {
    Ok(Place::of(folder)? != Place::Memory)
}

/// Nothing in here can be half done when a thread panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
