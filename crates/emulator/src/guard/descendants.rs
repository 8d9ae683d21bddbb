//! Who descends from a process, read from `/proc`.

use std::collections::HashSet;
use std::fs;

use rustix::process::Pid;

/// All living descendants of `roots`, children before their own children.
pub(super) fn descendants(roots: &[Pid]) -> Vec<Pid> {
    let parents = parents();
    let mut known: HashSet<i32> = roots.iter().map(|root| root.as_raw_nonzero().get()).collect();
    let mut found = Vec::new();
    loop {
        let before = found.len();
        for &(pid, parent) in &parents {
            if known.contains(&parent) && known.insert(pid) {
                found.extend(Pid::from_raw(pid));
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// Children of `parent`, which is the calling process: only it reaps them, so that the kernel's list misses none
/// (proc_tid_children(5)).
pub(super) fn children(parent: Pid) -> Vec<Pid> {
    let pid = parent.as_raw_nonzero();
    let Ok(list) = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")) else {
        return descendants(&[parent]);
    };
    list.split_ascii_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}

/// Whether a process was given the environment variable `marker` (`NAME=value`) at its start.
pub(super) fn carries(pid: Pid, marker: &str) -> bool {
    let path = format!("/proc/{}/environ", pid.as_raw_nonzero());
    fs::read(path).is_ok_and(|vars| vars.split(|&b| b == 0).any(|var| var == marker.as_bytes()))
}

/// Process id and parent's id of every process that is not a zombie.
fn parents() -> Vec<(i32, i32)> {
    let Ok(folder) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = folder.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // proc(5): "pid (comm) state ppid …", where comm may itself contain parentheses and spaces.
        let (_, rest) = stat.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let state = fields.next()?;
        let parent = fields.next()?.parse().ok()?;
        (state != "Z").then_some((pid, parent))
    })
    .collect()
}
