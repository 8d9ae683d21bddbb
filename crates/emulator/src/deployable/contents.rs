//! What is in a package: its files, with those that links lead to outside of it, as `zip -r`, sam and cargo-lambda pack it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

/// What a CACHEDIR.TAG begins with (Cache Directory Tagging Specification).
pub(super) const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55";

/// What is in no package, whatever it contains: a repository, and results of runs that lie where they are put by default.
const LEFT_OUT: [&str; 2] = [".git", "kelvin-results"];

/// The most files and folders of a package. Lambda counts none: this keeps a folder that is none from being read to its end.
const MOST_ENTRIES: usize = 50_000;

/// A package as it would be deployed.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Paths in the package, and what is there. A folder comes before what is in it.
    entries: Vec<(PathBuf, Entry)>,
    /// How many of them there may be.
    most: usize,
    /// Of all files together.
    pub bytes: u64,
    pub is_folder: bool,
    /// Whether the folder itself is what would be deployed.
    pub in_place: bool,
}

#[derive(Debug)]
enum Entry {
    Folder { mode: u32 },
    File { source: PathBuf },
    Link { leads_to: PathBuf },
}

/// Whether a folder says that all that is in it can be made anew.
pub(super) fn is_cache(folder: &Path) -> bool {
    let mut start = [0; TAG.len()];
    let read =
        File::open(folder.join("CACHEDIR.TAG")).and_then(|mut tag| tag.read_exact(&mut start));
    read.is_ok() && start == *TAG.as_bytes()
}

impl Contents {
    /// An executable alone.
    pub(super) fn of_file(file: &Path) -> io::Result<Contents> {
        let bytes = fs::metadata(file)?.len();
        Ok(Contents { bytes, in_place: true, ..Contents::default() })
    }

    /// A folder without what is in no package and without `left_out`.
    pub(super) fn of_folder(folder: &Path, left_out: &[PathBuf]) -> io::Result<Contents> {
        Contents::at_most(MOST_ENTRIES, folder, left_out)
    }

    fn at_most(most: usize, folder: &Path, left_out: &[PathBuf]) -> io::Result<Contents> {
        let mut contents =
            Contents { most, is_folder: true, in_place: true, ..Contents::default() };
        contents.read(&mut vec![folder.to_owned()], Path::new(""), left_out)?;
        Ok(contents)
    }

    /// Reads the last of `within`, each of which has a link to the next; `name` is where it is in the package.
    fn read(
        &mut self,
        within: &mut Vec<PathBuf>,
        name: &Path,
        left_out: &[PathBuf],
    ) -> io::Result<()> {
        let root = within.last().cloned().unwrap_or_default();
        let mut folders = vec![(root.clone(), name.to_owned())];
        while let Some((folder, name)) = folders.pop() {
            for entry in sorted(&folder)? {
                let (path, name) = (entry.path(), name.join(entry.file_name()));
                if self.entries.len() >= self.most {
                    return Err(too_many(self.most, within.first().unwrap_or(&root)));
                }
                let metadata = entry.metadata().map_err(|error| of(&path, error))?;
                if metadata.is_symlink() {
                    self.link(within, &path, name, left_out)?;
                } else if metadata.is_dir() {
                    if is_left_out(&path, left_out) {
                        self.in_place = false;
                        continue;
                    }
                    let mode = metadata.permissions().mode() & 0o7777;
                    self.entries.push((name.clone(), Entry::Folder { mode }));
                    folders.push((path, name));
                } else if metadata.is_file() {
                    self.bytes += metadata.len();
                    self.entries.push((name, Entry::File { source: path }));
                }
                // Sockets, pipes and devices are in no zip.
            }
        }
        Ok(())
    }

