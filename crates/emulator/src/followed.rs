//! A package whose links lead out of it: what is deployed has the files themselves, as `zip -r`, sam and cargo-lambda pack it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::package::whole;

/// Folders in folders; more are a link in a circle.
const MOST_FOLDERS: usize = 64;

/// The bootstrap of a package that can be deployed as it is: the one given, or that of a copy below `folder` in which links are
/// followed. `folder` is made if it is needed, and must not be there.
pub(crate) fn followed(bootstrap: &Path, folder: &Path) -> io::Result<PathBuf> {
    match whole(bootstrap) {
        Some(package) if leads_out(package, package, 0)? => {
            copy(package, folder, 0)?;
            Ok(folder.join("bootstrap"))
        }
        Some(_) => Ok(bootstrap.to_owned()),
        // A bare executable is mounted by whatever name it has.
        None => bootstrap.canonicalize(),
    }
}

/// Whether a link in the package leads to something outside of it.
fn leads_out(folder: &Path, package: &Path, depth: usize) -> io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            // A link that leads nowhere is in no zip either.
            if entry.path().canonicalize().is_ok_and(|target| !target.starts_with(package)) {
                return Ok(true);
            }
        } else if kind.is_dir()
            && depth < MOST_FOLDERS
            && leads_out(&entry.path(), package, depth + 1)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn copy(from: &Path, to: &Path, depth: usize) -> io::Result<()> {
    if depth > MOST_FOLDERS {
        return Err(io::Error::other(format!("{} is in a circle of links", from.display())));
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => copy(&path, &target, depth + 1)?,
            Ok(metadata) if metadata.is_file() => drop(fs::copy(&path, &target)?),
            // Links that lead nowhere, sockets, pipes and devices are in no zip.
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_that_leave_the_package_are_followed_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("package/lib")).unwrap();
        fs::create_dir_all(path("shared")).unwrap();
        fs::write(path("program"), "program").unwrap();
        fs::write(path("shared/a"), "a").unwrap();
        fs::write(path("package/own"), "own").unwrap();
        symlink("own", path("package/bootstrap")).unwrap();
        symlink("/does/not/exist", path("package/nowhere")).unwrap();
        let bootstrap = path("package/bootstrap");
        let copied = path("copy");
        assert_eq!(followed(&bootstrap, &copied).unwrap(), bootstrap);
        fs::remove_file(&bootstrap).unwrap();
        symlink("../program", &bootstrap).unwrap();
        symlink("../../shared", path("package/lib/shared")).unwrap();
        assert_eq!(followed(&bootstrap, &copied).unwrap(), copied.join("bootstrap"));
        let read = |name: &str| fs::read_to_string(copied.join(name)).unwrap();
        assert_eq!([read("bootstrap"), read("own"), read("lib/shared/a")], ["program", "own", "a"]);
        assert!(!copied.join("nowhere").exists());
        assert_eq!(
            followed(&path("program"), &copied).unwrap(),
            path("program").canonicalize().unwrap()
        );
    }
}
