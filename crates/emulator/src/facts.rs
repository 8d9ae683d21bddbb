//! What the emulator says of itself: what it enforces and by what, and what it cannot measure.

use std::collections::BTreeMap;
use std::sync::Arc;

use kelvin_lambda::{Enforcement, MemorySize};
use kelvin_sandbox::{Cgroup, Part};

use crate::cores::Cores;
use crate::cpu::{CgroupVersion, CpuLimit};
use crate::sandboxes::Allowed;
use crate::scaling::{IdleExpiry, Scaling};
use crate::watch::Limits;

/// What was found to enforce limits with.
#[derive(Debug)]
pub(crate) struct Mechanisms {
    pub allowed: Arc<Allowed>,
    /// Why cold starts find their files in the page cache, if they all do.
    pub why_warm: Option<String>,
}

/// What cannot be measured, and why.
pub(crate) fn unavailable(limits: Limits) -> BTreeMap<String, String> {
    let why = match limits.cpu {
        CpuLimit::Tick => return BTreeMap::new(),
        CpuLimit::Off => "no CPU limit is enforced",
        CpuLimit::Cgroup => {
            "not attributed: a cgroup tells a total only, recorded as throttled_total_ns; it lies inside the spans and runtime"
        }
    };
    BTreeMap::from([("throttled_ns".to_owned(), why.to_owned())])
}

/// What is enforced, by what; and what is not.
pub(crate) fn enforcement(
    limits: Limits,
    scaling: Scaling,
    mechanisms: &Mechanisms,
    cores: &Cores,
) -> Vec<Enforcement> {
    let allowed = &*mechanisms.allowed;
    let why = because(allowed.edge.why_not(Part::Files));
    let entry = |limit: &str, enforced: bool, by: &str, otherwise: &str| Enforcement {
        limit: limit.to_owned(),
        by: enforced.then(|| by.to_owned()),
        note: (!enforced).then(|| otherwise.to_owned()),
    };
    vec![
        cpu(limits.cpu, allowed.cpu.as_ref().map(|top| top.version)),
        entry(
            "memory",
            limits.memory,
            "what all processes use, shared pages once; looked at every 4 ms",
            "may exceed the memory size",
        ),
        freeze(limits, &allowed.freezer),
        entry("timeout", true, "kill signal", ""),
        entry("payload size", true, "Runtime API", ""),
        own_cores(cores),
        visible_cpus(cores, mechanisms),
        entry(
            "ephemeral storage",
            limits.files,
            "tmpfs",
            &format!("as large as this machine's{why}"),
        ),
        entry("private /tmp", limits.files, "mount namespace", &format!("only TMPDIR is{why}")),
        entry(
            "private /var/task",
            limits.files,
            "mount namespace",
            &format!("LAMBDA_TASK_ROOT is another folder{why}"),
        ),
        part(
            allowed,
            Part::ReadOnly,
            "read-only files",
            "mounts",
            "the rest of this machine can be written",
        ),
        part(
            allowed,
            Part::Processes,
            "own processes",
            "PID namespace",
            "a function sees and can signal what its user runs here",
        ),
        part(
            allowed,
            Part::Ipc,
            "own IPC",
            "IPC namespace",
            "shared memory and semaphores are this machine's",
        ),
        part(
            allowed,
            Part::Network,
            "own network",
            "network namespace",
            "two environments cannot listen on one port, and reach each other",
        ),
        part(
            allowed,
            Part::Outside,
            "outside world",
            "pasta, for functions of deploy(#{ network: \"outside\" }); others reach the services of the scenario",
            "functions reach nothing but the services of the scenario, unless deploy(#{ network: \"host\" })",
        ),
        page_cache(mechanisms),
        concurrency(scaling),
        idle_expiry(scaling.idle),
        entry("requests a second", false, "", "10 times the concurrency on Lambda"),
        entry("open files", true, "1,024 a process", ""),
        processes(allowed),
    ]
}

fn because(why: Option<&str>) -> String {
    why.map(|why| format!(": {why}")).unwrap_or_default()
}

/// One part of the edge of environments.
fn part(allowed: &Allowed, part: Part, limit: &str, by: &str, otherwise: &str) -> Enforcement {
    let why = allowed.edge.why_not(part);
    Enforcement {
        limit: limit.to_owned(),
        by: why.is_none().then(|| by.to_owned()),
        note: why.map(|why| format!("{otherwise}: {why}")),
    }
}

/// By what background work is kept from going on between invocations.
fn freeze(limits: Limits, freezer: &Result<Cgroup, String>) -> Enforcement {
    let (by, note) = match freezer {
        _ if !limits.freeze => {
            (None, Some("background work goes on between invocations".to_owned()))
        }
        Ok(_) => (Some("cgroup freezer"), None),
        Err(why) => (
            Some("stop signal"),
            Some(format!(
                "processes can tell that they were stopped, and so can their parents: {why}"
            )),
        ),
    };
    Enforcement { limit: "freeze".to_owned(), by: by.map(str::to_owned), note }
}

