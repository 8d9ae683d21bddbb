//! Cold starts that find nothing in this machine's page cache: neither of their package nor of what it loads.
//!
//! [`Program::start_files`] says what a bootstrap reads when it starts, [`evict`] gets it out of the page cache as far as
//! nobody has it mapped, and [`resident_bytes`] says what is left.

mod mapped;
mod place;
mod residency;
mod start_files;
mod tree;

pub(crate) use mapped::mapped_files;
pub(crate) use residency::{evict, probe, resident_bytes};
pub(crate) use start_files::{Program, StartFiles};
