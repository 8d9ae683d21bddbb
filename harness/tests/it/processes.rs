//! Who is running, as `/proc` tells it.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Processes that have `mark` on their command line, in their environment, or in the place of a mount that only they see, with
/// their command lines. Those that have ended and whose parent has not looked yet have neither.
pub(crate) fn of(mark: &Path) -> Vec<String> {
    let mark = mark.to_str().expect("temporary folders have plain names").as_bytes();
    let processes = fs::read_dir("/proc").expect("this is Linux").flatten();
    let marked = processes.filter_map(|process| {
        let path = process.path();
        path.file_name()?.to_str()?.parse::<u32>().ok()?;
        let command_line = fs::read(path.join("cmdline")).ok()?;
        let contains = |file: &str| {
            let text = fs::read(path.join(file)).unwrap_or_default();
            text.windows(mark.len()).any(|window| window == mark)
        };
        let marked = contains("cmdline") || contains("environ") || contains("mountinfo");
        marked.then(|| String::from_utf8_lossy(&command_line).replace('\0', " "))
    });
    marked.collect()
}

/// Waits until there are none. Who is nobody's child of ours cannot be waited for in any better way.
pub(crate) fn wait_until_gone(mark: &Path) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let left = of(mark);
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "still running: {left:?}");
        thread::yield_now();
    }
}
