//! What the emulator says of itself: what it enforces and by what, and what it cannot measure.

use std::collections::BTreeMap;

use kelvin_lambda::{Enforcement, MemorySize};

use crate::cores::Cores;
use crate::cpu::{CgroupVersion, CpuLimit};
use crate::scaling::{IdleExpiry, Scaling};
use crate::watch::Limits;

/// What was found to enforce limits with.
#[derive(Debug)]
pub(crate) struct Mechanisms {
    /// By which the CPU is limited, if it is by cgroup.
    pub cgroup: Option<CgroupVersion>,
    /// Why environments cannot have files of their own, if they cannot.
    pub no_private_files: Option<String>,
    /// Why functions cannot be shown more cores than they run on, if they cannot.
    pub no_visible: Option<String>,
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
    let why = mechanisms.no_private_files.as_ref();
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    let entry = |limit: &str, enforced: bool, by: &str, otherwise: &str| Enforcement {
        limit: limit.to_owned(),
        by: enforced.then(|| by.to_owned()),
        note: (!enforced).then(|| otherwise.to_owned()),
    };
    vec![
        cpu(limits.cpu, mechanisms.cgroup),
        entry(
            "memory",
            limits.memory,
            "resident memory, looked at every 4 ms",
            "may exceed the memory size",
        ),
        entry(
            "freeze",
            limits.freeze,
            "stop signal",
            "background work goes on between invocations",
        ),
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
        page_cache(mechanisms),
        concurrency(scaling),
        idle_expiry(scaling.idle),
        entry("requests a second", false, "", "10 times the concurrency on Lambda"),
        entry("processes and threads", false, "", "as many as this machine allows"),
    ]
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
    let by = match (&mechanisms.why_warm, &mechanisms.no_private_files) {
        (Some(_), _) => None,
        (None, None) => Some("eviction, and private copies of what others have mapped"),
        (None, Some(_)) => Some("eviction"),
    };
    let note = match (&mechanisms.why_warm, &mechanisms.no_private_files) {
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
    let mut by = "affinity";
    if short.contains(&true) {
        let run_on = cores.run_on(count);
        match &mechanisms.no_visible {
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
    let seen =
        if short[0] && mechanisms.no_visible.is_some() { cores.run_on(least) } else { count };
    Enforcement {
        limit: "visible cpus".to_owned(),
        by: (seen >= least).then(|| by.to_owned()),
        note: (!notes.is_empty()).then(|| notes.join("; ")),
    }
}
