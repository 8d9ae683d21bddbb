//! Where the time of an init phase went: CPU, waiting for a core, waiting for pages, and the rest.
//!
//! Read from files under `/proc` when the phase is over (proc_pid_stat(5), proc_pid_io(5), proc_pid_schedstat(5)), so that
//! none of it is in what it is about.

use std::fs;

use kelvin_lambda::{InitParts, PageInBy};

/// The parts of an init phase of `init_ns` that the process has just ended, with `cpu_ns` of CPU time since it was executed.
pub(crate) fn init_parts(pid: i32, init_ns: u64, cpu_ns: Option<u64>) -> InitParts {
    let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).ok();
    let major_faults = read("stat").as_deref().and_then(major_faults);
    let read_bytes = read("io").as_deref().and_then(|io| field(io, "read_bytes:"));
    let run_queue_ns = read("schedstat").and_then(|text| nth(&text, 1));
    // Without statistics of the scheduler the line is not there.
    let accounted = read("sched").as_deref().and_then(waited_for_disk);
    let parts =
        InitParts { cpu_ns, run_queue_ns, major_faults, read_bytes, ..InitParts::default() };
    match accounted {
        Some(ns) => InitParts { page_in_ns: Some(ns), page_in_by: PageInBy::Accounted, ..parts },
        None => InitParts { page_in_ns: residue(init_ns, &parts), ..parts },
    }
}

/// What CPU and run queue leave of INIT where something was read, and nothing where nothing was.
fn residue(init_ns: u64, parts: &InitParts) -> Option<u64> {
    if parts.major_faults? == 0 && parts.read_bytes? == 0 {
        return Some(0);
    }
    let used = parts.cpu_ns? + parts.run_queue_ns.unwrap_or(0);
    Some(init_ns.saturating_sub(used))
}

/// The twelfth field; the second is a name in brackets, which may contain anything.
fn major_faults(stat: &str) -> Option<u64> {
    nth(stat.rsplit_once(')')?.1, 9)
}

/// `se.statistics.iowait_sum`, in milliseconds with six decimals.
fn waited_for_disk(sched: &str) -> Option<u64> {
    let line = sched.lines().find(|line| line.contains("iowait_sum"))?;
    let ms: f64 = line.rsplit(':').next()?.trim().parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "casts of floats saturate, and a wait is not negative"
    )]
    Some((ms * 1e6).round() as u64)
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

fn nth(text: &str, index: usize) -> Option<u64> {
    text.split_ascii_whitespace().nth(index)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_from_what_the_kernel_tells() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 120 0 6 0 1 2 3 4 20 0 1 0";
        assert_eq!(major_faults(stat), Some(6));
        assert_eq!(major_faults("42 (x"), None);
        let sched = "se.exec_start : 1.0\nse.statistics.iowait_sum     :    3.250001\n";
        assert_eq!(waited_for_disk(sched), Some(3_250_001));
        assert_eq!(waited_for_disk("nr_switches : 3\n"), None);
        assert_eq!(field("rchar: 9\nread_bytes: 4096\n", "read_bytes:"), Some(4096));
        assert_eq!(nth("71284 5 1\n", 1), Some(5));
    }

    #[test]
    fn what_is_left_of_init_is_page_in_only_where_something_was_read() {
        let check = |major_faults, read_bytes, expected| {
            let parts = InitParts {
                cpu_ns: Some(300),
                run_queue_ns: Some(100),
                major_faults: Some(major_faults),
                read_bytes: Some(read_bytes),
                ..InitParts::default()
            };
            assert_eq!(residue(1_000, &parts), Some(expected));
        };
        check(0, 0, 0);
        check(1, 0, 600);
        check(0, 4096, 600);
        assert_eq!(residue(1_000, &InitParts::default()), None);
    }
}
