//! How many files may be open at once: each execution environment needs half a dozen.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises this process's limit to what it may be, usually from 1,024. Returns what it was before.
///
/// Where that is refused, environments beyond the limit fail with the kernel's own words.
pub fn raise_limit() -> Rlimit {
    let before = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: before.maximum, maximum: before.maximum };
    setrlimit(Resource::Nofile, raised).ok();
    before
}
