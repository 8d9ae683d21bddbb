//! The way out of an environment's own network: pasta (package passt), a process for each environment that needs no privilege.
//!
//! It opens the connections that a function asks for on behalf of this machine's user. Nothing leads in, and nothing to what
//! listens on this machine's own loopback.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::mount::{UnmountFlags, mount_bind, unmount};
use rustix::process::geteuid;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, configure_capability_in_ambient_set,
    set_capabilities,
};

/// Where distributions put programs; the guard has no environment variables.
const FOLDERS: [&str; 4] = ["/usr/bin", "/usr/local/bin", "/bin", "/usr/sbin"];

/// Whom functions ask for names where this machine's own resolver listens on its loopback. Lambda's is a link-local address,
/// too.
const RESOLVER: &str = "169.254.78.1";
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// How long a new network may take to get its route.
const PATIENCE: Duration = Duration::from_secs(2);

/// Leads out of environments.
#[derive(Debug)]
pub(crate) struct Outside {
    program: PathBuf,
    /// Holds a file for each network.
    folder: PathBuf,
    /// Stands in for `/etc/resolv.conf`.
    resolv_conf: Option<PathBuf>,
}

impl Outside {
    /// Finds out whether there is a way; `root` gets a folder and a file. Fails with what is missing.
    pub(crate) fn find(root: &Path) -> Result<Outside, String> {
        let places = FOLDERS.iter().map(|folder| Path::new(folder).join("pasta"));
        let program = places.into_iter().find(|place| place.is_file());
        let program = program.ok_or("pasta (package passt) is not installed")?;
        let tun = OpenOptions::new().read(true).write(true).open("/dev/net/tun");
        tun.map_err(|error| format!("pasta needs /dev/net/tun: {error}"))?;
        let folder = root.join("net");
        fs::create_dir(&folder).map_err(|error| error.to_string())?;
        let resolv_conf = fs::read_to_string(RESOLV_CONF).is_ok_and(|text| is_own(&text));
        let resolv_conf = resolv_conf.then(|| root.join("resolv.conf"));
        if let Some(file) = &resolv_conf {
            let text = format!("nameserver {RESOLVER}\n");
            fs::write(file, text).map_err(|error| error.to_string())?;
        }
        Ok(Outside { program, folder, resolv_conf })
    }

    /// What takes the place of `/etc/resolv.conf`, if anything has to.
    pub(crate) fn resolv_conf(&self) -> Option<(&Path, &Path)> {
        let copy = self.resolv_conf.as_deref()?;
        Some((copy, Path::new(RESOLV_CONF)))
    }

    /// Gives a network a way out, by and by.
    pub(crate) fn attach(&self, id: u64, network: &OwnedFd) -> io::Result<()> {
        let file = self.folder.join(id.to_string());
        File::create(&file)?;
        mount_bind(format!("/proc/self/fd/{}", network.as_raw_fd()), &file)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "a part of the edge, not something to measure"
        )]
        let mut command = Command::new(&self.program);
        command
            .args(["--config-net", "--quiet", "--no-map-gw", "--netns-only"])
            .args(["-t", "none", "-u", "none", "-T", "none", "-U", "none"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if self.resolv_conf.is_some() {
            command.args(["--dns-forward", RESOLVER]);
        }
        if geteuid().is_root() {
            // It would become another user, who may not enter the namespace.
            command.args(["--runas", "0"]);
        } else {
            // SAFETY: the closure makes system calls only.
            #[expect(unsafe_code, reason = "only the new process is to keep its privileges")]
            unsafe {
                command.pre_exec(keep_capabilities);
            }
        }
        // It goes into the background when it is ready, and ends when the file is gone.
        command.arg("--netns").arg(&file).spawn().map(drop)
    }

    /// The network is gone.
    pub(crate) fn detach(&self, id: u64) {
        let file = self.folder.join(id.to_string());
        unmount(&file, UnmountFlags::DETACH).ok();
        fs::remove_file(&file).ok();
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        for file in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            unmount(file.path(), UnmountFlags::DETACH).ok();
        }
    }
}

/// Keeps, in a program that this process is about to execute, what it may do in its user namespace (capabilities(7)).
fn keep_capabilities() -> io::Result<()> {
    let sets = capabilities(None)?;
    set_capabilities(None, CapabilitySets { inheritable: sets.permitted, ..sets })?;
    for capability in CapabilitySet::all().iter().filter(|one| sets.permitted.contains(*one)) {
        configure_capability_in_ambient_set(capability, true)?;
    }
    Ok(())
}

/// Waits until this process's network has a default route; `false` if it gets none.
pub(crate) fn wait_for_route() -> bool {
    let begun = Instant::now();
    loop {
        // Interface, destination, …; in hexadecimal (proc_pid_net(5)).
        let routes = fs::read_to_string("/proc/self/net/route").unwrap_or_default();
        if routes.lines().any(|line| line.split('\t').nth(1) == Some("00000000")) {
            return true;
        }
        if begun.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// Whether a resolver on this machine's own loopback is asked for names.
fn is_own(resolv_conf: &str) -> bool {
    let mut servers = resolv_conf.lines().filter_map(|line| line.trim().strip_prefix("nameserver"));
    servers.any(|server| server.trim().starts_with("127.") || server.trim() == "::1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolver_on_the_loopback_is_known() {
        let check = |text, expected| assert_eq!(is_own(text), expected, "{text:?}");
        check("nameserver 127.0.0.53\noptions edns0\n", true);
        check("# nameserver 127.0.0.1\nnameserver 10.0.0.2\n", false);
        check("nameserver ::1\n", true);
        check("", false);
    }
}
