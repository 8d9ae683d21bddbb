//! Copies of packages that cannot be deployed in place: one of each, however many functions are made from it.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::contents::Contents;

/// The copies of a run.
#[derive(Debug)]
pub(crate) struct Copies {
    folder: PathBuf,
    /// By the folders that they are of, which have no links in their paths.
    made: Mutex<HashMap<PathBuf, PathBuf>>,
}

impl Copies {
    /// None yet; they will be in `folder`, which is made if it is needed.
    pub(crate) fn new(folder: PathBuf) -> Copies {
        Copies { folder, made: Mutex::default() }
    }

    /// The copy of a package, as it was when it was first asked for.
    pub(super) fn of(&self, package: &Path, contents: &Contents) -> io::Result<PathBuf> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(copy) = made.get(package) {
            return Ok(copy.clone());
        }
        fs::create_dir_all(&self.folder)?;
        let copy = self.folder.join(made.len().to_string());
        contents.copy(&copy).inspect_err(|_| {
            // What there is of it may have filled the disk, and is in the way of the next.
            fs::remove_dir_all(&copy).ok();
        })?;
        made.insert(package.to_owned(), copy.clone());
        Ok(copy)
    }
}
