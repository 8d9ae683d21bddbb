//! What of an executable would keep this machine, or Lambda, from running it: found before anything is started.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use kelvin_lambda::Architecture;
use rustix::fs::{Access, access};

use crate::page_cache::{Elf, interpreters, on_host, searched};

/// So much of a file says what it is; of it the kernel takes the interpreter of a script (`BINPRM_BUF_SIZE`).
const HEAD: usize = 256;

/// `e_machine` of the two that Lambda has (elf(5)).
const MACHINES: [(u16, Architecture); 2] = [(62, Architecture::X86_64), (183, Architecture::Arm64)];

/// The first bytes of programs of other systems.
const OTHERS: [(&[u8], &str); 5] = [
    (b"MZ", "Windows"),
    (b"\xcf\xfa\xed\xfe", "macOS"),
    (b"\xfe\xed\xfa\xcf", "macOS"),
    (b"\xca\xfe\xba\xbe", "macOS"),
    (b"\xce\xfa\xed\xfe", "macOS"),
];

/// The absolute path of a file that may be executed.
pub(super) fn find(path: &Path) -> io::Result<PathBuf> {
    // By its own name, which says whether its neighbours are part of the package.
    let name = path.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let path = folder.unwrap_or(Path::new(".")).canonicalize()?.join(name);
    let metadata = fs::metadata(&path)?;
    if metadata.is_dir() {
        let inside = path.join("bootstrap");
        let inside =
            if inside.is_file() { format!(", {}", inside.display()) } else { String::new() };
        return Err(io::Error::other(format!("it is a folder; name the executable in it{inside}")));
    }
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    if metadata.permissions().mode() & 0o111 == 0 {
        let remedy = format!("it may not be executed; to allow it: chmod +x {}", path.display());
        return Err(io::Error::other(remedy));
    }
    access(&path, Access::EXEC_OK)?;
    Ok(path)
}

/// Fails if the kernel would not execute the file. `task_root` is where its package is, `search` the function's PATH.
pub(super) fn check(path: &Path, task_root: &Path, search: &str) -> io::Result<()> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD as u64).read_to_end(&mut head)?;
    let problem = if head.is_empty() {
        Some("it is empty".to_owned())
    } else if head.starts_with(b"\x7fELF") {
        of_elf(path, &head, task_root)?
    } else if head.starts_with(b"#!") {
        of_script(path, &head, task_root, search)
    } else if let Some((_, system)) = OTHERS.iter().find(|(start, _)| head.starts_with(start)) {
        Some(format!("it is a program for {system}; build it for Linux"))
    } else {
        Some(
            "it is neither a program for Linux (ELF) nor a script that names its interpreter; a script's first line is like #!/bin/sh"
                .to_owned(),
        )
    };
    problem.map_or(Ok(()), |problem| Err(io::Error::other(problem)))
}

fn of_elf(path: &Path, head: &[u8], task_root: &Path) -> io::Result<Option<String>> {
    if head.get(4) == Some(&1) {
        return Ok(Some("it is a program of 32 bits, and Lambda runs those of 64".to_owned()));
    }
    let Some(elf) = Elf::read(path)? else {
        return Ok(Some("it begins like an ELF file and is none; build it again".to_owned()));
    };
    let here = Architecture::of_this_build();
    let of_file = MACHINES.iter().find(|(machine, _)| *machine == elf.machine).map(|(_, a)| *a);
    if of_file != Some(here) {
        let machine = of_file.map_or_else(
            || format!("another machine (e_machine {})", elf.machine),
            |architecture| architecture.to_string(),
        );
        return Ok(Some(format!(
            "it is built for {machine}, and this machine is {here}; build it for {here}"
        )));
    }
    let missing = elf.loader.filter(|loader| !on_host(loader.clone(), task_root).exists());
    Ok(missing.map(|loader| {
        format!(
            "its loader {} is not there; link it statically, or install its C library",
            loader.display()
        )
    }))
}

