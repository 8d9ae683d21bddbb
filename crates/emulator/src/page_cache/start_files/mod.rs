//! What a bootstrap reads when it starts, found without running it: its package, the files outside of it that get mapped, and
//! the library folders of its interpreter.
//!
//! It follows what the kernel and the dynamic loader would do, and what a plain shell script says. What a program opens of
//! its own accord (dlopen(3), modules) is not found here; [`super::mapped`] finds it after the first start.

mod elf;
mod interpreter;
mod libraries;
mod script;

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

pub(crate) use self::elf::Elf;
pub(crate) use self::script::{interpreters, searched};

use self::libraries::Libraries;
use super::tree::{Links, Tree};
use kelvin_sandbox::TASK_ROOT;

/// The most files outside of a package.
const MOST_IMAGES: usize = 512;

/// Scripts started by scripts; the kernel itself stops at 5 interpreters (execve(2)).
const MOST_SCRIPTS: usize = 5;

/// What the loader reads before any library.
const LOADER_FILES: [&str; 2] = ["/etc/ld.so.cache", "/etc/ld.so.preload"];

/// A bootstrap, and what it will be told. The same one is the same key for what is learned of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Program {
    pub bootstrap: PathBuf,
    /// Whether its neighbours are part of the package.
    pub whole: bool,
    /// The function's `PATH` and `LD_LIBRARY_PATH`, with `/var/task` where the package will be.
    pub path: String,
    pub library_path: String,
    /// More files and folders that it reads, as far as the caller knows.
    pub files: Vec<PathBuf>,
    pub folders: Vec<PathBuf>,
}

/// What a bootstrap reads when it starts. All paths but `names` are absolute and have no links in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StartFiles {
    pub bootstrap: PathBuf,
    /// The package, unless it is the bootstrap alone.
    pub folder: Option<PathBuf>,
    /// Files outside of the package.
    pub images: BTreeSet<PathBuf>,
    /// By which names they are found, which may be links; those in the package included.
    pub names: BTreeSet<PathBuf>,
    /// Folders outside of the package.
    pub folders: BTreeSet<PathBuf>,
    /// What is named and cannot be found, so nothing can be said of it.
    pub not_found: BTreeSet<PathBuf>,
    /// Those of all files that are executed: programs and not their scripts or libraries.
    pub programs: BTreeSet<PathBuf>,
}

impl Program {
    /// The package as it is on this machine: a folder, or the executable. Links in it are followed.
    pub(super) fn package(&self) -> io::Result<PathBuf> {
        let folder = self.bootstrap.parent().filter(|_| self.whole);
        match folder {
            // The parent of a relative file name is empty.
            Some(folder) if folder.as_os_str().is_empty() => Path::new(".").canonicalize(),
            Some(folder) => folder.canonicalize(),
            None => self.bootstrap.canonicalize(),
        }
    }

    /// Looks at the bootstrap and at all that it leads to. `links` are those that lead out of the package.
    ///
    /// Fails only if there is no such bootstrap: what is missing besides is part of the result.
    pub(crate) fn start_files(&self, links: &Links) -> io::Result<StartFiles> {
        let package = self.package()?;
        let bootstrap = self.bootstrap.canonicalize()?;
        let task_root = if self.whole { &*package } else { package.parent().unwrap_or(&package) };
        let library_path = list(&self.library_path).map(|folder| on_host(folder, task_root));
        let mut search = Search {
            libraries: Libraries::new(library_path.collect()),
            path: list(&self.path).map(|folder| on_host(folder, task_root)).collect(),
            task_root,
            seen: HashSet::new(),
            found: StartFiles {
                bootstrap,
                folder: self.whole.then(|| package.clone()),
                images: BTreeSet::new(),
                names: BTreeSet::new(),
                folders: BTreeSet::new(),
                not_found: BTreeSet::new(),
                programs: BTreeSet::new(),
            },
        };
        search.folders(self.folders.iter().chain(&links.folders));
        search.program(&self.bootstrap, 0);
        for file in self.files.iter().chain(&links.files) {
            search.program(file, 0);
        }
        Ok(search.found)
    }
}

impl Program {
    /// The same, with the links of its package as they are now.
    pub(crate) fn files_of_start(&self) -> io::Result<StartFiles> {
        let links = self.package().and_then(|package| Ok(Tree::read(&package)?.links));
        self.start_files(&links.unwrap_or_default())
    }

    /// Files and folders outside of the package that the bootstrap leads to, by all names that it knows them by.
    pub(crate) fn outside(&self) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = self.files.iter().chain(&self.folders).cloned().collect();
        if let Ok(files) = self.files_of_start() {
            found.extend(files.images.into_iter().chain(files.folders));
            found.extend(files.names.into_iter().filter(|name| !self.bootstrap.starts_with(name)));
        }
        found
    }
}

/// Where a system has its own programs.
const SYSTEM: [&str; 5] = ["/usr", "/bin", "/sbin", "/lib", "/lib64"];
/// Where others install theirs.
const NOT_SYSTEM: &str = "/usr/local";

impl StartFiles {
    /// Whether a program is started that is neither of the package nor of the system, and so may have been built for other
    /// libraries than the system's.
    pub(crate) fn leads_elsewhere(&self) -> bool {
        let of_package = |program: &Path| {
            program == self.bootstrap
                || self.folder.iter().any(|folder| program.starts_with(folder))
        };
        let of_system = |program: &Path| {
            SYSTEM.iter().any(|folder| program.starts_with(folder))
                && !program.starts_with(NOT_SYSTEM)
        };
        self.programs.iter().any(|program| !of_package(program) && !of_system(program))
    }