    fn link(
        &mut self,
        within: &mut Vec<PathBuf>,
        path: &Path,
        name: PathBuf,
        left_out: &[PathBuf],
    ) -> io::Result<()> {
        // One that leads nowhere, or in a circle, is in no zip, and nobody can tell that it is not there.
        let Ok(there) = path.canonicalize() else { return Ok(()) };
        let leads_to = fs::read_link(path)?;
        let root = within.last().map_or(Path::new("/"), PathBuf::as_path);
        // An absolute path leads nowhere in /var/task.
        let stays = leads_to.is_relative()
            && path.parent().and_then(|folder| inside(root, folder, &leads_to)).is_some_and(
                |way| is_in_package(root, &way, left_out) && is_in_package(root, &there, left_out),
            );
        if stays {
            self.entries.push((name, Entry::Link { leads_to }));
            return Ok(());
        }
        self.in_place = false;
        if there.is_file() {
            self.bytes += fs::metadata(&there)?.len();
            self.entries.push((name, Entry::File { source: there }));
        } else if there.is_dir() && !is_left_out(&there, left_out) {
            if within.iter().any(|folder| folder.starts_with(&there)) {
                return Err(io::Error::other(format!(
                    "{} is in a circle of links",
                    path.display()
                )));
            }
            let mode = fs::metadata(&there)?.permissions().mode() & 0o7777;
            self.entries.push((name.clone(), Entry::Folder { mode }));
            within.push(there);
            self.read(within, &name, left_out)?;
            within.pop();
        }
        Ok(())
    }

    /// Makes a folder with all of it.
    pub(super) fn copy(&self, to: &Path) -> io::Result<()> {
        fs::create_dir(to)?;
        for (name, entry) in &self.entries {
            let target = to.join(name);
            match entry {
                Entry::Folder { .. } => fs::create_dir(&target)?,
                Entry::Link { leads_to } => symlink(leads_to, &target)?,
                Entry::File { source } => {
                    fs::copy(source, &target).map_err(|error| of(source, error))?;
                }
            }
        }
        for (name, entry) in &self.entries {
            if let Entry::Folder { mode } = entry {
                // Whoever made it can remove it again.
                let permissions = fs::Permissions::from_mode(mode | 0o700);
                fs::set_permissions(to.join(name), permissions)?;
            }
        }
        Ok(())
    }
}

fn too_many(most: usize, package: &Path) -> io::Error {
    io::Error::other(format!(
        "its package, the folder {}, has more than {most} files and folders, and Kelvin takes no more; put it into a \
         folder of its own with what it needs",
        package.display()
    ))
}

fn is_left_out(folder: &Path, left_out: &[PathBuf]) -> bool {
    let named = folder.file_name().is_some_and(|name| LEFT_OUT.iter().any(|known| name == *known));
    named || left_out.iter().any(|known| known == folder) || is_cache(folder)
}

