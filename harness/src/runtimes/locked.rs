//! Changes to the folder of clients: one process at a time, and no client is there by half.
//!
//! What is being installed or removed is in a folder that is locked for as long as somebody works on it. The kernel takes locks
//! back however a process ends (flock(2)), so that what a killed one has left is known from what another one is working on.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The names of folders with something unfinished begin so. Those of clients do not begin with a dot.
const UNFINISHED: &str = ".kelvin-installing-";

/// The lock of the whole folder, which stays in it.
const LOCK_OF_FOLDER: &str = ".kelvin-lock";
/// The lock of something unfinished, in its folder.
const LOCK: &str = "lock";

/// The folder of clients, which no other process changes until this is dropped.
#[derive(Debug)]
pub(super) struct Locked<'a> {
    folder: &'a Path,
    _lock: File,
}

/// A folder that is removed with all that is in it when this is dropped.
#[derive(Debug)]
pub(super) struct Unfinished {
    folder: PathBuf,
    _lock: File,
}

impl<'a> Locked<'a> {
    /// Waits for its turn, which lasts seconds at most: nobody installs meanwhile. The folder is made if it is not there.
    pub(super) fn take(folder: &'a Path) -> io::Result<Locked<'a>> {
        fs::create_dir_all(folder)?;
        let lock = File::options().create(true).append(true).open(folder.join(LOCK_OF_FOLDER))?;
        lock.lock()?;
        Ok(Locked { folder, _lock: lock })
    }

    /// Makes a folder for something new.
    pub(super) fn begin(&self) -> io::Result<Unfinished> {
        let folder = self.folder.join(format!("{UNFINISHED}{}", uuid::Uuid::new_v4().simple()));
        fs::create_dir(&folder)?;
        let lock = File::create_new(folder.join(LOCK))?;
        lock.lock()?;
        fs::create_dir(folder.join("new"))?;
        Ok(Unfinished { folder, _lock: lock })
    }

    /// Puts what was made into its place, instead of what is there.
    pub(super) fn finish(&self, unfinished: &Unfinished, place: &Path) -> io::Result<()> {
        unfinished.take_away(place)?;
        fs::rename(unfinished.new_folder(), place)
    }

    /// Removes a client: at once for whoever looks.
    pub(super) fn remove(&self, place: &Path) -> io::Result<()> {
        self.begin()?.take_away(place)
    }

    /// Removes what nobody works on any more.
    pub(super) fn remove_left_behind(&self) {
        for entry in fs::read_dir(self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if !name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
                continue;
            }
            let is_left = match File::options().write(true).open(entry.path().join(LOCK)) {
                Ok(lock) => lock.try_lock().is_ok(),
                // Its process ended before it made one: whoever begins holds the lock of the whole.
                Err(error) => error.kind() == ErrorKind::NotFound,
            };
            if is_left {
                fs::remove_dir_all(entry.path()).ok();
            }
        }
    }
}

impl Unfinished {
    /// Where the new one is made.
    pub(super) fn new_folder(&self) -> PathBuf {
        self.folder.join("new")
    }

    fn take_away(&self, place: &Path) -> io::Result<()> {
        match fs::rename(place, self.folder.join("old")) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != LOCK_OF_FOLDER);
        names.sort();
        names
    }

    #[test]
    fn only_what_is_left_behind_is_removed() {
        let place = tempfile::tempdir().unwrap();
        let unlocked = format!("{UNFINISHED}a");
        let others = [".notes", ".python3.11.4294967295", "python3.11-12345678"];
        for name in others.into_iter().chain([unlocked.as_str(), &format!("{UNFINISHED}b")]) {
            fs::create_dir(place.path().join(name)).unwrap();
        }
        fs::write(place.path().join(&unlocked).join(LOCK), "").unwrap();
        let locked = Locked::take(place.path()).unwrap();
        let unfinished = locked.begin().unwrap();
        let of_unfinished = unfinished.folder.file_name().unwrap().to_str().unwrap();
        locked.remove_left_behind();
        assert_eq!(names(place.path()), [of_unfinished, others[0], others[1], others[2]]);
        drop(unfinished);
        assert_eq!(names(place.path()), others);
    }

    #[test]
    fn a_client_is_there_as_a_whole_or_not_at_all() {
        let place = tempfile::tempdir().unwrap();
        let client = place.path().join("client");
        for version in ["1", "2"] {
            let locked = Locked::take(place.path()).unwrap();
            let unfinished = locked.begin().unwrap();
            fs::write(unfinished.new_folder().join("version"), version).unwrap();
            locked.finish(&unfinished, &client).unwrap();
            assert_eq!(fs::read_to_string(client.join("version")).unwrap(), version);
        }
        assert_eq!(names(place.path()), ["client"]);
        let locked = Locked::take(place.path()).unwrap();
        locked.remove(&client).unwrap();
        assert_eq!(names(place.path()), [] as [&str; 0]);
        locked.remove(&client).unwrap();
    }
}
