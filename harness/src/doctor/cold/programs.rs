//! The programs that are started: what there is on this machine, each in a folder of its own.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use kelvin_artifact::Workspace;
use kelvin_emulator::{Libraries, env_vars};
use kelvin_lambda::{FunctionConfig, MemorySize, Timeout};
use kelvin_platform::{FunctionSpec, PageCache};
use kelvin_scenario::{Client, WantedRuntime};

use super::bare;
use crate::doctor::work::{self, Work};
use crate::runtimes::Runtimes;
use crate::signals::Stop;

/// What every handler but that of [`work`] takes.
const EVENT: &str = r#"{"name":"world"}"#;

/// A program that can be started by the emulator and without it.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub name: String,
    pub bootstrap: PathBuf,
    /// The event of an invocation.
    pub event: Vec<u8>,
    reads: Vec<PathBuf>,
    config: FunctionConfig,
}

/// What there is, and what there is not, with the reason.
pub(super) struct Found {
    pub programs: Vec<Program>,
    pub left_out: Vec<String>,
}

impl Program {
    fn new(name: &str, bootstrap: PathBuf) -> anyhow::Result<Program> {
        let mut config = FunctionConfig::new(name.to_owned());
        config.memory_size = MemorySize::ONE_VCPU;
        config.timeout = Timeout::new(60)?;
        let event = EVENT.as_bytes().to_vec();
        Ok(Program { name: name.to_owned(), bootstrap, event, reads: Vec::new(), config })
    }

    /// Its package.
    pub(super) fn folder(&self) -> &Path {
        self.bootstrap.parent().unwrap_or(Path::new("/"))
    }

    /// All variables of a bare start but the one that says where its Runtime API is.
    pub(super) fn env_vars(&self) -> Vec<(String, String)> {
        let stream = "2026/01/01/[$LATEST]00000000000000000000000000000000";
        let libraries = Libraries::of(&self.bootstrap, &self.config, &self.reads);
        env_vars(&self.config, stream, self.folder(), None, libraries)
    }

    /// As a function, whose name is the program's and this: no two functions have one name.
    pub(super) fn spec(&self, number: usize, page_cache: PageCache) -> FunctionSpec {
        let mut config = self.config.clone();
        config.name = format!("start-{number}-{}", page_cache.as_str());
        let reads = self.reads.clone();
        FunctionSpec { page_cache, reads, ..FunctionSpec::new(config, self.bootstrap.clone()) }
    }
}

/// Finds, compiles and copies programs into a folder that the emulator removes with its own.
pub(super) fn find(folder: &Path, stop: &Stop) -> anyhow::Result<Found> {
    let folder = folder.join("programs");
    let mut found = Found { programs: Vec::new(), left_out: Vec::new() };
    // A copy of this program: pages of the file that this process runs could not be dropped.
    let own = env::current_exe().context("failed to find this program")?;
    let mut large = Program::new("kelvin itself", copy(&own, &folder.join("kelvin"))?)?;
    large.event = serde_json::to_vec(&Work::NONE)?;
    large.config.env_vars = BTreeMap::from([(work::VARIABLE.to_owned(), "1".to_owned())]);
    let others = [
        ("C bootstrap", compiled(&folder.join("c"))?),
        ("hello (Rust)", built(&folder.join("hello"))?),
    ];
    for (name, bootstrap) in others {
        match bootstrap {
            Ok(bootstrap) => found.programs.push(Program::new(name, bootstrap)?),
            Err(reason) => found.left_out.push(format!("{name}: {reason}")),
        }
    }
    match python(&folder, stop)? {
        Ok(program) => found.programs.push(program),
        Err(reason) => found.left_out.push(format!("awslambdaric: {reason}")),
    }
    found.programs.push(large);
    Ok(found)
}

/// The small program in C, or why there is none.
fn compiled(folder: &Path) -> anyhow::Result<Result<PathBuf, String>> {
    let source = folder.with_extension("c");
    make(folder)?;
    fs::write(&source, include_str!("bootstrap.c")).with_context(|| failed(&source))?;
    let bootstrap = folder.join("bootstrap");
    Ok(bare::compile(&source, &bootstrap).map(|()| bootstrap))
}

/// The workload `hello` of the workspace in which this was started, or why it is not there.
fn built(folder: &Path) -> anyhow::Result<Result<PathBuf, String>> {
    let here = env::current_dir().context("failed to find the current folder")?;
    let Ok(workspace) = Workspace::of(&here) else {
        return Ok(Err("the current folder is not in a cargo workspace".to_owned()));
    };
    let built = workspace.target_folder.join("kelvin/release/hello/hello");
    if !built.is_file() {
        let remedy = "to build it: kelvin run";
        return Ok(Err(format!("there is no {}; {remedy}", built.display())));
    }
    copy(&built, folder).map(Ok)
}

/// AWS's runtime interface client for Python with the handler that comes with Kelvin, or why there is none.
fn python(folder: &Path, stop: &Stop) -> anyhow::Result<Result<Program, String>> {
    let mut runtimes = Runtimes::new(folder, Vec::new());
    let handler = "app.handler".to_owned();
    let wanted = WantedRuntime {
        name: "python".to_owned(),
        client: Client::Aws,
        code: None,
        handler: handler.clone(),
        exec_wrapper: None,
    };
    let packed = match runtimes.resolve(&wanted, &|| stop.is_wanted()) {
        Ok(packed) => packed,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let mut program = Program::new("awslambdaric", packed.resolved.bootstrap)?;
    program.reads = packed.resolved.reads;
    program.config.handler = handler;
    Ok(Ok(program))
}

fn copy(program: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    make(folder)?;
    let bootstrap = folder.join("bootstrap");
    fs::copy(program, &bootstrap).with_context(|| failed(&bootstrap))?;
    fs::set_permissions(&bootstrap, PermissionsExt::from_mode(0o755))
        .with_context(|| failed(&bootstrap))?;
    Ok(bootstrap)
}

fn make(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| failed(folder))
}

fn failed(path: &Path) -> String {
    format!("failed to write {}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_start_gets_the_variables_of_a_function() {
        let program = Program::new("hello", PathBuf::from("/folder/bootstrap")).unwrap();
        let variables: BTreeMap<String, String> = program.env_vars().into_iter().collect();
        assert_eq!(variables["LAMBDA_TASK_ROOT"], "/folder");
        assert_eq!(variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "1769");
        assert!(!variables.contains_key("AWS_LAMBDA_RUNTIME_API"));
        let spec = program.spec(3, PageCache::Cold);
        assert_eq!((spec.config.name.as_str(), spec.page_cache), ("start-3-cold", PageCache::Cold));
    }
}
