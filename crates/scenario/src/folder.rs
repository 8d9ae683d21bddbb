//! What lies beside a script: the trait [`ScriptFolder`].

use std::fmt;
use std::path::{Path, PathBuf};

use crate::HostError;

/// The folder of a script, read only. Whoever implements it does the reading, and lets nothing outside of the folder be read.
///
/// Paths are relative, with `/` between their parts, and none of their parts is `.` or `..`.
pub trait ScriptFolder: fmt::Debug + Send + Sync {
    /// The text of a module, which is the file `NAME.rhai` beside the script; `None` if there is none.
    fn module(&self, name: &str) -> Result<Option<String>, HostError>;

    /// The names of all modules, for messages.
    fn modules(&self) -> Vec<String>;

    /// The names of the files that are directly in a folder, in any order; the empty path is the script's own folder.
    fn list(&self, folder: &Path) -> Result<Vec<String>, HostError>;

    /// Where a path of the script leads that somebody else reads: that of a function's code or bootstrap, of a service's folder.
    /// It may lead out of the script's folder.
    fn path(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }

    /// A file; fails if it has more bytes than `limit`.
    fn read(&self, file: &Path, limit: usize) -> Result<Vec<u8>, HostError>;
}

/// Of a script that comes from nowhere: there is nothing beside it.
#[derive(Clone, Copy, Debug)]
pub struct NoFolder;

impl ScriptFolder for NoFolder {
    fn module(&self, _name: &str) -> Result<Option<String>, HostError> {
        Ok(None)
    }

    fn modules(&self) -> Vec<String> {
        Vec::new()
    }

    fn list(&self, _folder: &Path) -> Result<Vec<String>, HostError> {
        Err(HostError::new("this script has no folder"))
    }

    fn read(&self, _file: &Path, _limit: usize) -> Result<Vec<u8>, HostError> {
        Err(HostError::new("this script has no folder"))
    }
}
