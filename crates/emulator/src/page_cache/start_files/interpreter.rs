//! What an interpreter reads besides its executable and the libraries that are mapped: the library folders of Python.
//!
//! Others have theirs in the executable (Node.js), or the caller names them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The library folders of a program by its path, before and after its links are followed: those of a virtual environment
/// and of what it is made from. Empty if it is no Python.
pub(super) fn folders(program: &Path, followed: &Path) -> BTreeSet<PathBuf> {
    let is_python = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("python"))
    };
    if !is_python(program) && !is_python(followed) {
        return BTreeSet::new();
    }
    // `python3.11` has its libraries in `lib/python3.11`; Debian's packages are in `lib/python3`.
    let version = followed.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let version = version.trim_start_matches("python");
    let prefixes = [program, followed].into_iter().filter_map(|path| path.parent()?.parent());
    let libraries = prefixes.flat_map(|prefix| ["lib", "lib64"].map(|name| prefix.join(name)));
    let mut folders = BTreeSet::new();
    for entry in libraries.flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten()) {
        let name = entry.file_name();
        let Some(of) = name.to_str().and_then(|name| name.strip_prefix("python")) else { continue };
        let fits = of == version || (!of.is_empty() && (of == "3" || !version.contains('.')));
        if fits && entry.path().is_dir() {
            folders.extend(entry.path().canonicalize());
        }
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_has_the_library_folder_of_its_version() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().canonicalize().unwrap();
        for folder in ["usr/bin", "usr/lib/python3.11", "usr/lib/python3.12", "usr/lib/python3"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        for folder in ["venv/bin", "venv/lib/python3.11/site-packages"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        for (program, followed, expected) in [
            (
                "usr/bin/python3",
                "usr/bin/python3.11",
                &["usr/lib/python3", "usr/lib/python3.11"][..],
            ),
            (
                "venv/bin/python",
                "usr/bin/python3.11",
                &["usr/lib/python3", "usr/lib/python3.11", "venv/lib/python3.11"],
            ),
            ("usr/bin/node", "usr/bin/node", &[]),
        ] {
            let found = folders(&root.join(program), &root.join(followed));
            let expected = expected.iter().map(|folder| root.join(folder)).collect();
            assert_eq!(found, expected, "{program}");
        }
    }
}
