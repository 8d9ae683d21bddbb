//! How much memory an execution environment uses: what its processes share counts once.
//!
//! A sum of resident sets counts pages that processes share once for each of them; it is quick to read, and never too small.
//! Where it would matter, the kernel is asked for each process's share of what it shares (`Pss` of `smaps_rollup`,
//! proc_pid_smaps(5)), which takes it milliseconds for a large process.

use std::fs;

/// What one process has resident, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shares {
    /// Its share of pages that no file is behind.
    anonymous: u64,
    /// Its share of pages of files, and all of those that it has mapped.
    file: u64,
    whole_file: u64,
}

/// What processes use together. Pages of files count as the kernel divides them, but at least as much as the process with the
/// most of them has mapped: others than those of the environment may have the same file mapped, too.
pub(crate) fn together(processes: &[Shares]) -> u64 {
    let anonymous: u64 = processes.iter().map(|process| process.anonymous).sum();
    let file: u64 = processes.iter().map(|process| process.file).sum();
    let most = processes.iter().map(|process| process.whole_file).max().unwrap_or(0);
    anonymous + file.max(most)
}

/// Of a process that has mapped so much of files; `None` if it is gone or the kernel does not tell.
pub(crate) fn shares(pid: i32, whole_file: u64) -> Option<Shares> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    parse(&rollup, whole_file)
}

fn parse(rollup: &str, whole_file: u64) -> Option<Shares> {
    let field = |name: &str| {
        let value = rollup.lines().find_map(|line| line.strip_prefix(name))?;
        value.trim().trim_end_matches(" kB").parse::<u64>().ok()?.checked_mul(1024)
    };
    let whole = field("Pss:")?;
    // Kernels before 5.4 do not tell the parts.
    let file = field("Pss_File:").unwrap_or(0);
    Some(Shares { anonymous: whole.saturating_sub(file), file, whole_file })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_from_what_the_kernel_tells() {
        let rollup = "55-7f ---p 00000000 00:00 0  [rollup]\nRss:  3000 kB\nPss:  1500 kB\nPss_Anon: 1000 kB\nPss_File: 500 kB\nPss_Shmem: 0 kB\n";
        let expected = Shares { anonymous: 1000 << 10, file: 500 << 10, whole_file: 1000 << 10 };
        assert_eq!(parse(rollup, 1000 << 10), Some(expected));
        assert_eq!(parse("Rss: 3 kB\n", 1000 << 10), None);
        let old = Shares { anonymous: 7 << 10, file: 0, whole_file: 0 };
        assert_eq!(parse("Pss: 7 kB\n", 0), Some(old));
    }

    #[test]
    fn what_is_shared_counts_once() {
        let share = |anonymous, file, whole_file| Shares { anonymous, file, whole_file };
        // A parent of 150 with four children that share all of it.
        assert_eq!(together(&[share(30, 2, 10); 5]), 150 + 10);
        // Nobody else has the file mapped.
        assert_eq!(together(&[share(1, 5, 10), share(1, 5, 10)]), 2 + 10);
        // Two files, each mapped by one of them.
        assert_eq!(together(&[share(0, 10, 10), share(0, 20, 20)]), 30);
        assert_eq!(together(&[]), 0);
    }
}
