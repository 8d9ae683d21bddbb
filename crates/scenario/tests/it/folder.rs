//! A script's folder in memory.

use std::path::Path;
use std::sync::Arc;

use kelvin_scenario::{HostError, ScenarioError, Script, ScriptFolder};

/// Paths and contents.
#[derive(Debug)]
pub(crate) struct Folder(Vec<(&'static str, &'static str)>);

/// A script with these files beside it.
pub(crate) fn compile(
    files: &[(&'static str, &'static str)],
    script: &str,
) -> Result<Script, ScenarioError> {
    compile_as(files, "test.rhai", script)
}

pub(crate) fn compile_as(
    files: &[(&'static str, &'static str)],
    name: impl Into<String>,
    script: impl Into<String>,
) -> Result<Script, ScenarioError> {
    Script::compile_in(Arc::new(Folder(files.to_vec())), name, script)
}

impl ScriptFolder for Folder {
    fn module(&self, name: &str) -> Result<Option<String>, HostError> {
        let found = self.0.iter().find(|(path, _)| path.strip_suffix(".rhai") == Some(name));
        Ok(found.map(|(_, text)| (*text).to_owned()))
    }

    fn modules(&self) -> Vec<String> {
        let modules = self.0.iter().filter_map(|(path, _)| path.strip_suffix(".rhai"));
        modules.map(str::to_owned).collect()
    }

    fn list(&self, folder: &Path) -> Result<Vec<String>, HostError> {
        let name = |(path, _): &(&str, &str)| {
            let path = Path::new(path);
            let name = path.file_name()?.to_str()?.to_owned();
            (path.parent() == Some(folder)).then_some(name)
        };
        let names: Vec<String> = self.0.iter().filter_map(name).collect();
        if names.is_empty() {
            return Err(HostError::new(format!("there is no folder {}", folder.display())));
        }
        Ok(names)
    }

    fn read(&self, file: &Path, limit: usize) -> Result<Vec<u8>, HostError> {
        let found = self.0.iter().find(|(path, _)| Path::new(path) == file);
        match found {
            Some((_, text)) if text.len() <= limit => Ok(text.as_bytes().to_vec()),
            Some(_) => Err(HostError::new(format!("more than {limit} bytes"))),
            None => Err(HostError::new(format!("there is no file {}", file.display()))),
        }
    }
}
