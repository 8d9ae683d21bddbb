//! A package whose links lead out of it: what is deployed has the files themselves, as `zip -r`, sam and cargo-lambda pack it.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::package::whole;
use crate::page_cache::{Kind, Tree};

/// The bootstrap of a package that can be deployed as it is: the one given, or that of a copy at `folder` in which those links
/// are followed. `folder` is made if it is needed, and must not be there.
pub(crate) fn followed(bootstrap: &Path, folder: &Path) -> io::Result<PathBuf> {
    let Some(package) = whole(bootstrap) else {
        // A bare executable is mounted by whatever name it has.
        return bootstrap.canonicalize();
    };
    let tree = Tree::read(package)?;
    if tree.links.is_empty() {
        return Ok(bootstrap.to_owned());
    }
    folder.parent().map_or(Ok(()), fs::create_dir_all)?;
    copy(&mut vec![package.to_owned()], &tree, folder)?;
    Ok(folder.join("bootstrap"))
}

/// Copies what `tree` has found at the last of `within`, each of which has a link to the next.
fn copy(within: &mut Vec<PathBuf>, tree: &Tree, to: &Path) -> io::Result<()> {
    if let Some((path, reason)) = tree.left_out.first() {
        return Err(io::Error::other(format!("{}: {reason}", path.display())));
    }
    let from = within.last().cloned().unwrap_or_default();
    fs::create_dir(to)?;
    for (path, kind) in &tree.entries {
        let (source, target) = (from.join(path), to.join(path));
        match kind {
            Kind::File(_) => drop(fs::copy(&source, &target)?),
            Kind::Folder { .. } => fs::create_dir(&target)?,
            Kind::Link { leads_to } => match source.canonicalize() {
                Ok(there) if there.starts_with(&from) => symlink(leads_to, &target)?,
                Ok(there) if there.is_dir() => {
                    if within.iter().any(|folder| folder.starts_with(&there)) {
                        let circle = format!("{} is in a circle of links", source.display());
                        return Err(io::Error::other(circle));
                    }
                    let tree = Tree::read(&there)?;
                    within.push(there);
                    copy(within, &tree, &target)?;
                    within.pop();
                }
                Ok(there) if there.is_file() => drop(fs::copy(&there, &target)?),
                // Links that lead nowhere, sockets, pipes and devices are in no zip.
                _ => {}
            },
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
        // A folder that is reached in a circle is in no zip, and fills no disk.
        symlink(path("package"), path("shared/back")).unwrap();
        let error = followed(&bootstrap, &path("again")).unwrap_err();
        assert!(error.to_string().ends_with("is in a circle of links"), "{error}");
        assert_eq!(
            followed(&path("program"), &copied).unwrap(),
            path("program").canonicalize().unwrap()
        );
    }
}
