//! What a function is deployed from: an executable that this machine can run, and whether the folder that it lies in is its
//! package.
//!
//! The rule of packages: the folder that a bootstrap lies in comes along, as in the zip that would be deployed. Alone goes an
//! executable of another name than `bootstrap` whose folder is one of programs: `bin`, `sbin`, or one that cargo builds into.
//! `.git`, what a CACHEDIR.TAG calls a cache (cargo's `target`), and Kelvin's own results are in no package.

mod contents;
mod copies;
mod executable;

use std::io;
use std::path::{Path, PathBuf};

use self::contents::Contents;
pub(crate) use self::copies::Copies;

/// The largest package, unzipped ("Lambda quotas", AWS Lambda developer guide).
const MOST_BYTES: u64 = 250 << 20;

/// An executable that can be deployed.
#[derive(Debug)]
pub struct Deployable {
    /// By its own name, in a folder without links.
    bootstrap: PathBuf,
    contents: Contents,
}

/// What an execution environment is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    pub bootstrap: PathBuf,
    /// Whether the folder of the bootstrap is the package.
    pub whole: bool,
}

impl Code {
    /// The folder of the package, unless it is the executable alone.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.bootstrap.parent().filter(|_| self.whole)
    }
}

/// What is to be known besides the path of a bootstrap.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'a> {
    /// The function's PATH, if it is not Lambda's: an interpreter may be looked for in it.
    pub path: Option<&'a str>,
    /// Folders that are part of no package, without links in their paths.
    pub left_out: &'a [PathBuf],
}

impl Deployable {
    /// Looks at a bootstrap. Fails if it cannot be executed here, or if its package is larger than Lambda takes; the error says
    /// what to do.
    pub fn look(bootstrap: &Path, around: Surroundings<'_>) -> io::Result<Deployable> {
        let bootstrap = executable::find(bootstrap)?;
        let folder = package(&bootstrap);
        let task_root = folder.or(bootstrap.parent()).unwrap_or(Path::new("/"));
        executable::check(&bootstrap, task_root, around.path.unwrap_or(crate::env_vars::PATH))?;
        let contents = contents(&bootstrap, around.left_out)?;
        if contents.bytes > MOST_BYTES {
            return Err(too_large(&contents, folder));
        }
        Ok(Deployable { bootstrap, contents })
    }

    /// What can be deployed as it is: in place, or one of `copies` where links lead out of the package or something is left out.
    pub(crate) fn code(&self, copies: &Copies) -> io::Result<Code> {
        let whole = self.contents.is_folder;
        if !whole {
            // It is mounted by whatever name it has.
            return Ok(Code { bootstrap: self.bootstrap.canonicalize()?, whole });
        }
        let package = self.bootstrap.parent().filter(|_| !self.contents.in_place);
        let bootstrap = match package {
            Some(package) => {
                let copy = copies.of(package, &self.contents)?;
                copy.join(self.bootstrap.file_name().unwrap_or_default())
            }
            None => self.bootstrap.clone(),
        };
        Ok(Code { bootstrap, whole })
    }
}

/// The size of a bootstrap's package in bytes, unzipped, without `left_out` as in [`Surroundings`]. Whether it could be deployed
/// is not looked at.
pub fn package_bytes(bootstrap: &Path, left_out: &[PathBuf]) -> io::Result<u64> {
    contents(&executable::find(bootstrap)?, left_out).map(|contents| contents.bytes)
}

/// Copies a folder of code as a package has it: links followed, and without what is in none or in `left_out`, whose paths have
/// no links. `to` must not be there; fails if the package would be larger than Lambda takes.
pub fn copy_package(folder: &Path, to: &Path, left_out: &[PathBuf]) -> io::Result<()> {
    let contents = Contents::of_folder(&folder.canonicalize()?, left_out)?;
    if contents.bytes > MOST_BYTES {
        return Err(too_large(&contents, Some(folder)));
    }
    contents.copy(to)
}

