//! The workloads of a cargo workspace, as `cargo metadata` tells them.

use std::path::{Path, PathBuf};

use cargo_metadata::{MetadataCommand, Package};
use serde::Deserialize;

use crate::ArtifactError;

/// A cargo workspace and its workloads.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// Its root folder.
    pub root: PathBuf,
    /// Where cargo puts what it builds.
    pub target_folder: PathBuf,
    /// Sorted by name.
    pub workloads: Vec<WorkloadPackage>,
}

/// A package that declares itself a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadPackage {
    /// The package's name, which is also the workload's.
    pub name: String,
    /// How cargo tells it from a dependency of the same name (a package ID specification).
    pub id: String,
    /// The package's description, for lists.
    pub description: Option<String>,
    /// The binary that is the bootstrap.
    pub bin: String,
    /// Folder of events, for functions that do not describe themselves.
    pub events: Option<PathBuf>,
    /// Folder of the answers to them.
    pub answers: Option<PathBuf>,
}

/// `[package.metadata.kelvin]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    bin: Option<String>,
    events: Option<PathBuf>,
    answers: Option<PathBuf>,
}

impl Workspace {
    /// Reads the workspace that `folder` belongs to. Starts `cargo metadata`, which needs no network.
    pub fn of(folder: &Path) -> Result<Workspace, ArtifactError> {
        let metadata = MetadataCommand::new().current_dir(folder).no_deps().exec().map_err(
            |error| match error {
                cargo_metadata::Error::Io(source) => ArtifactError::Cargo(source),
                source => ArtifactError::Metadata { folder: folder.to_owned(), source },
            },
        )?;
        let members = metadata.workspace_packages();
        let workloads = members.iter().filter_map(|package| workload(package).transpose());
        let mut workloads = workloads.collect::<Result<Vec<_>, _>>()?;
        workloads.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Workspace {
            root: metadata.workspace_root.into(),
            target_folder: metadata.target_directory.into(),
            workloads,
        })
    }

    /// The workload of that name.
    pub fn workload(&self, name: &str) -> Option<&WorkloadPackage> {
        self.workloads.iter().find(|workload| workload.name == name)
    }
}

fn workload(package: &Package) -> Result<Option<WorkloadPackage>, ArtifactError> {
    let Some(table) = package.metadata.get("kelvin") else { return Ok(None) };
    let name = package.name.to_string();
    let table: Table = serde_json::from_value(table.clone())
        .map_err(|source| ArtifactError::Table { package: name.clone(), source })?;
    let bins: Vec<&str> = package
        .targets
        .iter()
        .filter(|target| target.is_bin())
        .map(|target| target.name.as_str())
        .collect();
    let bin = match (table.bin, bins.as_slice()) {
        (Some(bin), bins) if bins.contains(&bin.as_str()) => bin,
        (Some(bin), _) => return Err(ArtifactError::NoSuchBinary { package: name, bin }),
        (None, [bin]) => (*bin).to_owned(),
        (None, bins) => {
            return Err(ArtifactError::WhichBinary { package: name, n_bins: bins.len() });
        }
    };
    let folder = package.manifest_path.parent().map(PathBuf::from).unwrap_or_default();
    Ok(Some(WorkloadPackage {
        name,
        id: package.id.repr.clone(),
        description: package.description.clone(),
        bin,
        events: table.events.map(|events| folder.join(events)),
        answers: table.answers.map(|answers| folder.join(answers)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_is_told_from_a_dependency_of_the_same_name() {
        let workspace = Workspace::of(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let regex = workspace.workload("regex").unwrap();
        let folder = workspace.root.join("workloads/regex");
        assert_eq!(
            regex.id,
            format!("path+file://{}#{}", folder.display(), env!("CARGO_PKG_VERSION"))
        );
    }
}
