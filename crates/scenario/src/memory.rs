//! How much memory this process has, so that no script takes all of it.

use std::fs;

/// What is resident, in bytes; `None` where the kernel does not tell.
pub(crate) fn resident_bytes() -> Option<u64> {
    // "size resident shared …", in pages (proc_pid_statm(5)).
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_at_least_what_it_has_filled() {
        let filled = vec![1_u8; 8 << 20];
        assert!(resident_bytes().is_some_and(|bytes| bytes > filled.len() as u64));
    }
}