fn contents(bootstrap: &Path, left_out: &[PathBuf]) -> io::Result<Contents> {
    match package(bootstrap) {
        Some(folder) => Contents::of_folder(folder, left_out),
        None => Contents::of_file(bootstrap),
    }
}

/// The folder that comes along, if one does.
fn package(bootstrap: &Path) -> Option<&Path> {
    let folder = bootstrap.parent()?;
    let is_named = bootstrap.file_name().is_some_and(|name| name == "bootstrap");
    (is_named || !is_of_programs(folder)).then_some(folder)
}

/// Whether many programs lie in a folder that have nothing to do with each other.
fn is_of_programs(folder: &Path) -> bool {
    let is_bin = folder.file_name().is_none_or(|name| name == "bin" || name == "sbin");
    // Of a profile, and of its `deps` and `examples`.
    let of_profile = folder.ancestors().take(2).any(|folder| folder.join(".cargo-lock").exists());
    is_bin || of_profile || folder.ancestors().any(contents::is_cache)
}

fn too_large(contents: &Contents, folder: Option<&Path>) -> io::Error {
    let megabytes = contents.bytes.div_ceil(1 << 20);
    io::Error::other(match folder {
        Some(folder) => format!(
            "its package, the folder {}, has {megabytes} MB, and Lambda takes 250 MB unzipped; put it into a folder of its own \
             with what it needs",
            folder.display()
        ),
        None => format!("it has {megabytes} MB, and Lambda takes 250 MB unzipped"),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_folder_of_a_bootstrap_is_its_package_but_not_one_of_programs() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().canonicalize().unwrap();
        for folder in ["code", "tools/bin", "target/debug/deps", "cache/a/b", "plain/release"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        fs::write(root.join("target/debug/.cargo-lock"), "").unwrap();
        fs::write(root.join("cache/CACHEDIR.TAG"), contents::TAG).unwrap();
        fs::write(root.join("plain/CACHEDIR.TAG"), "not one").unwrap();
        let check = |path: &str, expected: bool| {
            let path = root.join(path);
            let expected = expected.then(|| path.parent().unwrap());
            assert_eq!(package(&path), expected, "{}", path.display());
        };
        check("code/bootstrap", true);
        check("code/start.sh", true);
        check("tools/bin/start.sh", false);
        check("tools/bin/bootstrap", true);
        check("target/debug/hello", false);
        check("target/debug/deps/hello", false);
        check("cache/a/b/hello", false);
        check("cache/a/b/bootstrap", true);
        check("plain/release/hello", true);
        assert_eq!(package(Path::new("/bin/false")), None);
        assert_eq!(package(Path::new("/program")), None);
    }

    #[test]
    fn functions_of_one_package_have_one_copy() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().canonicalize().unwrap();
        for folder in ["one/.git", "two/.git"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let copies = Copies::new(root.join("copies"));
        let copy_of = |name: &str| {
            let path = root.join(name);
            fs::write(&path, "#!/bin/sh\n").unwrap();
            fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
            let found = Deployable::look(&path, Surroundings::default()).unwrap();
            let code = found.code(&copies).unwrap();
            assert_eq!(code.bootstrap.file_name(), path.file_name());
            code.folder().map(Path::to_owned)
        };
        let first = copy_of("one/bootstrap");
        assert_eq!(copy_of("one/bootstrap"), first);
        assert_ne!(copy_of("two/start.sh"), first);
        // A copy that fails leaves nothing that is in the way.
        let lost = root.join("three/lost");
        fs::create_dir_all(root.join("three/.git")).unwrap();
        fs::write(&lost, "").unwrap();
        let contents = Contents::of_folder(&root.join("three"), &[]).unwrap();
        fs::remove_file(&lost).unwrap();
        assert!(copies.of(&root.join("three"), &contents).is_err());
        assert_eq!(fs::read_dir(root.join("copies")).unwrap().count(), 2);
    }
}
