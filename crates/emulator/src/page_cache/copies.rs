//! Copies of files and folders that are as the original in all that a program can see, and that warm nothing by being made.
//!
//! What can be read past the page cache is (O_DIRECT, open(2)): the original may be in use by an environment whose own cold
//! start is not to be helped by somebody who copies.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use nix::libc;
use rustix::fs::{Advice, fadvise, ioctl_ficlone};

use super::tree::{Kind, Tree};

/// So much is read and written at a time.
const CHUNK: usize = 4 << 20;

/// Direct reads and writes begin and end at multiples of this, in memory and on the disk.
const ALIGNMENT: usize = 4096;

/// What becomes of links that lead out of a package by a relative path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RelativeLinks {
    /// They stay as they are: the copy will be seen where the original would be.
    Keep,
    /// They lead where those of the original lead.
    Resolve,
}

/// Copies what `tree` has found at `from`. Returns the files that were made; they may still have to be written to the disk.
///
/// Fails at the first thing that cannot be copied: half a package is none.
pub(super) fn copy(
    from: &Path,
    tree: &Tree,
    to: &Path,
    links: RelativeLinks,
) -> io::Result<Vec<PathBuf>> {
    if let Some((path, reason)) = tree.left_out.first() {
        return Err(io::Error::other(format!("{}: {reason}", path.display())));
    }
    let is_file = matches!(&*tree.entries, [(path, Kind::File(_))] if path.as_os_str().is_empty());
    if !is_file {
        fs::create_dir(to)?;
    }
    let (mut made, mut folders) = (Vec::new(), Vec::new());
    for (path, kind) in &tree.entries {
        let (source, target) = (at(from, path), at(to, path));
        match kind {
            Kind::File(_) => {
                copy_file(&source, &target).map_err(|error| {
                    io::Error::new(error.kind(), format!("{}: {error}", source.display()))
                })?;
                made.push(target);
            }
            Kind::Folder { mode } => {
                fs::create_dir(&target)?;
                folders.push((target, *mode));
            }
            Kind::Link { leads_to } => match outside(path, leads_to) {
                true if links == RelativeLinks::Resolve => {
                    symlink(source.parent().unwrap_or(from).join(leads_to), target)?;
                }
                _ => symlink(leads_to, target)?,
            },
        }
    }
    for (folder, mode) in folders {
        // Whoever made it can remove it again.
        fs::set_permissions(folder, fs::Permissions::from_mode(mode | 0o700))?;
    }
    Ok(made)
}

/// `path` below `root`, which is `root` itself if it is empty.
pub(super) fn at(root: &Path, path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) }
}

/// Whether a relative link, found at `path` below the root, leads out of the root.
fn outside(path: &Path, leads_to: &Path) -> bool {
    let mut depth = path.components().count().saturating_sub(1);
    for component in leads_to.components() {
        match component {
            Component::ParentDir if depth == 0 => return true,
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    false
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let source = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(from)?;
    let metadata = source.metadata()?;
    let target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    // A clone shares what is on the disk and nothing of the page cache (ioctl_ficlone(2)).
    if ioctl_ficlone(&target, &source).is_err() {
        match copy_direct(from, to, metadata.len()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::StorageFull => return Err(error),
            // Not every file system has it.
            Err(_) => {
                target.set_len(0)?;
                io::copy(&mut &source, &mut &target)?;
                fadvise(&source, 0, None, Advice::DontNeed)?;
            }
        }
    }
    target.set_permissions(fs::Permissions::from_mode(metadata.permissions().mode() & 0o777))?;
    // Python tells by it whether what it has compiled still holds.
    target.set_modified(metadata.modified()?)
}

fn copy_direct(from: &Path, to: &Path, len: u64) -> io::Result<()> {
    if len == 0 {
        return Ok(());
    }
    let source = OpenOptions::new().read(true).custom_flags(libc::O_DIRECT).open(from)?;
    let target = OpenOptions::new().write(true).custom_flags(libc::O_DIRECT).open(to)?;
    let wanted = usize::try_from(len).unwrap_or(CHUNK).min(CHUNK).next_multiple_of(ALIGNMENT);
    let mut memory = vec![0; wanted + ALIGNMENT];
    let start = memory.as_ptr().align_offset(ALIGNMENT);
    let chunk = &mut memory[start..start + wanted];
    let mut offset = 0;
    while offset < len {
        let read = source.read_at(chunk, offset)?;
        if read == 0 {
            return Err(io::Error::other("it has become shorter meanwhile"));
        }
        let aligned = read.next_multiple_of(ALIGNMENT);
        chunk[read..aligned].fill(0);
        target.write_all_at(&chunk[..aligned], offset)?;
        offset += u64::try_from(read).map_err(io::Error::other)?;
    }
    target.set_len(len)
}

/// Writes files to the disk, so that they can leave the page cache. The first waits for all, where the file system has one
/// journal.
pub(super) fn sync(files: &[PathBuf]) -> io::Result<()> {
    files.iter().try_for_each(|file| File::open(file)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_link_may_lead_out() {
        for (path, leads_to, expected) in [
            ("a", "b", false),
            ("a", "../b", true),
            ("lib/a", "../b", false),
            ("lib/a", "../../b", true),
            ("lib/a", "x/../../b/../../c", true),
            ("a", "/etc/passwd", false),
        ] {
            assert_eq!(
                outside(Path::new(path), Path::new(leads_to)),
                expected,
                "{path} → {leads_to}"
            );
        }
    }
}
