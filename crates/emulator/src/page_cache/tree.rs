//! The files of a folder: which there are, and whether they are the same as before.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The most files and folders that are looked at below one folder. A package has at most 250 MB.
const MOST_ENTRIES: usize = 50_000;

/// By what a file is told from what it was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
    len: u64,
    modified: (i64, i64),
    mode: u32,
}

impl Identity {
    pub(super) fn of(path: &Path) -> io::Result<Identity> {
        fs::metadata(path).map(|metadata| Identity::from(&metadata))
    }
}

impl From<&Metadata> for Identity {
    fn from(metadata: &Metadata) -> Identity {
        Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            len: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            mode: metadata.mode(),
        }
    }
}

/// What there is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File(Identity),
    Folder { mode: u32 },
    Link { leads_to: PathBuf },
}

/// Where links lead that leave the folder in which they are; without links in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Links {
    pub(super) files: Vec<PathBuf>,
    pub(super) folders: Vec<PathBuf>,
}

/// Everything below a folder, in order; or one file, whose path is then empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    /// Paths relative to the root. A folder comes before what is in it.
    pub entries: Vec<(PathBuf, Kind)>,
    pub links: Links,
    /// What could not be looked at, with the reason.
    pub left_out: Vec<(PathBuf, String)>,
}

impl Tree {
    /// Looks at a file, or at a folder and everything in it. Links inside are noted and not followed.
    pub(crate) fn read(root: &Path) -> io::Result<Tree> {
        let metadata = fs::metadata(root)?;
        let mut tree = Tree::default();
        if metadata.is_dir() {
            tree.folder(root, Path::new(""), root);
        } else {
            tree.entries.push((PathBuf::new(), Kind::File(Identity::from(&metadata))));
        }
        Ok(tree)
    }

    /// Paths of its files and their length.
    pub(super) fn files(&self) -> impl Iterator<Item = (&Path, u64)> {
        self.entries.iter().filter_map(|(path, kind)| match kind {
            Kind::File(identity) => Some((&**path, identity.len)),
            Kind::Folder { .. } | Kind::Link { .. } => None,
        })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.files().map(|(_, len)| len).sum()
    }

    fn folder(&mut self, folder: &Path, name: &Path, root: &Path) {
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.left_out.push((folder.to_owned(), error.to_string())),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let (path, name) = (entry.path(), name.join(entry.file_name()));
            if self.entries.len() >= MOST_ENTRIES {
                let reason = format!("there are more than {MOST_ENTRIES} files");
                return self.left_out.push((path, reason));
            }
            if let Err(error) = self.entry(&entry, name, root) {
                self.left_out.push((path, error.to_string()));
            }
        }
    }

    fn entry(&mut self, entry: &fs::DirEntry, name: PathBuf, root: &Path) -> io::Result<()> {
        let (path, metadata) = (entry.path(), entry.metadata()?);
        if metadata.is_symlink() {
            let leads_to = fs::read_link(&path)?;
            self.link(&path, root);
            self.entries.push((name, Kind::Link { leads_to }));
        } else if metadata.is_dir() {
            let mode = metadata.permissions().mode() & 0o7777;
            self.entries.push((name.clone(), Kind::Folder { mode }));
            self.folder(&path, &name, root);
        } else if metadata.is_file() {
            self.entries.push((name, Kind::File(Identity::from(&metadata))));
        }
        // Sockets, pipes and devices are in no zip.
        Ok(())
    }

    fn link(&mut self, path: &Path, root: &Path) {
        // A link that leads nowhere, or in a circle, is no file that could be warm.
        let Ok(target) = path.canonicalize() else { return };
        if target.is_file() && !target.starts_with(root) {
            self.links.files.push(target);
        } else if target.is_dir() && !target.starts_with(root) && !root.starts_with(&target) {
            self.links.folders.push(target);
        }
    }
}
