//! The files of an execution environment on this machine: where its package and its `/tmp` are, before it sees them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kelvin_lambda::EphemeralStorage;

use kelvin_sandbox::{Files, Mount, TASK_ROOT, Tmp};

use crate::shown::shown;

/// Where an environment's files are.
#[derive(Debug)]
pub(crate) struct Package {
    /// Holds everything that was made for the environment.
    pub folder: PathBuf,
    bootstrap: PathBuf,
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
        Ok(Package { folder, bootstrap: PathBuf::new(), mounts: Vec::new(), private })
    }

    /// Puts the code into the package, with the files that are to be mounted over others.
    ///
    /// A file named `bootstrap` is taken for part of a package, like the zip that would be deployed: its neighbours come
    /// along.
    pub(crate) fn fill(&mut self, bootstrap: &Path, mounts: Vec<Mount>) -> io::Result<()> {
        let task = self.folder.join("task");
        (self.bootstrap, self.mounts) = (bootstrap.to_owned(), mounts);
        match (whole(&self.bootstrap), self.private) {
            // The folder itself is mounted.
            (Some(_), true) => {}
            (Some(whole), false) => {
                for entry in fs::read_dir(whole)? {
                    let entry = entry?;
                    std::os::unix::fs::symlink(entry.path(), task.join(entry.file_name()))?;
                }
            }
            // An empty file to mount the executable on.
            (None, true) => drop(fs::File::create(task.join("bootstrap"))?),
            (None, false) => std::os::unix::fs::symlink(bootstrap, task.join("bootstrap"))?,
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
        if !self.private {
            return View {
                bootstrap: task.join("bootstrap"),
                task_root: task,
                tmp: Some(tmp),
                files: None,
            };
        }
        let (task, bootstrap) = match whole(&self.bootstrap) {
            Some(whole) => (whole.to_owned(), None),
            None => (task, Some(self.bootstrap.clone())),
        };
        View {
            bootstrap: Path::new(TASK_ROOT).join("bootstrap"),
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

/// The folder of a package, if it is one and not a bare executable.
pub(crate) fn whole(bootstrap: &Path) -> Option<&Path> {
    let named = bootstrap.file_name().is_some_and(|name| name == "bootstrap");
    bootstrap.parent().filter(|_| named)
}
