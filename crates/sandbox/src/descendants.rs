//! Who descends from a process, read from `/proc`.

use std::collections::HashSet;
use std::fs;

use rustix::process::Pid;

/// All processes that are not zombies, at one moment.
#[derive(Debug)]
pub(crate) struct Processes {
    /// Process id and parent's id.
    parents: Vec<(i32, i32)>,
}

impl Processes {
    pub(crate) fn read() -> Processes {
        let folder = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = folder.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        Processes { parents: pids.filter_map(|pid| Some((pid, parent(pid)?))).collect() }
    }

    /// All descendants of `root`.
    pub(crate) fn descendants(&self, root: Pid) -> Vec<Pid> {
        let mut known = HashSet::from([root.as_raw_nonzero().get()]);
        let mut found = Vec::new();
        loop {
            let before = found.len();
            for &(pid, parent) in &self.parents {
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
    pub(crate) fn children(&self, parent: Pid) -> impl Iterator<Item = Pid> {
        let parent = parent.as_raw_nonzero().get();
        let of_parent = self.parents.iter().filter(move |&&(_, ppid)| ppid == parent);
        of_parent.filter_map(|&(pid, _)| Pid::from_raw(pid))
    }
}

/// The parent of a process that is no zombie.
fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // proc(5): "pid (comm) state ppid …", where comm may itself contain parentheses and spaces.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    (state != "Z").then_some(parent)
}
