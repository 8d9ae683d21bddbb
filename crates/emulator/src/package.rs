//! The files of an execution environment on this machine: where its package and its `/tmp` are, before it sees them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kelvin_lambda::EphemeralStorage;

use kelvin_sandbox::{Files, Mount, TASK_ROOT, Tmp};

use crate::deployable::Code;
use crate::shown::shown;

/// What an executable is called that has no package.
const ALONE: &str = "bootstrap";

/// Where an environment's files are.
#[derive(Debug)]
pub(crate) struct Package {
    /// Holds everything that was made for the environment.
    pub folder: PathBuf,
    code: Code,
    mounts: Vec<Mount>,
    private: bool,
}

/// What a process is told about its files.
#[derive(Debug)]
pub(crate) struct View {
    /// The executable, as the process sees it.
    pub bootstrap: PathBuf,
    /// `LAMBDA_TASK_ROOT`.
    pub task_root: PathBuf,
    /// `TMPDIR`, which Lambda does not set; only where `/tmp` is not the environment's own.
    pub tmp: Option<PathBuf>,
    pub files: Option<Files>,
}

impl Package {
    /// Makes the environment's folders.
    pub(crate) fn new(folder: PathBuf, private: bool) -> io::Result<Package> {
        fs::create_dir_all(folder.join("tmp"))?;
        fs::create_dir(folder.join("task"))?;
        let code = Code { bootstrap: PathBuf::new(), whole: false };
        Ok(Package { folder, code, mounts: Vec::new(), private })
    }

    /// Puts the code into the package, with the files that are to be mounted over others.
    pub(crate) fn fill(&mut self, code: Code, mounts: Vec<Mount>) -> io::Result<()> {
        let task = self.folder.join("task");
        (self.code, self.mounts) = (code, mounts);
        match (self.code.folder(), self.private) {
            // The folder itself is mounted.
            (Some(_), true) => {}
            (Some(whole), false) => {
                for entry in fs::read_dir(whole)? {
                    let entry = entry?;
                    std::os::unix::fs::symlink(entry.path(), task.join(entry.file_name()))?;
                }
            }
            // An empty file to mount the executable on.
            (None, true) => drop(fs::File::create(task.join(ALONE))?),
            (None, false) => {
                std::os::unix::fs::symlink(&self.code.bootstrap, task.join(ALONE))?;
            }
        }
        Ok(())
    }

    /// What is mounted at `/tmp`, if anything is.
    pub(crate) fn own_tmp(&self, ephemeral_storage: EphemeralStorage) -> Option<Tmp> {
        let bytes = u64::from(ephemeral_storage.mb()) << 20;
        self.private.then(|| Tmp { folder: self.folder.join("tmp"), bytes })
    }

    /// What the process is told, which sees of `hidden` folders only what it reads `outside` of its package.
    pub(crate) fn view(&self, hidden: Vec<PathBuf>, outside: &[PathBuf]) -> View {
        let (task, tmp) = (self.folder.join("task"), self.folder.join("tmp"));
        let name = self.code.folder().and_then(|_| self.code.bootstrap.file_name());
        let name = name.unwrap_or(ALONE.as_ref());
        if !self.private {
            return View {
                bootstrap: task.join(name),
                task_root: task,
                tmp: Some(tmp),
                files: None,
            };
        }
        let (task, bootstrap) = match self.code.folder() {
            Some(whole) => (whole.to_owned(), None),
            None => (task, Some(self.code.bootstrap.clone())),
        };
        View {
            bootstrap: Path::new(TASK_ROOT).join(name),
            task_root: PathBuf::from(TASK_ROOT),
            tmp: None,
            files: Some(Files {
                task,
                bootstrap,
                tmp,
                mounts: self.mounts.clone(),
                shown: shown(&hidden, outside),
                hidden,
            }),
        }
    }
}
