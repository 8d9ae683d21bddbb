//! How many CPUs a function sees.

use kelvin_lambda::MemorySize;
use rustix::thread::{CpuSet, sched_getaffinity};

/// The cores for one environment: as many as Lambda shows a function of this size, if this machine has more than that.
/// Empty means all. Environments of different numbers begin at different cores, so that they do not crowd the first.
pub fn visible_cpus(memory: MemorySize, number: u64) -> Vec<usize> {
    let allowed = allowed_cpus();
    let wanted = memory.visible_vcpus();
    if allowed.len() <= wanted {
        return Vec::new();
    }
    let begin = usize::try_from(number).unwrap_or(0) * wanted;
    (0..wanted).map(|offset| allowed[(begin + offset) % allowed.len()]).collect()
}

/// The cores that this process may use.
fn allowed_cpus() -> Vec<usize> {
    let set = sched_getaffinity(None).unwrap_or_default();
    (0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect()
}
