//! What lies beside a script: its modules and its files of events, read from disk or from this binary.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use kelvin_scenario::{HostError, ScriptFolder};

/// Modules and events of one script.
#[derive(Clone, Debug)]
pub(crate) struct Beside {
    pub modules: Modules,
    /// Where paths of events and of code start.
    pub events: PathBuf,
}

/// Where modules come from.
#[derive(Clone, Debug)]
pub(crate) enum Modules {
    /// From this binary: names and texts.
    Shipped(&'static [(&'static str, &'static str)]),
    /// From files `NAME.rhai` of a folder.
    Folder(PathBuf),
}

impl Beside {
    /// Of the script at a path.
    pub(crate) fn script(path: &Path) -> Beside {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        Beside { modules: Modules::Folder(folder.clone()), events: folder }
    }
}

impl ScriptFolder for Beside {
    fn module(&self, name: &str) -> Result<Option<String>, HostError> {
        match &self.modules {
            Modules::Shipped(modules) => {
                let found = modules.iter().find(|(known, _)| *known == name);
                Ok(found.map(|(_, text)| (*text).to_owned()))
            }
            Modules::Folder(folder) => {
                let file = format!("{name}.rhai");
                if !folder.join(&file).exists() {
                    return Ok(None);
                }
                let failed = |error| HostError::because(format!("failed to read {file}"), error);
                let path = inside(folder, Path::new(&file)).map_err(failed)?;
                fs::read_to_string(path).map(Some).map_err(failed)
            }
        }
    }

    fn modules(&self) -> Vec<String> {
        match &self.modules {
            Modules::Shipped(modules) => {
                modules.iter().map(|(name, _)| (*name).to_owned()).collect()
            }
            Modules::Folder(folder) => {
                let names = names(folder).unwrap_or_default();
                let mut names: Vec<String> = names
                    .iter()
                    .filter_map(|name| name.strip_suffix(".rhai"))
                    .map(str::to_owned)
                    .collect();
                names.sort_unstable();
                names
            }
        }
    }

    fn list(&self, folder: &Path) -> Result<Vec<String>, HostError> {
        inside(&self.events, folder).and_then(|path| names(&path)).map_err(|error| {
            HostError::because(format!("failed to list folder {}", self.shown(folder)), error)
        })
    }

    fn path(&self, path: &Path) -> PathBuf {
        self.events.join(path)
    }

    fn read(&self, file: &Path, limit: usize) -> Result<Vec<u8>, HostError> {
        let read = || {
            let mut bytes = Vec::new();
            let most = u64::try_from(limit).unwrap_or(u64::MAX);
            let mut file = File::open(inside(&self.events, file)?)?.take(most.saturating_add(1));
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().map_err(|error: io::Error| {
            HostError::because(format!("it is not in {}", self.events.display()), error)
        })?;
        if bytes.len() > limit {
            return Err(HostError::new(format!("it has more than {limit} bytes")));
        }
        Ok(bytes)
    }
}

impl Beside {
    fn shown(&self, path: &Path) -> String {
        self.events.join(path).display().to_string()
    }
}

/// The path of what is in a folder, links followed; fails if they lead out of it.
fn inside(folder: &Path, path: &Path) -> io::Result<PathBuf> {
    let folder = folder.canonicalize()?;
    let path = folder.join(path).canonicalize()?;
    if path.starts_with(&folder) {
        return Ok(path);
    }
    let message = format!("a link leads out of the script's folder, to {}", path.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
}

/// The names of the files in a folder; those that are no UTF-8 cannot be named by a script.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string() {
            // Links are followed.
            if entry.path().is_file() {
                names.push(name);
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A script's folder, with a secret beside it and links to it.
    fn folder() -> (tempfile::TempDir, Beside) {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("scripts");
        fs::create_dir_all(folder.join("orders")).unwrap();
        fs::write(outside.path().join("secret.json"), "1").unwrap();
        fs::write(outside.path().join("secret.rhai"), "").unwrap();
        fs::write(folder.join("orders/b.json"), "22").unwrap();
        fs::write(folder.join("tools.rhai"), "fn two() { 2 }").unwrap();
        let link = |to: &str, at: &str| std::os::unix::fs::symlink(to, folder.join(at)).unwrap();
        link("b.json", "orders/a.json");
        link("../../secret.json", "orders/c.json");
        link("..", "up");
        link("../secret.rhai", "secret.rhai");
        let beside = Beside::script(&folder.join("mine.rhai"));
        (outside, beside)
    }

    #[test]
    fn files_inside_are_read() {
        let (_outside, beside) = folder();
        let mut names = beside.list(Path::new("orders")).unwrap();
        names.sort();
        assert_eq!(names, ["a.json", "b.json", "c.json"]);
        assert_eq!(beside.read(Path::new("orders/a.json"), 2).unwrap(), b"22");
        let error = beside.read(Path::new("orders/a.json"), 1).unwrap_err();
        assert_eq!(error.message, "it has more than 1 bytes");
        assert_eq!(beside.module("tools").unwrap().as_deref(), Some("fn two() { 2 }"));
        assert_eq!(beside.module("other").unwrap(), None);
        assert_eq!(beside.modules(), ["secret", "tools"]);
    }

    #[test]
    fn no_link_leads_out() {
        let (_outside, beside) = folder();
        assert!(beside.read(Path::new("orders/c.json"), 100).is_err());
        assert!(beside.read(Path::new("up/secret.json"), 100).is_err());
        assert!(beside.list(Path::new("up")).is_err());
        assert!(beside.module("secret").is_err());
    }
}
