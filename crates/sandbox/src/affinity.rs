//! Sets of cores (sched_setaffinity(2)).

use rustix::thread::CpuSet;

/// The set of these cores, without those that the kernel's set has no room for.
pub fn cpu_set(cores: &[usize]) -> CpuSet {
    let mut set = CpuSet::new();
    for &core in cores.iter().filter(|&&core| core < CpuSet::MAX_CPU) {
        set.set(core);
    }
    set
}
