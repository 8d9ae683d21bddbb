//! Packages: a bootstrap that starts the runtime, and the code that it is to run.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use kelvin_workload::sha256_hex;

use crate::runtimes::interpreter::Interpreter;
use crate::runtimes::kind::Kind;

/// Where our own runtime is in a package. AWS's would be in `/var/runtime`.
const OWN: &str = ".kelvin";

/// The largest package, unzipped ("Lambda quotas", AWS Lambda developer guide: 250 MB).
const MOST_BYTES: u64 = 250 * 1024 * 1024;

/// Writes a package into a folder, which is made; returns its bootstrap. Without code of the user's, the handler is the
/// one that does what the workload `hello` does.
pub(super) fn write(
    folder: &Path,
    kind: &Kind,
    interpreter: &Interpreter,
    code: Option<&Path>,
) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let digest = match code {
        Some(code) => {
            let mut copied = Copied::default();
            copied.folder(code, folder, Path::new(""))?;
            copied.digest()
        }
        None => {
            let (name, text) = kind.hello;
            fs::write(folder.join(name), text)?;
            sha256_hex(text.as_bytes())
        }
    };
    let bootstrap = folder.join("bootstrap");
    if bootstrap.exists() {
        return Err(io::Error::other(
            "the code has a bootstrap of its own; deploy it as bootstrap, without a runtime",
        ));
    }
    let program = quoted(&interpreter.program);
    let start = match &interpreter.client {
        Some(client) => match &client.program {
            Some(client) => format!("{program} {} \"$_HANDLER\"", quoted(client)),
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
    // A bootstrap has no such variable on Lambda, and a runtime of Lambda's own has.
    let identifier = (kind.identifier)(&interpreter.version);
    let text = format!(
        "#!/bin/sh\n# {what}; code {digest}\nexport AWS_EXECUTION_ENV=AWS_Lambda_{identifier}\nexec {start}\n"
    );
    fs::write(&bootstrap, text)?;
    fs::set_permissions(&bootstrap, PermissionsExt::from_mode(0o755))?;
    Ok(bootstrap)
}

/// What has been copied into a package.
#[derive(Default)]
struct Copied {
    bytes: u64,
    /// A line a file: its name and the digest of what is in it.
    files: Vec<String>,
}

impl Copied {
    fn digest(mut self) -> String {
        self.files.sort_unstable();
        sha256_hex(self.files.concat().as_bytes())
    }

    /// Links stay links, as in a zip.
    fn folder(&mut self, from: &Path, to: &Path, name: &Path) -> io::Result<()> {
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let (path, target) = (entry.path(), to.join(entry.file_name()));
            let name = name.join(entry.file_name());
            let file_type = entry.file_type()?;
            if file_type.is_symlink() {
                let leads_to = fs::read_link(&path)?;
                self.note(&name, leads_to.as_os_str().as_encoded_bytes());
                symlink(leads_to, target)?;
            } else if file_type.is_dir() {
                fs::create_dir(&target)?;
                self.folder(&path, &target, &name)?;
            } else if file_type.is_file() {
                self.bytes += entry.metadata()?.len();
                if self.bytes > MOST_BYTES {
                    let message = "the code has more than 250 MB, which is the most that a package may have on Lambda";
                    return Err(io::Error::other(message));
                }
                fs::copy(&path, &target)?;
                self.note(&name, &fs::read(&target)?);
            }
        }
        Ok(())
    }

    fn note(&mut self, name: &Path, content: &[u8]) {
        self.files.push(format!("{} {}\n", sha256_hex(content), name.display()));
    }
}

/// As one word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtimes::kind;

    fn interpreter() -> Interpreter {
        let (program, version) = ("/opt/it's/python3".into(), "3.11.7".to_owned());
        Interpreter { program, version, client: None, reads: Vec::new() }
    }

    #[test]
    fn a_package_has_the_code_and_a_bootstrap_that_tells_it_from_others() {
        let place = tempfile::tempdir().unwrap();
        let code = place.path().join("code");
        fs::create_dir_all(code.join("orders")).unwrap();
        fs::write(code.join("orders/api.py"), "1").unwrap();
        symlink("orders/api.py", code.join("app.py")).unwrap();
        let python = kind::find("python").unwrap();
        let write = |name: &str, code: Option<&Path>| {
            let folder = place.path().join(name);
            let bootstrap = super::write(&folder, python, &interpreter(), code)?;
            let text = fs::read_to_string(bootstrap).unwrap();
            let (head, start) = text.split_once("\nexec ").unwrap();
            assert!(head.ends_with("\nexport AWS_EXECUTION_ENV=AWS_Lambda_python3.11"), "{head}");
            assert_eq!(start, "'/opt/it'\\''s/python3' \"$LAMBDA_TASK_ROOT/.kelvin/loop.py\"\n");
            assert!(folder.join(".kelvin/loop.py").is_file());
            io::Result::Ok((folder, head.to_owned()))
        };
        let (first, head) = write("first", Some(&code)).unwrap();
        assert_eq!(fs::read_to_string(first.join("app.py")).unwrap(), "1");
        assert!(head.starts_with("#!/bin/sh\n# standard library, Python 3.11.7; code "), "{head}");
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
