//! CPU time and memory of a process and its descendants, read from the kernel.
//!
//! This is read before and after every invocation, so the files stay open: each reading is one system call.
//! The processes of an environment are the descendants of its first one, the init: whatever loses its parent becomes a child
//! of that.

use std::fs;
use std::os::fd::OwnedFd;

use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::pread;

use crate::memory;

/// The processes of one execution environment.
#[derive(Debug)]
pub(crate) struct Usage {
    /// The function's process.
    main: Member,
    init: i32,
    /// `children` of the init, and of the main thread of the function.
    children_of_init: Option<OwnedFd>,
    children: Option<OwnedFd>,
    /// CPU time of processes that were seen and have ended since.
    ended_cpu_ns: u64,
    /// All processes but the function's own and the init.
    others: Vec<Member>,
    memory_bytes: u64,
    peak_bytes: u64,
}

/// One process.
#[derive(Debug)]
struct Member {
    pid: i32,
    clock: Option<ClockId>,
    status: Option<OwnedFd>,
    /// The last reading.
    cpu_ns: u64,
}

impl Member {
    fn new(pid: i32) -> Member {
        let clock = clock_getcpuclockid(Pid::from_raw(pid)).ok();
        Member { pid, clock, status: open(&format!("/proc/{pid}/status")), cpu_ns: 0 }
    }

    /// CPU time of all its threads, also of those that have ended; `None` if it is gone.
    fn read_cpu_ns(&mut self) -> Option<u64> {
        let time = self.clock?.now().ok()?;
        let seconds = u64::try_from(time.tv_sec()).ok()?;
        self.cpu_ns = seconds * 1_000_000_000 + u64::try_from(time.tv_nsec()).ok()?;
        Some(self.cpu_ns)
    }

    fn read_status(&self) -> Status {
        let mut buffer = [0; 4096];
        read(self.status.as_ref(), &mut buffer).map(parse).unwrap_or_default()
    }
}

impl Usage {
    /// Of the function `pid` in the environment of `init`.
    pub(crate) fn of(pid: i32, init: i32) -> Usage {
        let children = |pid| open(&format!("/proc/{pid}/task/{pid}/children"));
        Usage {
            main: Member::new(pid),
            init,
            children_of_init: children(init),
            children: children(pid),
            ended_cpu_ns: 0,
            others: Vec::new(),
            memory_bytes: 0,
            peak_bytes: 0,
        }
    }

    /// CPU time so far, of the function with all its threads and of the processes known from the last
    /// [`Usage::look`]. `None` if the process is gone.
    ///
    /// Costs one system call for each process.
    pub(crate) fn cpu_ns(&mut self) -> Option<u64> {
        let mut sum = self.main.read_cpu_ns()? + self.ended_cpu_ns;
        for other in &mut self.others {
            // A process that has ended keeps its last value until the next look.
            sum += other.read_cpu_ns().unwrap_or(other.cpu_ns);
        }
        Some(sum)
    }

    /// Finds the processes anew and takes their memory into account. What they use together is worked out only if it could
    /// be more than `limit` bytes or than the peak so far.
    ///
    /// A process that begins and ends between two looks is not seen.
    pub(crate) fn look(&mut self, limit: u64) {
        let own = self.main.read_status();
        self.find_others(own.threads);
        if self.others.is_empty() {
            self.memory_bytes = own.resident;
            self.peak_bytes = self.peak_bytes.max(own.peak);
            return;
        }
        // What is shared counts once for each here, so it is not less.
        let all = self.others.iter().map(|other| (other.pid, other.read_status()));
        let all: Vec<(i32, Status)> = all.chain([(self.main.pid, own)]).collect();
        let at_most = all.iter().map(|(_, status)| status.resident).sum::<u64>();
        self.memory_bytes = at_most;
        if at_most > limit.min(self.peak_bytes) {
            let shares = all.iter().filter_map(|(pid, status)| memory::shares(*pid, status.file));
            let shares: Vec<_> = shares.collect();
            if !shares.is_empty() {
                self.memory_bytes = memory::together(&shares).min(at_most);
            }
        }
        // Of the function alone the kernel knows what lies between two looks.
        self.peak_bytes = self.peak_bytes.max(self.memory_bytes).max(own.peak);
    }

