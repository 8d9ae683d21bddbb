//! The environment variables that Lambda sets ("Defined runtime environment variables", provided.al2023).

use std::net::SocketAddr;
use std::path::Path;
use std::sync::OnceLock;

use kelvin_lambda::FunctionConfig;
use uuid::Uuid;

/// Where the emulator pretends to be.
pub(crate) const REGION: &str = "us-east-1";
/// The account it pretends to belong to; the one that AWS uses in its documentation.
pub(crate) const ACCOUNT: &str = "123456789012";

/// The function's unqualified ARN.
pub(crate) fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

/// The variable that tells a process its Runtime API. No two processes have the same value.
pub(crate) fn runtime_api(address: SocketAddr) -> (String, String) {
    ("AWS_LAMBDA_RUNTIME_API".to_owned(), address.to_string())
}

/// The name of an execution environment's log stream: date, version and 32 hexadecimal digits.
pub(crate) fn log_stream_name(date: &str) -> String {
    format!("{date}/[$LATEST]{}", Uuid::new_v4().simple())
}

/// Where Lambda looks for programs.
pub(crate) const PATH: &str = "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin";

/// Where Lambda looks for shared libraries: the folders of its own system, then those of the function.
const LIBRARY_FOLDERS: [&str; 8] = [
    "/var/lang/lib",
    "/lib64",
    "/usr/lib64",
    "/var/runtime",
    "/var/runtime/lib",
    "/var/task",
    "/var/task/lib",
    "/opt/lib",
];

/// Where Debian and its descendants have the C library.
#[cfg(target_arch = "x86_64")]
const MULTIARCH_FOLDERS: [&str; 2] = ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"];
#[cfg(not(target_arch = "x86_64"))]
const MULTIARCH_FOLDERS: [&str; 2] = ["/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];

/// Whose libraries a function's programs find first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Libraries {
    /// This machine's, which stand in for those of Lambda's system.
    #[default]
    OfSystem,
    /// Their own: an interpreter that is no part of the system was built for other ones, and the loader finds them by what the
    /// interpreter says of them, or else the system's, but only after `LD_LIBRARY_PATH` (`DT_RUNPATH` in ld.so(8)).
    OfProgram,
}

/// `LD_LIBRARY_PATH`: those of [`LIBRARY_FOLDERS`] that can hold a library on this machine; of those only the function's own
/// where programs have libraries of their own.
///
/// On Lambda the C library lies in `/lib64`, the second of them, and the loader finds it there at once. Where it lies
/// elsewhere, that folder stands in for `/lib64`: else the loader would look through all folders in vain, in several
/// subfolders each, and INIT would contain that (0.2 ms of 1.5 ms for a small program).
fn library_path(libraries: Libraries) -> String {
    static PATH: OnceLock<String> = OnceLock::new();
    let of_function = |folder: &str| folder.starts_with("/var/task") || folder == "/opt/lib";
    if libraries == Libraries::OfProgram {
        let folders = LIBRARY_FOLDERS.into_iter().filter(|folder| of_function(folder));
        return folders.collect::<Vec<_>>().join(":");
    }
    let has_libraries = |folder: &str| Path::new(folder).join("libc.so.6").exists();
    let path = PATH.get_or_init(|| {
        let mut folders = LIBRARY_FOLDERS.to_vec();
        folders.retain(|folder| of_function(folder) || has_libraries(folder));
        if !folders.iter().any(|folder| has_libraries(folder)) {
            let stand_in = MULTIARCH_FOLDERS.into_iter().find(|folder| has_libraries(folder));
            folders.splice(0..0, stand_in);
        }
        folders.join(":")
    });
    path.clone()
}

/// All variables of a process but that of its Runtime API; the user's own win where Lambda lets them.
pub fn env_vars(
    config: &FunctionConfig,
    log_stream_name: &str,
    task_root: &Path,
    tmp: Option<&Path>,
    libraries: Libraries,
) -> Vec<(String, String)> {
    let name = &config.name;
    let mut all: Vec<(String, String)> = [
        ("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned()),
        ("AWS_SESSION_TOKEN", "EXAMPLE".to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", config.memory_size.mb().to_string()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", log_stream_name.to_owned()),
        ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR".to_owned()),
        ("AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1:2000".to_owned()),
        ("_AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1".to_owned()),
        ("_AWS_XRAY_DAEMON_PORT", "2000".to_owned()),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned()),
        ("LAMBDA_TASK_ROOT", task_root.display().to_string()),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("LD_LIBRARY_PATH", library_path(libraries)),
        ("PATH", PATH.to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("_HANDLER", config.handler.clone()),
    ]
    .into_iter()
    // Not one of Lambda's: stands in for /tmp where that is not private.
    .chain(tmp.map(|tmp| ("TMPDIR", tmp.display().to_string())))
    .map(|(name, value)| (name.to_owned(), value))
    .filter(|(name, _)| !config.env_vars.contains_key(name))
    .collect();
    all.extend(config.env_vars.iter().map(|(name, value)| (name.clone(), value.clone())));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_looked_for_where_lambda_does_and_not_in_vain() {
        assert_eq!(library_path(Libraries::OfProgram), "/var/task:/var/task/lib:/opt/lib");
        let path = library_path(Libraries::OfSystem);
        let folders: Vec<&str> = path.split(':').collect();
        assert!(folders.ends_with(&["/var/task", "/var/task/lib", "/opt/lib"]), "{path}");
        let in_order = MULTIARCH_FOLDERS.iter().chain(&LIBRARY_FOLDERS);
        let in_order = in_order.filter(|folder| folders.contains(folder));
        assert_eq!(in_order.copied().collect::<Vec<_>>(), folders);
        // The first one ends the search for the C library, wherever this machine has it in one of these.
        let known = MULTIARCH_FOLDERS.iter().chain(&LIBRARY_FOLDERS);
        if known.map(|folder| Path::new(folder).join("libc.so.6")).any(|path| path.exists()) {
            assert!(Path::new(folders[0]).join("libc.so.6").exists(), "{path}");
        }
        for system in folders.iter().filter(|f| !f.starts_with("/var/task") && **f != "/opt/lib") {
            assert!(Path::new(system).join("libc.so.6").exists(), "{system}");
        }
    }
}
