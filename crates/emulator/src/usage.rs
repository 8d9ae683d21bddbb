//! CPU time and memory of a process and its descendants, read from the kernel.

use std::fs;

use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;

/// The processes of one execution environment.
#[derive(Debug)]
pub(crate) struct Usage {
    pid: i32,
    clock: Option<ClockId>,
    /// CPU time of descendants that were seen and have ended since.
    ended_cpu_ns: u64,
    descendants: Vec<Descendant>,
    resident_bytes: u64,
    peak_bytes: u64,
}

#[derive(Debug)]
struct Descendant {
    pid: i32,
    clock: ClockId,
    cpu_ns: u64,
}

impl Usage {
    pub(crate) fn of(pid: i32) -> Usage {
        let clock = clock_getcpuclockid(Pid::from_raw(pid)).ok();
        Usage {
            pid,
            clock,
            ended_cpu_ns: 0,
            descendants: Vec::new(),
            resident_bytes: 0,
            peak_bytes: 0,
        }
    }

    /// CPU time so far, of the process with all its threads and of the descendants known from the last
    /// [`Usage::look`]. `None` if the process is gone.
    ///
    /// Costs two system calls and none more for each descendant.
    pub(crate) fn cpu_ns(&mut self) -> Option<u64> {
        let own = read(self.clock?)?;
        let mut sum = own + self.ended_cpu_ns;
        for descendant in &mut self.descendants {
            // A descendant that has ended keeps its last value until the next look.
            descendant.cpu_ns = read(descendant.clock).unwrap_or(descendant.cpu_ns);
            sum += descendant.cpu_ns;
        }
        Some(sum)
    }

    /// Finds the descendants anew and takes their memory into account.
    ///
    /// A descendant that begins and ends between two looks is not seen.
    pub(crate) fn look(&mut self) {
        let mut pids = Vec::new();
        children(self.pid, &mut pids);
        self.descendants.retain(|known| {
            let alive = pids.contains(&known.pid);
            if !alive {
                self.ended_cpu_ns += known.cpu_ns;
            }
            alive
        });
        for pid in pids {
            let known = self.descendants.iter().any(|descendant| descendant.pid == pid);
            if let Ok(clock) = clock_getcpuclockid(Pid::from_raw(pid))
                && !known
            {
                self.descendants.push(Descendant { pid, clock, cpu_ns: 0 });
            }
        }
        let own = memory(self.pid);
        let others: u64 =
            self.descendants.iter().map(|descendant| memory(descendant.pid).resident).sum();
        self.resident_bytes = own.resident + others;
        self.peak_bytes = self.peak_bytes.max(own.peak + others);
    }

    /// What all processes together had resident at the last [`Usage::look`].
    pub(crate) fn resident_bytes(&self) -> u64 {
        self.resident_bytes
    }

    /// Process ids of the descendants known from the last [`Usage::look`].
    pub(crate) fn descendants(&self) -> impl Iterator<Item = i32> {
        self.descendants.iter().map(|descendant| descendant.pid)
    }

    /// The largest sum seen so far: the process's own peak (VmHWM of proc_pid_status(5)) and what its descendants had
    /// resident at that look.
    pub(crate) fn peak_bytes(&self) -> Option<u64> {
        (self.peak_bytes > 0).then_some(self.peak_bytes)
    }
}

fn read(clock: ClockId) -> Option<u64> {
    let time = clock.now().ok()?;
    let seconds = u64::try_from(time.tv_sec()).ok()?;
    Some(seconds * 1_000_000_000 + u64::try_from(time.tv_nsec()).ok()?)
}

/// Adds all descendants of `pid`.
fn children(pid: i32, found: &mut Vec<i32>) {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return };
    for thread in threads.flatten() {
        let Ok(list) = fs::read_to_string(thread.path().join("children")) else { continue };
        for child in list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()) {
            found.push(child);
            children(child, found);
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Memory {
    resident: u64,
    peak: u64,
}

fn memory(pid: i32) -> Memory {
    fs::read_to_string(format!("/proc/{pid}/status")).map(|text| parse(&text)).unwrap_or_default()
}

fn parse(status: &str) -> Memory {
    let bytes = |field: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(field))?;
        let kb: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
        Some(kb * 1024)
    };
    Memory { resident: bytes("VmRSS:").unwrap_or(0), peak: bytes("VmHWM:").unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_status() {
        let status = "Name:\tjson\nVmPeak:\t   99 kB\nVmHWM:\t    5120 kB\nVmRSS:\t    4096 kB\n";
        assert_eq!(parse(status), Memory { resident: 4096 << 10, peak: 5120 << 10 });
        assert_eq!(parse("Name:\tzombie\n"), Memory::default());
    }

    #[test]
    fn this_process_uses_cpu_and_memory() {
        let mut usage = Usage::of(i32::try_from(std::process::id()).unwrap());
        let before = usage.cpu_ns().unwrap();
        usage.look();
        assert!(usage.cpu_ns().unwrap() > before);
        assert!(usage.peak_bytes().unwrap() > 0);
    }
}