    fn find_others(&mut self, threads: u64) {
        let (mut buffer, mut buffer_of_init) = ([0; 4096], [0; 4096]);
        let children = read(self.children.as_ref(), &mut buffer).unwrap_or_default();
        let of_init = read(self.children_of_init.as_ref(), &mut buffer_of_init).unwrap_or_default();
        // The usual case: no child, no other thread that could have one, and nobody who has lost a parent.
        let alone = of_init.split(|&b| b == b' ').filter(|pid| !pid.is_empty()).count() <= 1;
        if children.is_empty() && alone && threads <= 1 && self.others.is_empty() {
            return;
        }
        let mut pids = Vec::new();
        descendants(self.init, &mut pids);
        pids.retain(|pid| *pid != self.main.pid);
        self.others.retain(|known| {
            let alive = pids.contains(&known.pid);
            if !alive {
                self.ended_cpu_ns += known.cpu_ns;
            }
            alive
        });
        for pid in pids {
            if !self.others.iter().any(|known| known.pid == pid) {
                self.others.push(Member::new(pid));
            }
        }
    }

    /// What all processes used together at the last [`Usage::look`], unless that was certainly within the limit: then no less.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    /// Process ids of all but the function's own and the init, known from the last [`Usage::look`].
    pub(crate) fn others(&self) -> impl Iterator<Item = i32> {
        self.others.iter().map(|other| other.pid)
    }

    /// The most that was seen so far: by looking, and of the function alone also in between (VmHWM of proc_pid_status(5)).
    pub(crate) fn peak_bytes(&self) -> Option<u64> {
        (self.peak_bytes > 0).then_some(self.peak_bytes)
    }
}

fn open(path: &str) -> Option<OwnedFd> {
    openat(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()
}

/// The beginning of a file under `/proc`; `None` if the process is gone.
fn read<'a>(file: Option<&OwnedFd>, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    let bytes = pread(file?, &mut *buffer, 0).ok()?;
    Some(&buffer[..bytes])
}

/// Adds all descendants of `pid`: children of each of its threads, and theirs.
pub(crate) fn descendants(pid: i32, found: &mut Vec<i32>) {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return };
    for thread in threads.flatten() {
        let Ok(list) = fs::read_to_string(thread.path().join("children")) else { continue };
        for child in list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()) {
            found.push(child);
            descendants(child, found);
        }
    }
}

/// Of proc_pid_status(5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Status {
    /// VmRSS, in bytes.
    resident: u64,
    /// VmHWM, in bytes.
    peak: u64,
    /// RssFile, in bytes.
    file: u64,
    threads: u64,
}

fn parse(text: &[u8]) -> Status {
    let mut status = Status::default();
    for line in text.split(|&b| b == b'\n') {
        if let Some(value) = line.strip_prefix(b"VmHWM:") {
            status.peak = number(value) * 1024;
        } else if let Some(value) = line.strip_prefix(b"VmRSS:") {
            status.resident = number(value) * 1024;
        } else if let Some(value) = line.strip_prefix(b"RssFile:") {
            status.file = number(value) * 1024;
        } else if let Some(value) = line.strip_prefix(b"Threads:") {
            status.threads = number(value);
            // What follows is about signals and scheduling.
            break;
        }
    }
    status
}

/// The number at the beginning, after white space; zero if there is none.
fn number(text: &[u8]) -> u64 {
    let digits = text.trim_ascii_start().iter().take_while(|b| b.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_is_read_from_its_text() {
        let text = b"Name:\tjson\nVmPeak:\t   99 kB\nVmHWM:\t    5120 kB\nVmRSS:\t    4096 kB\nRssFile:\t    1024 kB\nThreads:\t3\n";
        let expected =
            Status { resident: 4096 << 10, peak: 5120 << 10, file: 1024 << 10, threads: 3 };
        assert_eq!(parse(text), expected);
        assert_eq!(
            parse(b"Name:\tzombie\nThreads:\t1\n"),
            Status { threads: 1, ..Status::default() }
        );
        assert_eq!(parse(b""), Status::default());
    }

    #[test]
    fn this_process_uses_cpu_and_memory() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let mut usage = Usage::of(pid, pid);
        let before = usage.cpu_ns().unwrap();
        usage.look(u64::MAX);
        assert!(usage.cpu_ns().unwrap() > before);
        assert!(usage.peak_bytes().unwrap() > 0);
    }
}
