//! What this machine offers.

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use kelvin_emulator::cpu::{CgroupError, CpuLimit};
use kelvin_emulator::{AwakeCores, Limits};

use super::Patient;

use crate::{remedies, runtimes, timer};

/// One thing that a measurement may want.
pub(super) struct Finding {
    what: &'static str,
    /// What was found.
    state: String,
    /// How to get it, where it is missing.
    remedy: Option<String>,
}

pub(super) fn look() -> Vec<Finding> {
    let mut findings = vec![
        cores(),
        Finding {
            what: "cpu limit",
            state: "tick model (stops and continues what runs; needs no privileges)".to_owned(),
            remedy: None,
        },
        cgroup(),
    ];
    findings.extend(edge());
    findings.extend([
        awake_cores(),
        governor(),
        program("cargo", "to build workloads", "https://rustup.rs"),
        program("cc", "to build workloads that contain C", "sudo apt-get install gcc"),
    ]);
    findings.extend(runtimes::look().map(interpreter));
    findings.extend([
        clients(),
        Finding { what: "timer", state: timer::describe(timer::lateness()), remedy: None },
    ]);
    findings
}

/// What the emulator can enforce on this machine, as it finds when it starts, and the command that would add what is missing.
fn edge() -> Vec<Finding> {
    let limits = Limits { cpu: CpuLimit::Off, memory: true, freeze: true, files: true };
    let patient = Patient::new(limits);
    let look = |(what, remedy): (&'static str, &str)| match &patient {
        Ok(patient) => patient.enforcement(what).map(|found| finding(what, found, remedy)),
        Err(error) => Some(Finding { what, state: format!("{error:#}"), remedy: None }),
    };
    remedies::of_machine().into_iter().filter_map(look).collect()
}

/// What the emulator says of a limit: by what it is enforced, and a note. Where a better means is missing, the note says why.
fn finding(
    what: &'static str,
    (by, note): (Option<String>, Option<String>),
    remedy: &str,
) -> Finding {
    let is_best = remedies::is_best(by.as_deref());
    let note = note.map(|note| if by.is_some() { format!(" ({note})") } else { note });
    let state = [by, note].into_iter().flatten().collect();
    Finding { what, state, remedy: (!is_best).then(|| remedy.to_owned()) }
}

pub(super) fn render(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { what, state, remedy } in findings {
        writeln!(text, "{what:21} {state}").ok();
        if let Some(remedy) = remedy {
            writeln!(text, "{:21} to add it: {remedy}", "").ok();
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

fn interpreter(look: runtimes::Look) -> Finding {
    let remedy = look.state.is_err().then(|| look.remedy.to_owned());
    let (Ok(state) | Err(state)) = look.state;
    Finding { what: look.program, state, remedy }
}

/// AWS's runtime interface clients.
fn clients() -> Finding {
    let (state, remedy) = match runtimes::installed() {
        Ok(installed) if installed.is_empty() => (
            "none installed; interpreters may have them of their own".to_owned(),
            Some("kelvin runtimes install python nodejs".to_owned()),
        ),
        Ok(installed) => (installed.join(", "), None),
        Err(error) => (format!("{error:#}"), None),
    };
    Finding { what: "runtimes", state, remedy }
}

fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program: &PathBuf| Path::is_file(program))
}
