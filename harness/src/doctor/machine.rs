//! What this machine offers.

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use kelvin_emulator::cpu::{CgroupError, CpuLimit};
use kelvin_emulator::{AwakeCores, Limits};

use super::Patient;

use crate::timer;

/// One thing that a measurement may want.
pub(super) struct Finding {
    what: &'static str,
    /// What was found.
    state: String,
    /// How to get it, where it is missing.
    remedy: Option<String>,
}

pub(super) fn look() -> Vec<Finding> {
    vec![
        cores(),
        Finding {
            what: "cpu limit",
            state: "tick model (stop and continue signals; needs no privileges)".to_owned(),
            remedy: None,
        },
        cgroup(),
        Finding {
            what: "memory limit",
            state: "resident memory, looked at every 4 ms".to_owned(),
            remedy: None,
        },
        Finding { what: "freeze", state: "stop signal".to_owned(), remedy: None },
        private_files(),
        of_the_emulator(
            "visible cpus",
            "give this machine or container a second core, and allow seccomp(2)",
        ),
        of_the_emulator(
            "page cache",
            "TMPDIR=/a/folder/on/a/disk kelvin run …, or private files (above)",
        ),
        awake_cores(),
        governor(),
        program("cargo", "to build workloads", "https://rustup.rs"),
        program("cc", "to build workloads that contain C", "sudo apt-get install gcc"),
        program("python3", "for runtime: \"python\"", "sudo apt-get install python3"),
        program("node", "for runtime: \"nodejs\"", "sudo apt-get install nodejs"),
        Finding { what: "timer", state: timer::describe(timer::lateness()), remedy: None },
    ]
}

pub(super) fn render(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { what, state, remedy } in findings {
        writeln!(text, "{what:14} {state}").ok();
        if let Some(remedy) = remedy {
            writeln!(text, "{:14} to add it: {remedy}", "").ok();
        }
    }
    text
}

fn cores() -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (state, remedy) = if cores > 1 {
        (format!("{cores}: one for the function, one for the serving thread"), None)
    } else {
        (
            "1: the serving thread has to sleep, latencies are longer".to_owned(),
            Some("give this machine or container a second core".to_owned()),
        )
    };
    Finding { what: "cores", state, remedy }
}

/// Tries it: only the kernel knows all that may be in the way.
fn cgroup() -> Finding {
    let limits = Limits { cpu: CpuLimit::Cgroup, memory: false, freeze: false, files: false };
    let (state, remedy) = match Patient::new(limits) {
        Ok(patient) => (format!("{} (--cpu-limit cgroup)", patient.mechanism()), None),
        Err(error) => {
            let cgroup = error.chain().find_map(|cause| cause.downcast_ref::<CgroupError>());
            (format!("cannot be used: {error:#}"), cgroup.map(CgroupError::remedy))
        }
    };
    Finding { what: "cgroup", state, remedy }
}

/// Tries it, as [`cgroup`] does.
fn private_files() -> Finding {
    let what = "private files";
    let limits = Limits { cpu: CpuLimit::Off, memory: false, freeze: false, files: true };
    let missing = match Patient::new(limits) {
        Ok(patient) => patient.not_enforced("private /tmp"),
        Err(error) => Some(format!("{error:#}")),
    };
    let Some(why) = missing else {
        let state = "mount namespace: /tmp of the size of the ephemeral storage, and /var/task";
        return Finding { what, state: state.to_owned(), remedy: None };
    };
    // Distributions forbid namespaces to ordinary users in one of two ways.
    let restricted = Path::new("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
    let remedy = if fs::read_to_string(restricted).is_ok_and(|text| text.trim() == "1") {
        "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"
    } else {
        "sudo sysctl user.max_user_namespaces=10000, or for a container --security-opt seccomp=unconfined"
    };
    Finding { what, state: why, remedy: Some(remedy.to_owned()) }
}

/// What the emulator says of a limit that it tries for itself when it starts.
fn of_the_emulator(what: &'static str, remedy: &str) -> Finding {
    let limits = Limits { cpu: CpuLimit::Off, memory: false, freeze: false, files: true };
    match Patient::new(limits).map(|patient| patient.enforcement(what)) {
        Ok(Some((Some(by), note))) => {
            let note = note.map(|note| format!(" ({note})")).unwrap_or_default();
            Finding { what, state: format!("{by}{note}"), remedy: None }
        }
        Ok(Some((None, note))) => {
            Finding { what, state: note.unwrap_or_default(), remedy: Some(remedy.to_owned()) }
        }
        Ok(None) => Finding { what, state: "unknown".to_owned(), remedy: None },
        Err(error) => Finding { what, state: format!("{error:#}"), remedy: None },
    }
}

fn awake_cores() -> Finding {
    let what = "awake cores";
    match AwakeCores::open() {
        Ok(awake) => {
            let state = awake.state();
            let state = format!("/dev/cpu_dma_latency: idle cores stay in the state {state}");
            Finding { what, state, remedy: None }
        }
        Err(error) => {
            let remedy = Some(error.remedy().to_owned());
            let state = format!("idle cores may sleep: {:#}", anyhow::Error::new(error));
            Finding { what, state, remedy }
        }
    }
}

fn governor() -> Finding {
    let path = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
    let (state, remedy) = match fs::read_to_string(path) {
        Ok(governor) if governor.trim() == "performance" => ("performance".to_owned(), None),
        Ok(governor) => (
            format!("{}: the clock rate follows the load", governor.trim()),
            Some("sudo cpupower frequency-set --governor performance".to_owned()),
        ),
        Err(_) => ("not visible, as in most virtual machines".to_owned(), None),
    };
    Finding { what: "governor", state, remedy }
}

fn program(name: &'static str, purpose: &str, remedy: &'static str) -> Finding {
    match find(name) {
        Some(path) => Finding { what: name, state: path.display().to_string(), remedy: None },
        None => Finding {
            what: name,
            state: format!("not found; needed {purpose}"),
            remedy: Some(remedy.to_owned()),
        },
    }
}

fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program: &PathBuf| Path::is_file(program))
}
