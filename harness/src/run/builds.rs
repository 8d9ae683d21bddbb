//! Finding and building what a scenario wants to deploy, each once.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use kelvin_artifact::{
    ArtifactError, BinaryFacts, Build, Variant, WorkloadPackage, Workspace, describe,
};
use kelvin_emulator::package_bytes;
use kelvin_scenario::{HostError, Resolved};

use crate::progress::Progress;
use crate::signals::Stop;

/// The workspace of the current folder, and what was built of it so far.
pub(super) struct Builds {
    folder: PathBuf,
    pub(super) stop: Stop,
    workspace: Option<Workspace>,
    built: HashMap<(String, String), Resolved>,
    binaries: HashMap<PathBuf, BinaryFacts>,
    packages: HashMap<PathBuf, u64>,
    /// Folders that are in no package.
    left_out: Vec<PathBuf>,
}

impl Builds {
    pub(super) fn new(folder: PathBuf, left_out: Vec<PathBuf>, stop: Stop) -> Builds {
        Builds {
            folder,
            stop,
            workspace: None,
            built: HashMap::new(),
            binaries: HashMap::new(),
            packages: HashMap::new(),
            left_out,
        }
    }

    /// Builds a variant of a workload, and finds its cases.
    pub(super) fn workload(
        &mut self,
        name: &str,
        variant: &str,
        progress: &Progress,
    ) -> Result<Resolved, HostError> {
        let key = (name.to_owned(), variant.to_owned());
        if let Some(resolved) = self.built.get(&key) {
            return Ok(resolved.clone());
        }
        let resolved = self.build(name, variant, progress)?;
        self.built.insert(key, resolved.clone());
        Ok(resolved)
    }

    /// Size and digest of a bootstrap. Reading it also brings it into the page cache, before the first launch.
    pub(super) fn binary(&mut self, path: &Path) -> Option<BinaryFacts> {
        if let Some(facts) = self.binaries.get(path) {
            return Some(facts.clone());
        }
        let facts = BinaryFacts::of(path).ok()?;
        self.binaries.insert(path.to_owned(), facts.clone());
        Some(facts)
    }

    /// The size of a bootstrap's package, unzipped.
    pub(super) fn package_bytes(&mut self, path: &Path) -> io::Result<u64> {
        if let Some(bytes) = self.packages.get(path) {
            return Ok(*bytes);
        }
        let bytes = package_bytes(path, &self.left_out)?;
        self.packages.insert(path.to_owned(), bytes);
        Ok(bytes)
    }

    fn build(
        &mut self,
        name: &str,
        variant: &str,
        progress: &Progress,
    ) -> Result<Resolved, HostError> {
        let workspace = match &mut self.workspace {
            Some(workspace) => workspace,
            empty => empty.insert(workspace(&self.folder)?),
        };
        let workload = find(workspace, name)?;
        let parsed: Result<Variant, _> = variant.parse();
        let parsed = &parsed.map_err(|error| HostError::new(error.to_string()))?;
        // A mistake in them is told before minutes are spent on a build.
        let from_files = workload.cases_from_files().map_err(|error| no_cases(name, error))?;
        progress.busy(format!("building {name} ({variant})"));
        let detail =
            &mut |line: &str| progress.detail(format!("building {name} ({variant}): {line}"));
        let build = Build { workspace, workload, variant: parsed };
        let built = build.run(detail, &|| self.stop.is_wanted());
        let bootstrap = built.map_err(|error| {
            HostError::because(format!("failed to build workload \"{name}\""), error)
        })?;
        let cases = match from_files {
            Some(cases) => cases,
            None => {
                let described = describe(&bootstrap, &|| self.stop.is_wanted());
                described.map_err(|error| no_cases(name, error))?.cases
            }
        };
        // Only a bootstrap of Kelvin's own traits knows the variable.
        let spans = workload.events.is_none().then(|| ("KELVIN_SPANS".to_owned(), "1".to_owned()));
        Ok(Resolved {
            bootstrap,
            workload: Some(name.to_owned()),
            cases,
            env_vars: spans.into_iter().collect(),
            reads: Vec::new(),
            variant: None,
        })
    }
}

/// A bootstrap as it is, of which nothing is known.
pub(super) fn bootstrap(path: &Path) -> Resolved {
    Resolved {
        bootstrap: path.to_owned(),
        workload: None,
        cases: Vec::new(),
        env_vars: BTreeMap::new(),
        reads: Vec::new(),
        variant: None,
    }
}

/// The workspace of a folder.
pub(super) fn workspace(folder: &Path) -> Result<Workspace, HostError> {
    Workspace::of(folder).map_err(|error| HostError::because("failed to look for workloads", error))
}

/// The workload of that name, or which ones there are.
pub(super) fn find<'a>(
    workspace: &'a Workspace,
    name: &str,
) -> Result<&'a WorkloadPackage, HostError> {
    workspace.workload(name).ok_or_else(|| {
        let known = workspace.workloads.iter().map(|workload| workload.name.as_str());
        HostError::unknown("workload", name, known)
    })
}

/// That a workload's cases are nowhere, or wrong.
pub(super) fn no_cases(name: &str, error: ArtifactError) -> HostError {
    HostError::because(format!("failed to find the cases of workload \"{name}\""), error)
}
