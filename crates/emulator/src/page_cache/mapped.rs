//! Which files a process has mapped (proc_pid_maps(5)): what it has really loaded, whatever was expected.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// The files that a process has mapped now, as it sees them, without those that are removed or in memory only.
pub(crate) fn mapped_files(pid: i32) -> io::Result<Vec<PathBuf>> {
    Ok(paths(&fs::read(format!("/proc/{pid}/maps"))?))
}

fn paths(maps: &[u8]) -> Vec<PathBuf> {
    let lines = maps.split(|&byte| byte == b'\n');
    let paths: BTreeSet<PathBuf> = lines.filter_map(path).collect();
    paths.into_iter().collect()
}

/// The last of six columns, which may have spaces in it.
fn path(line: &[u8]) -> Option<PathBuf> {
    let start = line.iter().position(|&byte| byte == b'/')?;
    let (columns, path) = line.split_at(start);
    let device = columns.split(|&byte| byte == b' ').nth(3)?;
    let no_file = [&b"/memfd:"[..], b"/SYSV", b"/anon_hugepage"];
    let is_device = path.starts_with(b"/dev/") && !path.starts_with(b"/dev/shm/");
    let is_file = columns.ends_with(b" ")
        && device.contains(&b':')
        && !path.ends_with(b" (deleted)")
        && !is_device
        && !no_file.iter().any(|start| path.starts_with(start));
    is_file.then(|| OsString::from_vec(unescaped(path)).into())
}

/// The kernel writes a line feed as `\012`, and nothing else in this way.
fn unescaped(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&byte, after)) = rest.split_first() {
        match rest.strip_prefix(br"\012") {
            Some(after) => {
                plain.push(b'\n');
                rest = after;
            }
            None => {
                plain.push(byte);
                rest = after;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_a_file_or_none() {
        for (line, expected) in [
            (
                "7f1-7f2 r-xp 00000000 fe:00 42                 /usr/lib/libc.so.6",
                Some("/usr/lib/libc.so.6"),
            ),
            (
                "7f1-7f2 r--p 00000000 00:2a 42   /a folder/with spaces.so",
                Some("/a folder/with spaces.so"),
            ),
            ("7f1-7f2 r--p 00000000 00:2a 42   /line\\012feed", Some("/line\nfeed")),
            ("7f1-7f2 r--p 00000000 00:2a 42   /gone.so (deleted)", None),
            ("7f1-7f2 rw-s 00000000 00:01 42   /memfd:shared", None),
            ("7f1-7f2 rw-s 00000000 00:05 42   /dev/zero", None),
            ("7f1-7f2 rw-p 00000000 00:00 0    [heap]", None),
            ("7f1-7f2 rw-p 00000000 00:00 0    [anon:/some/name]", None),
            ("7f1-7f2 rw-p 00000000 00:00 0 ", None),
            ("", None),
        ] {
            assert_eq!(path(line.as_bytes()), expected.map(PathBuf::from), "{line}");
        }
    }

    #[test]
    fn this_process_has_its_executable_mapped_and_each_file_is_named_once() {
        let own = i32::try_from(std::process::id()).unwrap();
        let files = mapped_files(own).unwrap();
        let program = std::env::current_exe().unwrap().canonicalize().unwrap();
        assert_eq!(files.iter().filter(|&file| *file == program).count(), 1, "{files:?}");
        assert!(mapped_files(-1).is_err());
    }
}
