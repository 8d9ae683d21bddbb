//! `AWS_LAMBDA_EXEC_WRAPPER`: what starts a managed runtime instead of Lambda.

use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use kelvin_emulator::TASK_ROOT;
use kelvin_scenario::{HostError, WantedRuntime};

/// Fails if the wrapper is not there, or cannot be executed. One in the code is looked for in the code's folder.
pub(super) fn check(wanted: &WantedRuntime) -> Result<(), HostError> {
    let Some(wrapper) = wanted.exec_wrapper.as_deref().filter(|wrapper| !wrapper.is_empty()) else {
        return Ok(());
    };
    let code = wanted.code.as_deref();
    let Some(path) = on_this_machine(Path::new(wrapper), code) else { return Ok(()) };
    let problem = match path.metadata() {
        Err(_) => "is not there".to_owned(),
        Ok(file) if !file.is_file() => "is not a file".to_owned(),
        Ok(file) if file.permissions().mode() & 0o111 == 0 => {
            format!("may not be executed; to allow it: chmod +x {}", path.display())
        }
        Ok(_) => return Ok(()),
    };
    let place = if path == Path::new(wrapper) {
        String::new()
    } else {
        format!(", which is {} here,", path.display())
    };
    Err(HostError::new(format!("AWS_LAMBDA_EXEC_WRAPPER: {wrapper}{place} {problem}")))
}

/// `None` if only the function can tell.
fn on_this_machine(wrapper: &Path, code: Option<&Path>) -> Option<PathBuf> {
    if wrapper.components().any(|part| part == Component::ParentDir) {
        return None;
    }
    match wrapper.strip_prefix(TASK_ROOT) {
        Ok(below) => code.map(|code| code.join(below)),
        Err(_) if wrapper.is_absolute() => Some(wrapper.to_owned()),
        // Relative to the folder in which a function starts, which is that of its code.
        Err(_) => code.map(|code| code.join(wrapper)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use kelvin_scenario::Client;

    use super::*;

    #[test]
    fn a_wrapper_is_a_program_in_the_code_or_on_the_machine() {
        let code = tempfile::tempdir().unwrap();
        let path = |name: &str| code.path().join(name);
        fs::write(path("plain"), "").unwrap();
        fs::write(path("good"), "").unwrap();
        fs::set_permissions(path("good"), PermissionsExt::from_mode(0o755)).unwrap();
        fs::create_dir(path("folder")).unwrap();
        let check = |wrapper: &str, expected: Option<&str>| {
            let wanted = WantedRuntime {
                name: "python".to_owned(),
                client: Client::Aws,
                code: Some(code.path().to_owned()),
                handler: "app.handler".to_owned(),
                exec_wrapper: Some(wrapper.to_owned()),
            };
            let error = check(&wanted).err().map(|error| error.message);
            let error = error.map(|text| text.replace(&code.path().display().to_string(), "CODE"));
            let expected = expected.map(|text| format!("AWS_LAMBDA_EXEC_WRAPPER: {wrapper}{text}"));
            assert_eq!(error, expected);
        };
        check("", None);
        check("/var/task/good", None);
        check("./good", None);
        check("/bin/sh", None);
        check("/opt/../var/task/good", None);
        check("/opt/no/such/wrapper", Some(" is not there"));
        check("/var/task/none", Some(", which is CODE/none here, is not there"));
        check("/var/task/folder", Some(", which is CODE/folder here, is not a file"));
        let remedy = "may not be executed; to allow it: chmod +x CODE/plain";
        check("/var/task/plain", Some(&format!(", which is CODE/plain here, {remedy}")));
    }
}
