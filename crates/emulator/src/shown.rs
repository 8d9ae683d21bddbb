//! Which folders of this machine are hidden from a function, and what it sees of them all the same: interpreters and what belongs to them, wherever they were
//! installed.

use std::fs;
use std::path::{Path, PathBuf};

/// The kernel follows no more links than this in a path (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// Where people keep what is theirs: empty for a function, as nothing of it is there on Lambda.
const HIDDEN: [&str; 5] = ["/home", "/root", "/mnt", "/media", "/srv"];

/// What every program needs, and where an environment has files of its own.
const SYSTEM: [&str; 10] =
    ["/bin", "/dev", "/etc", "/lib", "/proc", "/sys", "/tmp", "/usr", "/var/task", "/opt"];

/// The folders that functions do not see: those of this machine's users and `others`, as far as they are there, without links,
/// and none of them in another one.
pub(crate) fn hidden<'a>(others: impl Iterator<Item = &'a PathBuf>) -> Vec<PathBuf> {
    let folders = HIDDEN.iter().map(Path::new).chain(others.map(PathBuf::as_path));
    let mut all: Vec<PathBuf> = folders.filter_map(|folder| folder.canonicalize().ok()).collect();
    // A folder with the system in it cannot be hidden, and /tmp is another one in each environment.
    let holds_system =
        |folder: &Path| SYSTEM.iter().any(|path| Path::new(path).starts_with(folder));
    all.retain(|folder| folder.is_dir() && !holds_system(folder) && !folder.starts_with("/tmp"));
    all.sort();
    all.dedup_by(|inner, outer| inner.starts_with(outer));
    all
}

/// What has to be seen so that `files` can be used, of the folders `hidden`, which have no links in them, and of `/tmp`, in the
/// place of which an environment has its own.
///
/// An interpreter comes with the folder that it was installed in, the one above `bin`; any other file comes alone.
pub(crate) fn shown(hidden: &[PathBuf], files: &[PathBuf]) -> Vec<PathBuf> {
    let mut shown = Vec::new();
    for file in files {
        let mut name = file.clone();
        for _ in 0..MOST_LINKS {
            shown.extend(belongs_together(hidden, &name));
            // Each name that leads to it is used, those of links in its path included.
            let Some(next) = follow(&name) else { break };
            name = next;
        }
    }
    shown.sort();
    shown.dedup_by(|inner, outer| inner.starts_with(outer));
    shown
}

fn belongs_together(hidden: &[PathBuf], file: &Path) -> Option<PathBuf> {
    let hidden = hidden.iter().map(PathBuf::as_path).chain([Path::new("/tmp")]);
    let folder = hidden.into_iter().find(|folder| file.starts_with(folder))?;
    let installed =
        file.ancestors().find(|path| path.file_name().is_some_and(|name| name == "bin"));
    let installed = installed.and_then(Path::parent);
    // A home with a folder bin is not something that was installed.
    let installed =
        installed.filter(|prefix| !folder.starts_with(prefix) && is_installation(prefix));
    Some(installed.unwrap_or(file).to_owned())
}

/// Whether a folder looks like the prefix of an installation rather than like somebody's home.
fn is_installation(prefix: &Path) -> bool {
    ["lib", "lib64", "pyvenv.cfg"].iter().any(|name| prefix.join(name).exists())
        && !prefix.join(".profile").exists()
        && !prefix.join(".bashrc").exists()
}

/// Where the first link in a path leads.
fn follow(path: &Path) -> Option<PathBuf> {
    let mut walked = PathBuf::new();
    let mut rest = path.components();
    while let Some(part) = rest.next() {
        walked.push(part);
        if let Ok(target) = fs::read_link(&walked) {
            let base = walked.parent().unwrap_or(Path::new("/"));
            let mut followed = normal(&base.join(target));
            followed.extend(rest);
            return Some(followed);
        }
    }
    None
}

/// Without `.` and `..`, of a path without links.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(normal.pop()),
            std::path::Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn an_interpreter_comes_with_what_belongs_to_it_and_a_home_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().canonicalize().unwrap();
        let make = |path: &str| {
            let path = home.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        make("ada/.profile");
        make("ada/bin/tool");
        make("ada/lib/notes");
        make("ada/py/3.12/bin/python3.12");
        make("ada/py/3.12/lib/os.py");
        make("ada/venv/pyvenv.cfg");
        fs::create_dir_all(home.join("ada/venv/bin")).unwrap();
        symlink("../../current/bin/python3.12", home.join("ada/venv/bin/python")).unwrap();
        symlink("py/3.12", home.join("ada/current")).unwrap();
        let check = |file: &str, expected: &[&str]| {
            let found = shown(std::slice::from_ref(&home), &[home.join(file)]);
            let expected: Vec<PathBuf> = expected.iter().map(|path| home.join(path)).collect();
            assert_eq!(found, expected, "{file}");
        };
        check("ada/bin/tool", &["ada/bin/tool"]);
        check("ada/py/3.12/bin/python3.12", &["ada/py/3.12"]);
        check("ada/py/3.12/lib/os.py", &["ada/py/3.12/lib/os.py"]);
        // By the name that is used, by the link in the midst of what it leads to, and as it is.
        check("ada/venv/bin/python", &["ada/current", "ada/py/3.12", "ada/venv"]);
        assert_eq!(shown(&[home], &["/usr/bin/env".into()]), [""; 0].map(PathBuf::from));
    }
}