    /// Whether a file is part of it. `file` is absolute and has no links in it.
    pub(super) fn covers(&self, file: &Path) -> bool {
        file == self.bootstrap
            || self.images.contains(file)
            || self.folder.iter().chain(&self.folders).any(|folder| file.starts_with(folder))
    }
}

/// Follows what leads from one file to the next.
struct Search<'a> {
    libraries: Libraries,
    path: Vec<PathBuf>,
    /// Where the package is on this machine.
    task_root: &'a Path,
    seen: HashSet<PathBuf>,
    found: StartFiles,
}

impl Search<'_> {
    fn folders<'a>(&mut self, folders: impl Iterator<Item = &'a PathBuf>) {
        for folder in folders {
            match folder.canonicalize() {
                Ok(folder) if folder.is_dir() => self.found.folders.extend(Some(folder)),
                _ => self.found.not_found.extend(Some(folder.clone())),
            }
        }
    }

    /// Takes note of a file; returns its path without links, or `None` if it is not there or no file.
    fn file(&mut self, path: &Path) -> Option<PathBuf> {
        let file = path.canonicalize().ok().filter(|file| file.is_file());
        let Some(file) = file else {
            self.found.not_found.insert(path.to_owned());
            return None;
        };
        self.found.names.insert(path.to_owned());
        if !self.found.covers(&file) && self.found.images.len() < MOST_IMAGES {
            self.found.images.insert(file.clone());
        }
        Some(file)
    }

    /// A file that is executed, or may be: an ELF file or a script. `depth` counts scripts that led to it.
    fn program(&mut self, path: &Path, depth: usize) {
        let Some(file) = self.file(path) else { return };
        if !self.seen.insert(file.clone()) {
            return;
        }
        self.found.folders.extend(interpreter::folders(path, &file));
        match Elf::read(&file) {
            Ok(Some(elf)) => {
                if elf.loader.is_some() {
                    self.found.programs.insert(file.clone());
                }
                self.loaded(file, elf);
            }
            Ok(None) if depth < MOST_SCRIPTS => self.script(&file, depth),
            // What cannot be read can be executed all the same; its eviction will fail and be reported.
            Ok(None) | Err(_) => {}
        }
    }

    fn script(&mut self, file: &Path, depth: usize) {
        let mut text = Vec::new();
        let read = File::open(file).and_then(|f| f.take(script::MOST_BYTES).read_to_end(&mut text));
        let named = read.ok().and_then(|_| script::programs(&text, self.task_root));
        for named in named.into_iter().flatten() {
            let program = if named.program.components().count() > 1 {
                Some(on_host(named.program.clone(), self.task_root))
            } else {
                let mut places = self.path.iter().map(|folder| folder.join(&named.program));
                places.find(|place| place.is_file())
            };
            match program {
                Some(program) => self.program(&program, depth + 1),
                None => self.found.not_found.extend(Some(named.program)),
            }
            let files = named.files.into_iter().map(|file| on_host(file, self.task_root));
            for file in files.filter(|file| file.is_file()).collect::<Vec<_>>() {
                self.file(&file);
            }
        }
    }

    /// Everything that the loader maps for an executable or a library, itself included.
    fn loaded(&mut self, file: PathBuf, elf: Elf) {
        if let Some(loader) = &elf.loader {
            self.file(loader);
            for file in LOADER_FILES.map(Path::new).into_iter().filter(|file| file.is_file()) {
                self.file(file);
            }
            let preloaded = fs::read_to_string(LOADER_FILES[1]).unwrap_or_default();
            for library in preloaded.split_whitespace().filter(|name| name.starts_with('/')) {
                self.file(Path::new(library));
            }
        }
        // The loader maps a library once, whoever needs it.
        let mut names = HashSet::new();
        let mut queue = VecDeque::from([(file, elf, Vec::new())]);
        while let Some((file, elf, inherited)) = queue.pop_front() {
            let mut below: Vec<_> = libraries::expanded(&elf.rpath, &file).collect();
            below.extend(inherited.iter().cloned());
            for name in &elf.needed {
                if names.len() > MOST_IMAGES || !names.insert(name.clone()) {
                    continue;
                }
                let Some(library) = self.libraries.find(name, &file, &elf, &inherited) else {
                    self.found.not_found.insert(name.clone());
                    continue;
                };
                self.file(&library);
                if let Ok(Some(elf)) = Elf::read(&library) {
                    // Its folder counts as it was found, before links are followed (`$ORIGIN` in ld.so(8)).
                    queue.push_back((library, elf, below.clone()));
                }
            }
        }
    }
}

fn path_of(bytes: &[u8]) -> PathBuf {
    OsStr::from_bytes(bytes).into()
}

fn list(folders: &str) -> impl Iterator<Item = PathBuf> {
    folders.split(':').filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// Where the path that a function sees is on this machine; `task_root` is where its package is.
pub(crate) fn on_host(path: PathBuf, task_root: &Path) -> PathBuf {
    match path.strip_prefix(TASK_ROOT) {
        Ok(below) => task_root.join(below),
        Err(_) => path,
    }
}