/// How many processes and threads there may be.
fn processes(allowed: &Allowed) -> Enforcement {
    let limit = "processes and threads".to_owned();
    let Some(why) = &allowed.no_pids else {
        return Enforcement { limit, by: Some("pids cgroup".to_owned()), note: None };
    };
    if allowed.edge.has(Part::ProcessCount) {
        let note = "1,024 to 1,324, as the kernel counts numbers that it may give to processes";
        let by = Some("PID namespace".to_owned());
        return Enforcement { limit, by, note: Some(note.to_owned()) };
    }
    Enforcement { limit, by: None, note: Some(format!("as many as this machine allows: {why}")) }
}

fn cpu(limit: CpuLimit, cgroup: Option<CgroupVersion>) -> Enforcement {
    let (by, note) = match limit {
        CpuLimit::Off => (None, Some("full speed at every memory size")),
        CpuLimit::Tick => (Some("tick model"), None),
        CpuLimit::Cgroup => (
            cgroup.map(CgroupVersion::name),
            Some("short work takes as long as on AWS only where the kernel's tick is 4 ms too"),
        ),
    };
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Enforcement { limit: "cpu".to_owned(), by: owned(by), note: owned(note) }
}

fn concurrency(scaling: Scaling) -> Enforcement {
    let Scaling { concurrency, burst, per_second, .. } = scaling;
    Enforcement {
        limit: "concurrency".to_owned(),
        by: Some(format!("{concurrency}; {burst} new environments, then {per_second} a second")),
        note: None,
    }
}

fn idle_expiry(idle: IdleExpiry) -> Enforcement {
    let (by, note) = match idle {
        IdleExpiry::Aws => (Some("lifetimes drawn from those published for AWS".to_owned()), None),
        IdleExpiry::After(lifetime) => (Some(format!("after {lifetime:?}")), None),
        IdleExpiry::Never => (None, Some("idle environments stay".to_owned())),
    };
    Enforcement { limit: "idle expiry".to_owned(), by, note }
}

/// That cold starts read from the disk, where they are to.
fn page_cache(mechanisms: &Mechanisms) -> Enforcement {
    let no_private_files = mechanisms.allowed.edge.why_not(Part::Files);
    let by = match (&mechanisms.why_warm, no_private_files) {
        (Some(_), _) => None,
        (None, None) => Some("eviction, and private copies of what others have mapped"),
        (None, Some(_)) => Some("eviction"),
    };
    let note = match (&mechanisms.why_warm, no_private_files) {
        (Some(why), _) => Some(format!("cold starts find their files in it: {why}")),
        (None, Some(why)) => {
            Some(format!("what others have mapped, such as the C library, stays in it: {why}"))
        }
        (None, None) => None,
    };
    Enforcement { limit: "page cache".to_owned(), by: by.map(str::to_owned), note }
}

/// That functions and the serving thread are apart.
fn own_cores(cores: &Cores) -> Enforcement {
    let (by, note) = match cores.why_free() {
        None => (
            Some(
                "affinity: as long as fewer environments work than there are cores, none runs on that of the serving thread"
                    .to_owned(),
            ),
            None,
        ),
        Some(why) => {
            (None, Some(format!("functions may have to wait for the core of the serving thread: {why}")))
        }
    };
    Enforcement { limit: "own cores".to_owned(), by, note }
}

fn visible_cpus(cores: &Cores, mechanisms: &Mechanisms) -> Enforcement {
    let (least, most) = (MemorySize::MIN.visible_vcpus(), MemorySize::MAX.visible_vcpus());
    let count = cores.count();
    // Of the smallest functions, and of the largest.
    let short = [least, most].map(|visible| cores.run_on(visible) < visible.min(count));
    let mut notes = Vec::new();
    if count < most {
        notes.push(format!("this machine has {count}; functions on Lambda see {least} to {most}"));
    }
    let no_visible = mechanisms.allowed.edge.why_not(Part::Cores);
    let mut by = "affinity";
    if short.contains(&true) {
        let run_on = cores.run_on(count);
        match no_visible {
            None => {
                by = "affinity, and a filter of system calls";
                notes.push(format!(
                    "of those that they see, functions run on {run_on} while the serving thread polls"
                ));
            }
            Some(why) => notes.push(format!(
                "functions see {run_on}, because the serving thread needs a core, and no more can be shown to them: {why}"
            )),
        }
    }
    let seen = if short[0] && no_visible.is_some() { cores.run_on(least) } else { count };
    Enforcement {
        limit: "visible cpus".to_owned(),
        by: (seen >= least).then(|| by.to_owned()),
        note: (!notes.is_empty()).then(|| notes.join("; ")),
    }
}
