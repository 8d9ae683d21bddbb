//! Packages: a bootstrap that starts the runtime, and the code that it is to run.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use kelvin_emulator::copy_package;
use kelvin_workload::sha256_hex;

use crate::runtimes::interpreter::Interpreter;
use crate::runtimes::kind::Kind;
use crate::shell;

/// Where our own runtime is in a package. AWS's would be in `/var/runtime`.
const OWN: &str = ".kelvin";

/// Code of the user's.
pub(super) struct Code<'a> {
    pub folder: &'a Path,
    /// Folders that are in no package.
    pub left_out: &'a [PathBuf],
}

/// Writes a package into a folder, which is made; returns its bootstrap. Without code of the user's, the handler is the
/// one that does what the workload `hello` does.
pub(super) fn write(
    folder: &Path,
    kind: &Kind,
    interpreter: &Interpreter,
    code: Option<Code<'_>>,
) -> io::Result<PathBuf> {
    folder.parent().map_or(Ok(()), fs::create_dir_all)?;
    match code {
        Some(code) => copy_package(code.folder, folder, code.left_out)?,
        None => {
            let (name, text) = kind.hello;
            fs::create_dir(folder)?;
            fs::write(folder.join(name), text)?;
        }
    }
    let digest = digest(folder)?;
    let bootstrap = folder.join("bootstrap");
    if bootstrap.exists() {
        return Err(io::Error::other(
            "the code has a bootstrap of its own; deploy it as bootstrap, without a runtime",
        ));
    }
    let word = |path: &Path| shell::quoted(&path.to_string_lossy());
    let program = word(&interpreter.program);
    let command = match &interpreter.client {
        Some(client) => match &client.program {
            Some(client) => format!("{program} {} \"$_HANDLER\"", word(client)),
            None => format!("{program} -m {} \"$_HANDLER\"", kind.client),
        },
        None => {
            let (name, text) = kind.own;
            fs::create_dir(folder.join(OWN))?;
            fs::write(folder.join(OWN).join(name), text)?;
            format!("{program} \"$LAMBDA_TASK_ROOT/{OWN}/{name}\"")
        }
    };
    // The record of a run has a digest of the bootstrap, and so of the code.
    let what = interpreter.describe(kind);
    let identifier = kind.identifier(&kind.release(&interpreter.version));
    let head = format!("#!/bin/sh\n# {what}; code {digest}\n");
    fs::write(&bootstrap, format!("{head}{}", start(&identifier, &command)))?;
    fs::set_permissions(&bootstrap, PermissionsExt::from_mode(0o755))?;
    Ok(bootstrap)
}

/// Starts a runtime as Lambda's own do: with the variable that a bootstrap does not have there, and by the wrapper that the
/// user has named, if there is one ("Modifying the runtime environment", AWS Lambda developer guide).
fn start(identifier: &str, command: &str) -> String {
    format!(
        "export AWS_EXECUTION_ENV=AWS_Lambda_{identifier}\n\
         wrapper=\"$AWS_LAMBDA_EXEC_WRAPPER\"\n\
         if [ -z \"$wrapper\" ]; then\n\
         exec {command}\n\
         elif [ ! -f \"$wrapper\" ]; then\n\
         echo \"AWS_LAMBDA_EXEC_WRAPPER: $wrapper: does not exist\" >&2\n\
         exit 127\n\
         elif [ ! -x \"$wrapper\" ]; then\n\
         echo \"AWS_LAMBDA_EXEC_WRAPPER: $wrapper: is not executable\" >&2\n\
         exit 126\n\
         fi\n\
         exec \"$wrapper\" {command}\n"
    )
}

/// Of the names of all files below a folder, and of what is in them.
fn digest(folder: &Path) -> io::Result<String> {
    let mut lines = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let (path, file_type) = {
                let entry = entry?;
                (entry.path(), entry.file_type()?)
            };
            let content = if file_type.is_symlink() {
                fs::read_link(&path)?.into_os_string().into_encoded_bytes()
            } else if file_type.is_dir() {
                folders.push(path);
                continue;
            } else {
                fs::read(&path)?
            };
            let name = path.strip_prefix(folder).unwrap_or(&path);
            lines.push(format!("{} {}\n", sha256_hex(&content), name.display()));
        }
    }
    lines.sort_unstable();
    Ok(sha256_hex(lines.concat().as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::runtimes::name;

    fn interpreter() -> Interpreter {
        let (program, version) = ("/opt/it's/python3".into(), "3.11.7".to_owned());
        Interpreter { program, version, client: None, why: None, reads: Vec::new() }
    }

    #[test]
    fn a_package_has_the_code_and_a_bootstrap_that_tells_it_from_others() {
        let place = tempfile::tempdir().unwrap();
        let code = place.path().join("code");
        fs::create_dir_all(code.join("orders")).unwrap();
        fs::write(code.join("orders/api.py"), "1").unwrap();
        symlink("orders/api.py", code.join("app.py")).unwrap();
        fs::write(place.path().join("shared.py"), "3").unwrap();
        symlink("../shared.py", code.join("shared.py")).unwrap();
        fs::create_dir(code.join("results")).unwrap();
        let left_out = [code.join("results").canonicalize().unwrap()];
        let python = name::read("python").unwrap().kind;
        let write = |name: &str, code: Option<&Path>| {
            let folder = place.path().join(name);
            let code = code.map(|folder| Code { folder, left_out: &left_out });
            let bootstrap = super::write(&folder, python, &interpreter(), code)?;
            let text = fs::read_to_string(bootstrap).unwrap();
            let (head, start) = text.split_once("\nwrapper=").unwrap();
            assert!(head.ends_with("\nexport AWS_EXECUTION_ENV=AWS_Lambda_python3.11"), "{head}");
            let command = "'/opt/it'\\''s/python3' \"$LAMBDA_TASK_ROOT/.kelvin/loop.py\"\n";
            assert!(start.contains(&format!("\nexec {command}")), "{start}");
            assert!(start.ends_with(&format!("\nexec \"$wrapper\" {command}")), "{start}");
            assert!(folder.join(".kelvin/loop.py").is_file());
            io::Result::Ok((folder, head.to_owned()))
        };
        let (first, head) = write("first", Some(&code)).unwrap();
        assert_eq!(fs::read_to_string(first.join("app.py")).unwrap(), "1");
        assert_eq!(fs::read_to_string(first.join("shared.py")).unwrap(), "3");
        assert!(!first.join("results").exists());
        assert!(head.starts_with("#!/bin/sh\n# stand-in, Python 3.11.7; code "), "{head}");
        assert_eq!(write("again", Some(&code)).unwrap().1, head);
        fs::write(code.join("orders/api.py"), "2").unwrap();
        assert_ne!(write("other", Some(&code)).unwrap().1, head);
        let (shipped, _) = write("shipped", None).unwrap();
        assert!(shipped.join("app.py").is_file());
        fs::write(code.join("bootstrap"), "").unwrap();
        let error = write("bootstrap", Some(&code)).unwrap_err().to_string();
        assert!(error.starts_with("the code has a bootstrap of its own"), "{error}");
    }
}
