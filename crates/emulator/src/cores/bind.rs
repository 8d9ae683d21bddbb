//! Binding threads and processes to cores (sched_setaffinity(2)).

use std::fs;

use kelvin_sandbox::cpu_set;
use rustix::io::Errno;
use rustix::process::Pid;
use rustix::thread::sched_setaffinity;

use crate::usage::descendants;

/// A process is looked at again as long as it has threads that were not bound yet, but not more often than this.
const PASSES: usize = 4;

/// Binds a thread; `false` if it is gone.
pub(super) fn bind_thread(thread: i32, cores: &[usize]) -> bool {
    try_bind_thread(thread, cores) != Err(Errno::SRCH)
}

pub(super) fn try_bind_thread(thread: i32, cores: &[usize]) -> Result<(), Errno> {
    sched_setaffinity(Pid::from_raw(thread), &cpu_set(cores))
}

/// Binds every thread of a process and of its descendants. New threads have the cores of those that start them.
pub(super) fn bind_process(pid: i32, cores: &[usize]) {
    let mut bound = Vec::new();
    for _ in 0..PASSES {
        let threads = threads(pid);
        let new: Vec<i32> = threads.into_iter().filter(|thread| !bound.contains(thread)).collect();
        if new.is_empty() {
            return;
        }
        for thread in &new {
            bind_thread(*thread, cores);
        }
        // A process of one thread, which has just been bound, cannot have had another one meanwhile that was not.
        if bound.is_empty() && new.len() == 1 {
            return;
        }
        bound.extend(new);
    }
}

/// Of a process and its descendants.
fn threads(pid: i32) -> Vec<i32> {
    let mut pids = vec![pid];
    descendants(pid, &mut pids);
    let mut threads = Vec::new();
    for pid in pids {
        let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { continue };
        let number = |task: fs::DirEntry| task.file_name().to_str()?.parse::<i32>().ok();
        threads.extend(tasks.flatten().filter_map(number));
    }
    threads
}