fn of_script(path: &Path, head: &[u8], task_root: &Path, search: &str) -> Option<String> {
    let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    if line.ends_with(b"\r") {
        return Some(format!(
            "its lines end as on Windows (CRLF), so that no interpreter is found; to mend it: sed -i 's/\\r$//' {}",
            path.display()
        ));
    }
    let named = interpreters(line);
    let Some(first) = named.first() else {
        return Some("its first line names no interpreter; write one, as in #!/bin/sh".to_owned());
    };
    if !on_host(first.clone(), task_root).is_file() {
        let interpreter = first.display();
        return Some(format!(
            "its first line names the interpreter {interpreter}, which is not there"
        ));
    }
    let name = searched(line)?;
    let mut folders = search.split(':').map(|folder| on_host(folder.into(), task_root));
    if folders.any(|folder| folder.join(name).is_file()) {
        return None;
    }
    Some(format!(
        "its first line names the interpreter {name}, which is not in the PATH of functions: {search}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_executed_is_told_with_what_to_do() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().canonicalize().unwrap();
        let path = root.join("program");
        let see = |content: &[u8], mode: u32| {
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let search = "/nowhere:/var/task/tools:/bin";
            let seen = find(&path).and_then(|path| check(&path, &root, search));
            let text = seen.err().map(|error| error.to_string()).unwrap_or_default();
            text.replace(&root.display().to_string(), "DIR")
        };
        fs::create_dir(root.join("tools")).unwrap();
        fs::write(root.join("tools/mine"), "").unwrap();
        assert_eq!(see(b"#!/bin/sh\n", 0o755), "");
        assert_eq!(see(b"#!/usr/bin/env sh", 0o755), "");
        assert_eq!(see(b"#! /usr/bin/env -S mine -x\n", 0o755), "");
        assert_eq!(see(b"#!/var/task/tools/mine\n", 0o755), "");
        let own = fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(see(&own, 0o755), "");
        let mut other = own.clone();
        other[18] ^= 62 ^ 183;
        let seen = see(&other, 0o755);
        assert!(seen.starts_with("it is built for ") && seen.contains("; build it for "), "{seen}");
        let mut other = own;
        other[4] = 1;
        assert_eq!(see(&other, 0o755), "it is a program of 32 bits, and Lambda runs those of 64");
        assert_eq!(see(b"", 0o755), "it is empty");
        assert_eq!(
            see(b"#!/bin/sh\n", 0o644),
            "it may not be executed; to allow it: chmod +x DIR/program"
        );
        assert!(see(b"echo hello\n", 0o755).contains("first line is like #!/bin/sh"));
        assert!(see(b"MZ\x90", 0o755).contains("for Windows; build it for Linux"));
        assert!(see(b"#!\necho", 0o755).starts_with("its first line names no interpreter"));
        assert!(see(b"#!/bin/sh\r\necho\r\n", 0o755).ends_with("sed -i 's/\\r$//' DIR/program"));
        assert_eq!(
            see(b"#!/no/such/perl -w\n", 0o755),
            "its first line names the interpreter /no/such/perl, which is not there"
        );
        for told in ["nosuch", "-S nosuch -u", "-Snosuch app.py"] {
            let expected = "its first line names the interpreter nosuch, which is not in the PATH of functions: /nowhere:/var/task/tools:/bin";
            assert_eq!(see(format!("#!/usr/bin/env {told}\n").as_bytes(), 0o755), expected);
        }
        // What env makes of these is for env to say.
        for told in [
            "-S -u PYTHONPATH sh",
            "-Ssh app.sh",
            "-S -C /dir nosuch",
            "-S PATH=/opt/bin nosuch",
            "-S 'sh' -x",
            "-S ${NAME} -x",
            "-S",
        ] {
            assert_eq!(see(format!("#!/usr/bin/env {told}\n").as_bytes(), 0o755), "", "{told}");
        }
        let folder = find(&root).unwrap_err().to_string();
        assert_eq!(folder, "it is a folder; name the executable in it");
    }
}
