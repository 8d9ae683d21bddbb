//! Why a bootstrap could not be found, built or asked.

use std::io;
use std::path::PathBuf;

/// No bootstrap.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is its message")]
pub enum ArtifactError {
    #[error("failed to read the cargo workspace of {}", folder.display())]
    Metadata { folder: PathBuf, source: cargo_metadata::Error },
    #[error("[package.metadata.kelvin] of package {package} is not valid")]
    Table { package: String, source: serde_json::Error },
    #[error(
        "package {package} has {n_bins} binaries; name one as `bin` in its [package.metadata.kelvin]"
    )]
    WhichBinary { package: String, n_bins: usize },
    #[error("package {package} has no binary \"{bin}\"")]
    NoSuchBinary { package: String, bin: String },
    #[error("failed to start cargo")]
    Cargo(#[source] io::Error),
    #[error("package {package} does not build as {variant}; cargo's last words:\n{output}")]
    Build { package: String, variant: String, output: String },
    #[error("cargo reported no executable for package {package}")]
    NoExecutable { package: String },
    #[error("failed to keep the executable as {}", path.display())]
    Keep { path: PathBuf, source: io::Error },
    #[error("stopped")]
    Stopped,
    #[error("failed to read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is not JSON", path.display())]
    Json { path: PathBuf, source: serde_json::Error },
    #[error(
        "`{key}` in [package.metadata.kelvin] of package {package} names {}, which is not a folder",
        folder.display()
    )]
    NoFolder { package: String, key: &'static str, folder: PathBuf },
    #[error("{} has no *.json files, one for each case", folder.display())]
    NoEvents { folder: PathBuf },
    #[error("answer {} belongs to no event of that name", path.display())]
    LonelyAnswer { path: PathBuf },
    #[error("failed to run {} {mode}", path.display())]
    Ask { path: PathBuf, mode: &'static str, source: io::Error },
    #[error(
        "{} --describe printed no description: {reason}; a function that does not use Kelvin's traits needs `events` in its [package.metadata.kelvin]",
        path.display()
    )]
    NoDescription { path: PathBuf, reason: String },
    #[error(
        "{} --measure {rung} printed no times: {reason}; only functions that use Kelvin's traits can be measured so",
        path.display()
    )]
    NoTimes { path: PathBuf, rung: String, reason: String },
    #[error("{} does not work: {reason}", path.display())]
    NoInterpreter { path: PathBuf, reason: String },
    #[error("{} {reason}; the end of what it printed:\n{output}", path.display())]
    Tool { path: PathBuf, reason: String, output: String },
    #[error("{} --check {case} could not tell: {reason}", path.display())]
    NoVerdict { path: PathBuf, case: String, reason: String },
}
