//! Where `kelvin runtimes install` puts AWS's runtime interface clients: a folder for each, with a note of what is in it.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kelvin_scenario::HostError;
use kelvin_workload::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::runtimes::places::is_hidden;

/// Names another folder.
const VARIABLE: &str = "KELVIN_RUNTIMES";

/// In the folder of a client; written last.
const NOTE: &str = "runtime.json";

/// The folder of all clients.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    pub folder: PathBuf,
}

/// What is installed in one folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// As Lambda calls it: `python3.11`.
    pub runtime: String,
    /// `awslambdaric`.
    pub client: String,
    pub client_version: String,
    /// The interpreter that it was installed for.
    pub interpreter: PathBuf,
    pub interpreter_version: String,
}

impl Cache {
    /// `KELVIN_RUNTIMES`, or `kelvin/runtimes` in the user's cache folder (XDG Base Directory Specification).
    pub(super) fn of_user() -> Result<Cache, HostError> {
        let named =
            |name: &str| env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        let in_cache = |folder: PathBuf| folder.join("kelvin/runtimes");
        let folder = named(VARIABLE)
            // The specification has relative paths ignored.
            .or_else(|| named("XDG_CACHE_HOME").filter(|path| path.is_absolute()).map(in_cache))
            .or_else(|| env::home_dir().map(|home| in_cache(home.join(".cache"))));
        let folder = folder.ok_or_else(|| {
            HostError::new(format!("no folder is known for runtimes; name one with {VARIABLE}"))
        })?;
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        Ok(Cache { folder })
    }

    /// Fails if functions could not see what is in it.
    pub(super) fn check(&self) -> Result<(), HostError> {
        if !is_hidden(&self.folder) {
            return Ok(());
        }
        Err(HostError::new(format!(
            "runtimes cannot be in {}: functions have a /tmp and a /var/task of their own; name another folder with {VARIABLE}",
            self.folder.display()
        )))
    }

    /// The folder for the client of an interpreter: clients are compiled for one.
    pub(super) fn of(&self, runtime: &str, interpreter: &Path) -> PathBuf {
        let interpreter = interpreter.canonicalize().unwrap_or_else(|_| interpreter.to_owned());
        let digest = sha256_hex(interpreter.as_os_str().as_encoded_bytes());
        self.folder.join(format!("{runtime}-{}", &digest[..8]))
    }

    /// What is installed, by the alphabet.
    pub(super) fn installed(&self) -> Vec<(PathBuf, Note)> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut installed: Vec<(PathBuf, Note)> = entries
            .map(|entry| entry.path())
            .filter_map(|folder| Some((folder.clone(), Note::read(&folder)?)))
            .collect();
        installed.sort_by(|a, b| a.0.cmp(&b.0));
        installed
    }
}

impl Note {
    /// `None` if nothing is installed there.
    pub(super) fn read(folder: &Path) -> Option<Note> {
        // What is being installed has a name that begins with a dot.
        let is_hidden = folder.file_name()?.to_str()?.starts_with('.');
        let text = fs::read(folder.join(NOTE)).ok().filter(|_| !is_hidden)?;
        serde_json::from_slice(&text).ok()
    }

    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::other)?;
        fs::write(folder.join(NOTE), text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_whole_is_installed() {
        let place = tempfile::tempdir().unwrap();
        let cache = Cache { folder: place.path().to_owned() };
        let note = Note {
            runtime: "python3.11".to_owned(),
            client: "awslambdaric".to_owned(),
            client_version: "3.1.1".to_owned(),
            interpreter: "/usr/bin/python3.11".into(),
            interpreter_version: "3.11.2".to_owned(),
        };
        let folder = cache.of("python3.11", Path::new("/no/such/python3"));
        assert_ne!(folder, cache.of("python3.11", Path::new("/no/other/python3")));
        for folder in [&folder, &place.path().join(".python3.11-1.2")] {
            fs::create_dir(folder).unwrap();
            assert_eq!(cache.installed(), []);
            note.write(folder).unwrap();
            assert_eq!(Note::read(folder).is_some(), !folder.ends_with(".python3.11-1.2"));
            fs::remove_file(folder.join(NOTE)).unwrap();
        }
        note.write(&folder).unwrap();
        assert_eq!(cache.installed(), [(folder, note)]);
        assert!(Cache { folder: "/tmp/x".into() }.check().is_err());
    }
}
