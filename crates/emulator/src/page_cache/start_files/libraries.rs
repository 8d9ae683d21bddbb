//! Where the dynamic loader finds a library (ld.so(8)), with the configuration of this machine.
//!
//! Left out: folders for particular processors (`glibc-hwcaps`), and `$LIB` and `$PLATFORM` in a search path. What is mapped
//! from there is learned after the first start.

use std::fs;
use std::path::{Path, PathBuf};

use super::elf::Elf;

/// Where loaders look without being told: those of glibc for a 64-bit program, with Debian's folders, and that of musl.
const DEFAULT_FOLDERS: [&str; 5] = ["/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib"];

/// Folders in which Debian and Ubuntu keep the libraries of an architecture.
const DEBIAN_FOLDERS: [&str; 2] = ["/lib/ARCH-linux-gnu", "/usr/lib/ARCH-linux-gnu"];

/// Files of the loader's configuration that name more files.
const MOST_INCLUDED: usize = 64;

/// Where libraries are.
#[derive(Debug)]
pub(super) struct Libraries {
    /// `LD_LIBRARY_PATH`.
    first: Vec<PathBuf>,
    /// Of this machine.
    last: Vec<PathBuf>,
}

impl Libraries {
    pub(super) fn new(library_path: Vec<PathBuf>) -> Libraries {
        let mut last = configured(Path::new("/etc/ld.so.conf"), &mut 0);
        let arch = std::env::consts::ARCH;
        last.extend(DEBIAN_FOLDERS.map(|folder| folder.replace("ARCH", arch).into()));
        last.extend(DEFAULT_FOLDERS.map(PathBuf::from));
        Libraries { first: library_path, last }
    }

    /// The file that `name` means in the file `needed_by`. `inherited` are the `rpath` folders of those that needed that file.
    pub(super) fn find(
        &self,
        name: &Path,
        needed_by: &Path,
        elf: &Elf,
        inherited: &[PathBuf],
    ) -> Option<PathBuf> {
        let fits = |path: &PathBuf| {
            path.is_file()
                && matches!(Elf::read(path), Ok(Some(found)) if found.machine == elf.machine)
        };
        if name.components().count() > 1 {
            return Some(name.to_owned()).filter(fits);
        }
        let own = expanded(&elf.rpath, needed_by).filter(|_| elf.runpath.is_empty());
        own.chain(inherited.iter().filter(|_| elf.runpath.is_empty()).cloned())
            .chain(self.first.iter().cloned())
            .chain(expanded(&elf.runpath, needed_by))
            .chain(self.last.iter().cloned())
            .map(|folder| folder.join(name))
            .find(fits)
    }
}

/// Folders of a file's own search path, in which `$ORIGIN` is the folder of the file.
pub(super) fn expanded(folders: &[PathBuf], file: &Path) -> impl Iterator<Item = PathBuf> {
    let origin = file.parent().unwrap_or(Path::new("/")).to_owned();
    folders.iter().filter_map(move |folder| {
        let mut parts = folder.components();
        let whole = match parts.next()?.as_os_str().to_str()? {
            "$ORIGIN" | "${ORIGIN}" => origin.join(parts.as_path()),
            _ => folder.clone(),
        };
        (whole.is_absolute() && !whole.to_string_lossy().contains('$')).then_some(whole)
    })
}

/// The folders that a file like `/etc/ld.so.conf` names, and the files that it includes.
fn configured(file: &Path, included: &mut usize) -> Vec<PathBuf> {
    *included += 1;
    if *included > MOST_INCLUDED {
        return Vec::new();
    }
    let text = fs::read_to_string(file).unwrap_or_default();
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let mut folders = Vec::new();
    for line in lines {
        match line.split_once(char::is_whitespace) {
            Some(("include", pattern)) => {
                let base = file.parent().unwrap_or(Path::new("/"));
                for file in matching(&base.join(pattern.trim())) {
                    folders.extend(configured(&file, included));
                }
            }
            _ => folders.extend(Some(PathBuf::from(line)).filter(|folder| folder.is_absolute())),
        }
    }
    folders
}

