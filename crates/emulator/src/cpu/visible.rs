//! How many CPUs a function sees.

use kelvin_lambda::MemorySize;

use crate::cores::allowed;

/// As many of the cores that the calling thread may use as Lambda shows a function of this size, if there are more than that.
/// Empty means all.
pub fn visible_cpus(memory: MemorySize) -> Vec<usize> {
    let mut allowed = allowed();
    let wanted = memory.visible_vcpus();
    if allowed.len() <= wanted {
        return Vec::new();
    }
    allowed.truncate(wanted);
    allowed
}
