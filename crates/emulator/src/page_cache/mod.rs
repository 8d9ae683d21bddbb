//! Cold starts that find nothing in this machine's page cache: neither of their package nor of what it loads.
//!
//! [`Program::start_files`] says what a bootstrap reads when it starts. A [`Pool`] lends it to one execution environment after
//! the other, evicted: as it is where nobody else has it mapped, and as a private copy otherwise. A copy of a file that
//! everybody has mapped, like the C library, is mounted over the original in the mount namespace of the environment.
//! Nothing here needs root, and the caches of the machine stay as they are.
//!
//! Whatever could not be evicted, or cannot be told, is part of the [`Lease`]; and [`mapped_files`] shows after the start
//! what was loaded besides.

mod caches;
mod copies;
mod lease;
mod mapped;
mod place;
mod pool;
mod prepare;
mod report;
mod residency;
mod shelf;
mod start_files;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use caches::{Files, PageCaches, Ready};
pub(crate) use lease::Lease;
pub(crate) use mapped::mapped_files;
pub use pool::is_on_disk;
pub(crate) use pool::{Images, Pool};
pub(crate) use residency::resident_bytes;
pub(crate) use start_files::{Elf, Program, interpreters, on_host, searched};