/// Where a link in `folder` says that it leads, if that is below `root` all the way. What follows `..` is certain only where it
/// begins the link: later ones depend on other links.
fn inside(root: &Path, folder: &Path, leads_to: &Path) -> Option<PathBuf> {
    let up = leads_to.components().take_while(|part| *part == Component::ParentDir).count();
    let start = folder.ancestors().nth(up).filter(|start| start.starts_with(root))?;
    let down = leads_to.components().skip(up);
    let mut way = start.to_owned();
    for part in down {
        match part {
            Component::Normal(name) => way.push(name),
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(way)
}

/// Whether a path is below `root`, and nothing of it below is left out.
fn is_in_package(root: &Path, path: &Path, left_out: &[PathBuf]) -> bool {
    let below = path.ancestors().take_while(|part| *part != root);
    path.starts_with(root)
        && !below.into_iter().any(|part| part.is_dir() && is_left_out(part, left_out))
}

fn sorted(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut entries = entries.map_err(|error| of(folder, error))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    Ok(entries)
}

fn of(path: &Path, error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A package with links in and out of it, and beside it what they lead to.
    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for folder in ["package/lib", "package/.git", "package/results", "package/target", "shared"]
        {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        for (name, text) in [
            ("program", "program"),
            ("shared/a", "a"),
            ("package/own", "own"),
            ("package/.git/objects", "much"),
            ("package/results/run", "much"),
            ("package/target/CACHEDIR.TAG", TAG),
        ] {
            fs::write(root.join(name), text).unwrap();
        }
        (folder, root)
    }

    #[test]
    fn a_package_has_what_would_be_zipped() {
        let (_folder, root) = place();
        let package = root.join("package");
        let left_out = [package.join("results")];
        for folder in [".git", "results", "target"] {
            let read = Contents::of_folder(&package, &left_out).unwrap();
            assert!(!read.in_place, "{folder} is still there");
            assert_eq!(read.bytes, 3);
            fs::remove_dir_all(package.join(folder)).unwrap();
        }
        symlink("own", package.join("bootstrap")).unwrap();
        let read = Contents::of_folder(&package, &left_out).unwrap();
        assert!(read.in_place, "a link within stays");
        fs::remove_file(package.join("bootstrap")).unwrap();
        symlink("../program", package.join("bootstrap")).unwrap();
        symlink("../../shared", package.join("lib/shared")).unwrap();
        symlink("/does/not/exist", package.join("nowhere")).unwrap();
        let read = Contents::of_folder(&package, &left_out).unwrap();
        assert_eq!((read.in_place, read.bytes), (false, 11));
        let copied = root.join("copy");
        read.copy(&copied).unwrap();
        let text = |name: &str| fs::read_to_string(copied.join(name)).unwrap();
        assert_eq!([text("bootstrap"), text("own"), text("lib/shared/a")], ["program", "own", "a"]);
        assert!(!copied.join("nowhere").exists());
    }

    #[test]
    fn a_folder_that_is_no_package_is_not_read_to_its_end() {
        let (_folder, root) = place();
        let package = root.join("package");
        symlink("../../shared", package.join("lib/shared")).unwrap();
        let all = Contents::of_folder(&package, &[]).unwrap().entries.len();
        assert!(Contents::at_most(all, &package, &[]).is_ok());
        let error = Contents::at_most(all - 1, &package, &[]).unwrap_err().to_string();
        let start =
            format!("its package, the folder {}, has more than {} f", package.display(), all - 1);
        assert!(error.starts_with(&start) && error.ends_with("with what it needs"), "{error}");
    }

    #[test]
    fn a_link_stays_only_where_it_leads_somewhere_in_the_package() {
        for (name, leads_to, stays) in [
            ("bootstrap", "own", true),
            ("bootstrap", "./lib/own", true),
            ("lib/bootstrap", "../own", true),
            ("lib/folder", "deep", true),
            ("lib/bootstrap", "./.././own", false),
            ("bootstrap", "lib/../own", false),
            ("bootstrap", "target/app", false),
            ("bootstrap", "results/run", false),
            ("bootstrap", ".git/objects", false),
            ("bootstrap", "target/back/own", false),
            ("bootstrap", "../package/own", false),
            ("lib/bootstrap", "../../package/own", false),
            ("lib/folder", "../../package/lib/deep", false),
        ] {
            let (_folder, root) = place();
            let package = root.join("package");
            for name in ["lib/own", "target/app"] {
                fs::write(package.join(name), name).unwrap();
            }
            fs::create_dir(package.join("lib/deep")).unwrap();
            symlink("..", package.join("target/back")).unwrap();
            symlink(leads_to, package.join(name)).unwrap();
            let read = Contents::of_folder(&package, &[package.join("results")]).unwrap();
            let copied = root.join("copy");
            read.copy(&copied).unwrap();
            let copied = copied.join(name);
            assert_eq!(copied.is_symlink(), stays, "{name} -> {leads_to}");
            let (there, copied) = (package.join(name), copied.canonicalize().unwrap());
            assert!(copied.starts_with(root.join("copy")), "{name} -> {leads_to}");
            assert_eq!(fs::read(&copied).ok(), fs::read(there).ok(), "{name} -> {leads_to}");
        }
    }

    #[test]
    fn a_circle_of_links_fills_no_disk() {
        let (_folder, root) = place();
        let package = root.join("package");
        symlink(root.join("shared"), package.join("shared")).unwrap();
        symlink(&package, root.join("shared/back")).unwrap();
        let error = Contents::of_folder(&package, &[]).unwrap_err().to_string();
        assert!(error.ends_with("is in a circle of links"), "{error}");
    }
}
