//! What the emulator says of itself: what it enforces and by what, and what it cannot measure.

use std::collections::BTreeMap;

use kelvin_lambda::{Enforcement, MemorySize};

use crate::watch::Limits;

/// What cannot be measured, and why.
pub(crate) fn unavailable(limits: Limits) -> BTreeMap<String, String> {
    let throttled = ("throttled_ns".to_owned(), "no CPU limit is enforced".to_owned());
    if limits.cpu { BTreeMap::new() } else { BTreeMap::from([throttled]) }
}

/// What is enforced, by what; and what is not.
pub(crate) fn enforcement(
    limits: Limits,
    no_private_files: Option<&str>,
    cores: usize,
) -> Vec<Enforcement> {
    let why = no_private_files.map(|why| format!(": {why}")).unwrap_or_default();
    let entry = |limit: &str, enforced: bool, by: &str, otherwise: &str| Enforcement {
        limit: limit.to_owned(),
        by: enforced.then(|| by.to_owned()),
        note: (!enforced).then(|| otherwise.to_owned()),
    };
    vec![
        entry("cpu", limits.cpu, "tick model", "full speed at every memory size"),
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
        visible_cpus(cores),
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
    ]
}

fn visible_cpus(cores: usize) -> Enforcement {
    let most = MemorySize::MAX.visible_vcpus();
    let note = format!("this machine has {cores}; functions on Lambda see 2 to {most}");
    Enforcement {
        limit: "visible cpus".to_owned(),
        by: (cores >= MemorySize::MIN.visible_vcpus()).then(|| "affinity".to_owned()),
        note: (cores < most).then_some(note),
    }
}
