//! Where interpreters are: on PATH, and where version managers keep theirs. Nothing is started to find out.

use std::cmp::Reverse;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use kelvin_emulator::{TASK_ROOT, TMP};

use crate::runtimes::kind::Kind;

/// Where a version manager keeps interpreters: `ROOT/BELOW/VERSION/BIN/PROGRAM`.
#[derive(Debug)]
pub(super) struct Manager {
    /// Names its root.
    pub variable: &'static str,
    /// Its root below the home of the user, unless it begins with a `/`.
    pub root: &'static str,
    pub below: &'static str,
    pub bin: &'static str,
}

/// An interpreter that seems to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Which release it is by its name or that of its folder; `None` if they do not say.
    pub release: Option<String>,
    pub program: PathBuf,
}

/// The interpreter that a shell would start.
pub(super) fn on_path(kind: &Kind) -> Option<PathBuf> {
    folders_of_path().into_iter().map(|folder| folder.join(kind.program)).find(|p| p.is_file())
}

/// All interpreters of a language: those on PATH first, then those of version managers, the latest version first.
pub(super) fn all(kind: &Kind) -> Vec<Place> {
    let mut places = Vec::new();
    for folder in folders_of_path() {
        let mut names = names(&folder);
        names.sort_unstable();
        for name in names {
            let release = name.strip_prefix(kind.prefix).filter(|rest| kind.is_release(rest));
            let release = release.map(str::to_owned);
            if release.is_some() || name == kind.program {
                places.push(Place { release, program: folder.join(name) });
            }
        }
    }
    let home = env::home_dir().unwrap_or_default();
    for manager in kind.managers {
        places.extend(managed(kind, manager, &home));
    }
    let mut seen = Vec::new();
    places.retain(|place| {
        let is_new = place.program.is_file() && !seen.contains(&place.program);
        seen.push(place.program.clone());
        is_new
    });
    places
}

/// The releases that [`all`] has found, for messages: `3.11, 3.12`.
pub(super) fn releases(places: &[Place]) -> String {
    let mut releases: Vec<&str> = places.iter().filter_map(|p| p.release.as_deref()).collect();
    releases.sort_by_key(|release| numbers(release));
    releases.dedup();
    releases.join(", ")
}

/// Whether a path leads to what functions do not see, as they have folders of their own there. It need not be there yet.
pub(super) fn is_hidden(path: &Path) -> bool {
    let is_below = |path: &Path| [TMP, TASK_ROOT].iter().any(|own| path.starts_with(own));
    let without_links = path.ancestors().find_map(|there| {
        let rest = path.strip_prefix(there).ok()?;
        Some(there.canonicalize().ok()?.join(rest))
    });
    is_below(path) || without_links.is_some_and(|path| is_below(&path))
}

fn managed(kind: &Kind, manager: &Manager, home: &Path) -> Vec<Place> {
    let root = env::var_os(manager.variable).filter(|root| !root.is_empty());
    let root = root.map_or_else(|| home.join(manager.root), PathBuf::from);
    let root = root.join(manager.below);
    let mut versions: Vec<(Vec<u64>, String)> = Vec::new();
    for name in names(&root) {
        // cpython-3.12.3-linux-x86_64-gnu, v22.1.0, 3.13.0
        let start = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
        let version = name[start..].split(|c: char| !c.is_ascii_digit() && c != '.').next();
        let numbers = numbers(version.unwrap_or_default());
        if numbers.len() >= kind.numbers {
            versions.push((numbers, name));
        }
    }
    versions.sort_unstable_by(|a, b| Reverse(&a.0).cmp(&Reverse(&b.0)).then(a.1.cmp(&b.1)));
    let place = |(numbers, name): (Vec<u64>, String)| {
        let release: Vec<String> =
            numbers.iter().take(kind.numbers).map(ToString::to_string).collect();
        let program = root.join(name).join(manager.bin).join(kind.program);
        Place { release: Some(release.join(".")), program }
    };
    versions.into_iter().map(place).collect()
}

/// The numbers of a version, or none if it is no version.
pub(super) fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map(str::parse).collect::<Result<_, _>>().unwrap_or_default()
}

fn folders_of_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).filter(|folder| folder.is_absolute()).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::runtimes::name;

    #[test]
    fn what_leads_to_a_folder_that_functions_have_of_their_own_is_hidden() {
        let place = tempfile::tempdir_in("/var/tmp").unwrap();
        symlink(TMP, place.path().join("link")).unwrap();
        fs::create_dir(place.path().join("folder")).unwrap();
        let check = |path: &str, expected| {
            assert_eq!(is_hidden(&place.path().join(path)), expected, "{path}");
        };
        check("/tmp", true);
        check("/tmp/no/such/folder", true);
        check("/tmporary", false);
        check("/var/task/python", true);
        check("link", true);
        check("link/no/such/folder", true);
        check("folder/no/such/folder", false);
        check("no/such/folder", false);
    }

    #[test]
    fn version_managers_have_a_folder_a_version() {
        let home = tempfile::tempdir().unwrap();
        let python = name::read("python").unwrap().kind;
        let manager =
            Manager { variable: "NO_SUCH_VARIABLE", root: "root", below: "versions", bin: "bin" };
        for version in ["3.9.18", "3.11.7", "3.11.10", "cpython-3.12.3-linux", "notes", "system"] {
            fs::create_dir_all(home.path().join("root/versions").join(version)).unwrap();
        }
        let found = managed(python, &manager, home.path());
        let releases = found.iter().map(|place| place.release.as_deref().unwrap());
        assert_eq!(releases.collect::<Vec<_>>(), ["3.12", "3.11", "3.11", "3.9"]);
        assert!(found[1].program.ends_with("versions/3.11.10/bin/python3"), "{found:?}");
        assert_eq!(super::releases(&found), "3.9, 3.11, 3.12");
    }
}
