//! Who descends from a process, read from `/proc`.

use std::collections::HashSet;
use std::fs;

use rustix::process::Pid;

/// All living descendants of `root`, children before their own children.
pub(super) fn descendants(root: Pid) -> Vec<Pid> {
    let parents = parents();
    let mut known = HashSet::from([root.as_raw_nonzero().get()]);
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

/// Children of `parent`.
pub(super) fn children(parent: Pid) -> Vec<Pid> {
    let parent = parent.as_raw_nonzero().get();
    let of_parent = parents().into_iter().filter(|&(_, ppid)| ppid == parent);
    of_parent.filter_map(|(pid, _)| Pid::from_raw(pid)).collect()
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