/// Files whose name matches one with a `*`, in order.
fn matching(pattern: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some(name)) = (pattern.parent(), pattern.file_name()) else {
        return Vec::new();
    };
    let name = name.to_string_lossy();
    let Some((start, end)) = name.split_once('*') else { return vec![pattern.to_owned()] };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        })
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_is_the_folder_of_the_file() {
        for (folder, expected) in [
            ("$ORIGIN", Some("/opt/a/bin")),
            ("$ORIGIN/../lib", Some("/opt/a/bin/../lib")),
            ("${ORIGIN}/lib", Some("/opt/a/bin/lib")),
            ("/opt/b", Some("/opt/b")),
            ("$LIB", None),
            ("/opt/$PLATFORM", None),
            ("relative", None),
        ] {
            let folders = [PathBuf::from(folder)];
            let found = expanded(&folders, Path::new("/opt/a/bin/app")).next();
            assert_eq!(found.as_deref(), expected.map(Path::new), "{folder}");
        }
    }

    #[test]
    fn the_configuration_names_folders_and_files_that_name_more() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
        fs::create_dir(place.path().join("conf.d")).unwrap();
        write("main.conf", "# comment\ninclude conf.d/*.conf\n/last # why\nrelative\n");
        write("conf.d/b.conf", "/second\n");
        write("conf.d/a.conf", "/first\n\n");
        write("conf.d/c.txt", "/never\n");
        write("loop.conf", "include loop.conf\n/once\n");
        let configured = |name: &str| super::configured(&place.path().join(name), &mut 0);
        assert_eq!(configured("main.conf"), ["/first", "/second", "/last"].map(PathBuf::from));
        assert_eq!(configured("loop.conf").len(), MOST_INCLUDED);
        assert!(configured("missing.conf").is_empty());
    }

    #[test]
    fn a_library_is_found_in_the_order_of_the_loader() {
        let place = tempfile::tempdir().unwrap();
        let program = std::env::current_exe().unwrap();
        let machine = Elf::read(&program).unwrap().unwrap().machine;
        let folder = |name: &str, library: bool| {
            let folder = place.path().join(name);
            fs::create_dir(&folder).unwrap();
            if library {
                fs::copy("/bin/sh", folder.join("libx.so")).unwrap();
            }
            folder
        };
        let (rpath, runpath) = (folder("rpath", true), folder("runpath", true));
        let (inherited, first) = (folder("inherited", true), folder("first", true));
        let wrong = folder("wrong", false);
        fs::write(wrong.join("libx.so"), "no library").unwrap();
        let libraries = Libraries::new(vec![wrong.clone(), first.clone()]);
        let find = |rpath: &[&PathBuf], runpath: &[&PathBuf], inherited: &[&PathBuf]| {
            let own = |folders: &[&PathBuf]| folders.iter().copied().cloned().collect::<Vec<_>>();
            let elf = Elf { machine, rpath: own(rpath), runpath: own(runpath), ..Elf::default() };
            let found = libraries.find(Path::new("libx.so"), &program, &elf, &own(inherited));
            found.unwrap().parent().unwrap().to_owned()
        };
        assert_eq!(find(&[&rpath], &[], &[&inherited]), rpath);
        assert_eq!(find(&[], &[], &[&inherited]), inherited);
        assert_eq!(find(&[&rpath], &[&runpath], &[&inherited]), first);
        assert_eq!(find(&[&wrong], &[], &[]), first);
        let nowhere = Libraries::new(Vec::new());
        let elf = Elf { machine, ..Elf::default() };
        assert_eq!(nowhere.find(Path::new("libx.so"), &program, &elf, &[]), None);
        let elf = Elf { machine, runpath: vec![runpath.clone()], ..Elf::default() };
        let found = nowhere.find(Path::new("libx.so"), &program, &elf, &[]);
        assert_eq!(found, Some(runpath.join("libx.so")));
    }
}
