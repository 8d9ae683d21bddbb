//! What one process may use: open files, processes, privileges ("Lambda quotas", AWS Lambda developer guide).

use std::fs;
use std::io;

use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs};

/// Open files of a process.
const OPEN_FILES: u64 = 1024;
/// Processes and threads of an environment.
pub(crate) const PROCESSES: u64 = 1024;
/// Numbers that the kernel gives to no process once it has been through all of them (`RESERVED_PIDS`).
const RESERVED_PIDS: u64 = 300;

/// Allows as many open files as Lambda does, or as this machine does where that is less.
pub(crate) fn limit_open_files(inherited: Rlimit) {
    let at_most =
        |limit: Option<u64>| Some(limit.map_or(OPEN_FILES, |limit| limit.min(OPEN_FILES)));
    let limit = Rlimit { current: at_most(inherited.maximum), maximum: at_most(inherited.maximum) };
    setrlimit(Resource::Nofile, limit).ok();
}

/// Allows so many processes in this PID namespace by how many numbers there are for them (proc_sys_kernel(5)); it needs
/// Linux 6.14, before which the numbers are the whole machine's.
pub(crate) fn limit_process_numbers() -> io::Result<()> {
    let most = PROCESSES + RESERVED_PIDS;
    // Before that version this is refused in a user namespace, and must not be tried as root.
    fs::write("/proc/sys/kernel/pid_max", most.to_string())
}

/// Whether the numbers of processes are a PID namespace's own: since Linux 6.14.
pub(crate) fn has_own_process_numbers() -> bool {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let mut numbers =
        release.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (6, 14)
}

/// Takes every privilege from this process, and from what it executes (capabilities(7)): a function on Lambda has none.
pub(crate) fn drop_privileges() -> io::Result<()> {
    set_no_new_privs(true)?;
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    Ok(())
}
