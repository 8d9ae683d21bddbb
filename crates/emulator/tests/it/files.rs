//! What a function sees of the file system.

use kelvin_emulator::Limits;
use kelvin_emulator::cpu::CpuLimit;
use kelvin_lambda::{EphemeralStorage, Status};
use kelvin_platform::{FunctionId, Platform};

use crate::kit::{Kit, kit_with, seen};

/// An emulator whose environments have files of their own; `None` where the machine does not allow that.
fn private() -> Option<Kit> {
    let kit = kit_with(limits(true));
    let facts = kit.emulator.describe();
    let missing = facts.enforcement.into_iter().find(|entry| entry.limit == "private /tmp")?;
    match missing.by {
        Some(_) => Some(kit),
        None => {
            #[expect(clippy::print_stdout, reason = "what a test leaves out is said")]
            {
                println!("not checked: {}", missing.note.unwrap_or_default());
            }
            None
        }
    }
}

fn limits(files: bool) -> Limits {
    Limits { cpu: CpuLimit::Off, memory: false, freeze: false, files }
}

fn checker(kit: &Kit, function: FunctionId) -> impl Fn(&str, &str) {
    move |what, expected| assert_eq!(seen(&kit.invoke(function, what)).2, expected, "{what}")
}

#[test]
fn tmp_and_the_package_are_where_lambda_has_them() {
    let Some(kit) = private() else { return };
    let function = kit.deploy(|_| ());
    let check = checker(&kit, function);
    check("cwd", "\"/var/task\"");
    check("env LAMBDA_TASK_ROOT", "\"/var/task\"");
    check("env TMPDIR", "null");
    check("exists /var/task/bootstrap", "true");
    // The package can only be read; whoever is root could otherwise change it.
    check("create /var/task/file", "\"read-only filesystem or storage medium\"");
    check("create /tmp/file", "\"done\"");
    assert!(!std::path::Path::new("/tmp/file").exists(), "this machine's /tmp is another");
    check(&format!("exists {}", kit.folder.path().display()), "false");
    // The system is this machine's, and what belongs to its users is not there.
    check("exists /usr/bin/env", "true");
    let home = std::env::home_dir().expect("tests have a home");
    let hidden = std::fs::read_dir(home).expect("it is there").flatten().next();
    if let Some(hidden) = hidden {
        check(&format!("exists {}", hidden.path().display()), "false");
    }
}

#[test]
fn tmp_outlives_a_crash_and_not_the_environment() {
    for files in [false, true] {
        let kit = kit_with(limits(files));
        let function = kit.deploy(|_| ());
        let check = checker(&kit, function);
        check("touch a", "false");
        check("touch a", "true");
        assert_eq!(kit.invoke(function, "exit 1").status, Status::Crash);
        check("touch a", "true");
        kit.recycle(function);
        check("touch a", "false");
    }
}

#[test]
fn tmp_is_as_large_as_the_ephemeral_storage() {
    let Some(kit) = private() else { return };
    let function = kit.deploy(|config| {
        config.ephemeral_storage = EphemeralStorage::new(600).expect("in range");
    });
    let check = checker(&kit, function);
    check("fill 590", "\"done\"");
    check("fill 610", "\"no storage space\"");
}

#[test]
fn without_files_of_their_own_functions_are_told_other_folders() {
    let kit = kit_with(limits(false));
    let function = kit.deploy(|_| ());
    let told = || {
        ["cwd", "env LAMBDA_TASK_ROOT", "env TMPDIR"]
            .map(|what| seen(&kit.invoke(function, what)).2)
    };
    let first = told();
    assert_eq!(first[0], first[1]);
    let root = kit.folder.path().display().to_string();
    assert!(first.iter().all(|folder| folder.contains(&root)), "{first:?}");
    kit.recycle(function);
    assert!(told().iter().zip(&first).all(|(second, first)| second != first));
}
