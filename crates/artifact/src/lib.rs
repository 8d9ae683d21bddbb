//! From a cargo workspace to bootstraps that can be deployed: finding workloads, building them, asking them about themselves.
//!
//! A workload is a package that says `[package.metadata.kelvin]` in its manifest:
//!
//! ```toml
//! [package.metadata.kelvin]
//! bin = "my-function"    # if the package has several binaries
//! events = "events"      # for functions without Kelvin's traits: a folder of JSON files, one case each
//! answers = "answers"    # the right answers, by the same file names, where they are known
//! ```

mod ask;
mod bootstrap;
mod build;
mod cases;
mod error;
mod interpreter;
mod tool;
mod variant;
mod workspace;

pub use ask::{Measure, check, describe, measure};
pub use bootstrap::BinaryFacts;
pub use build::{Build, Stop, cargo};
pub use error::ArtifactError;
pub use interpreter::ask_interpreter;
pub use tool::Tool;
pub use variant::{Variant, VariantError};
pub use workspace::{WorkloadPackage, Workspace};
