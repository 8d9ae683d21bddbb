//! The CPU limit by cgroup, on real processes.
//!
//! Needs a cgroup that may be written (`kelvin doctor` says how to get one). Without it, each test says so and checks
//! nothing.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kelvin_emulator::cpu::CpuLimit;
use kelvin_emulator::{Limits, SandboxError, StartError};
use kelvin_lambda::{Enforcement, MemorySize, Start, Status};
use kelvin_platform::Platform;

use crate::kit::{Kit, seen, try_kit_of};

fn kit() -> Option<Kit> {
    match try_kit_of(|options| {
        options.limits =
            Limits { cpu: CpuLimit::Cgroup, memory: false, freeze: true, files: false };
    }) {
        Ok(kit) => Some(kit),
        Err(StartError::Sandbox(SandboxError::Cgroup { source })) => {
            let mut stderr = std::io::stderr();
            writeln!(stderr, "not checked: {source}; possible by: {}", source.remedy()).ok();
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn memory(mb: u32) -> MemorySize {
    MemorySize::new(mb).expect("in range")
}

/// The groups of all processes of this kit, wherever its cgroup is.
fn group(kit: &Kit) -> Option<PathBuf> {
    let root = fs::read_dir(kit.folder.path()).expect("it is there").flatten().next()?;
    find(Path::new("/sys/fs/cgroup"), root.file_name().to_str()?)
}

fn find(within: &Path, name: &str) -> Option<PathBuf> {
    let folders = fs::read_dir(within)
        .ok()?
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let folders: Vec<PathBuf> = folders.map(|entry| entry.path()).collect();
    let found = folders.iter().find(|folder| folder.ends_with(name)).cloned();
    found.or_else(|| folders.iter().find_map(|folder| find(folder, name)))
}

#[test]
fn work_beyond_the_quota_is_held_back_by_a_total_that_no_part_contains() {
    let Some(kit) = kit() else { return };
    let function = kit.deploy(|config| config.memory_size = memory(128));
    kit.invoke(function, "echo");
    let spun = kit.invoke(function, "spin 50");
    assert_eq!(spun.status, Status::Ok);
    let total = spun.timing.throttled_total_ns.expect("the kernel tells it");
    let cpu = spun.timing.cpu_ns.expect("measured");
    // A thirteenth of a core: whatever the machine does, most of the time is spent waiting.
    assert!(total > cpu, "{:?}", spun.timing);
    assert!(spun.timing.duration_ns() > Some(3 * cpu), "{:?}", spun.timing);
    assert_eq!(spun.timing.throttled_ns, None);
    let facts = kit.emulator.describe();
    assert!(facts.unavailable["throttled_ns"].starts_with("not attributed: "));
    let Enforcement { by, .. } = &facts.enforcement[0];
    assert!(matches!(by.as_deref(), Some("cgroup v1" | "cgroup v2")), "{by:?}");
}

#[test]
fn children_are_held_back_together_with_their_parent() {
    let Some(kit) = kit() else { return };
    let function = kit.deploy(|config| config.memory_size = memory(128));
    kit.invoke(function, "echo");
    let children = kit.invoke(function, "children");
    assert_eq!(children.status, Status::Ok);
    let total = children.timing.throttled_total_ns;
    assert!(total > children.timing.cpu_ns, "{:?}", children.timing);
}

#[test]
fn a_whole_core_and_short_work_are_not_held_back() {
    let Some(kit) = kit() else { return };
    let function = kit.deploy(|config| config.memory_size = memory(10_240));
    assert_eq!(kit.invoke(function, "spin 100").timing.throttled_total_ns, Some(0));
    assert_eq!(kit.invoke(function, "echo").timing.throttled_total_ns, Some(0));
}

#[test]
fn init_has_no_quota_and_every_invocation_has() {
    let Some(kit) = kit() else { return };
    let function = kit.deploy(|config| {
        config.memory_size = memory(512);
        config.env_vars.insert("INIT".to_owned(), "quota".to_owned());
    });
    let check = |what: &str, start| {
        let quota = kit.invoke(function, what);
        assert_eq!(seen(&quota), (Status::Ok, start, "\"none, then 5789\"".to_owned()));
    };
    check("quota", Start::Cold);
    check("quota", Start::Warm);
    // A suppressed init runs at full speed too, in a new group.
    assert_eq!(kit.invoke(function, "exit 3").status, Status::Crash);
    check("quota", Start::SuppressedInit);
}

#[test]
fn no_group_is_left_when_a_process_or_the_emulator_ends() {
    let Some(kit) = kit() else { return };
    let function = kit.deploy(|_| ());
    // Leaves a process of another session behind.
    kit.invoke(function, "escape");
    let group = group(&kit).expect("it is there");
    let groups =
        || fs::read_dir(&group).expect("it is there").flatten().filter(|e| e.path().is_dir());
    let first: Vec<_> = groups().map(|entry| entry.path()).collect();
    assert_eq!(first.len(), 1);
    let deadline = Instant::now() + Duration::from_secs(30);
    // A group in which a killed process is still ending is removed with one of the next.
    while first[0].exists() {
        assert!(Instant::now() < deadline, "left behind: {first:?}");
        kit.recycle(function);
        kit.invoke(function, "escape");
    }
    drop(kit.emulator);
    assert!(!group.exists());
}
