//! When the emulator ends, nothing of it is left.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command};

use kelvin_emulator::{GuardProgram, SandboxError, StartError};
use kelvin_lambda::Status;
use kelvin_platform::Platform;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tempfile::TempDir;

use crate::kit::{Folder, kit, seen, try_kit_of};

fn runs(pid: i32) -> bool {
    // A zombie has ended; only its parent has not looked yet.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn children_that_outlive_their_function_are_killed_with_the_environment() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    // The function, and two that left its session.
    let escaped = || {
        assert_eq!(kit.invoke(function, "escape").status, Status::Ok);
        // They are on their way when the function answers.
        let begun = std::time::Instant::now();
        loop {
            let pids = kit.folder.pids();
            if pids.len() > 2 {
                return pids;
            }
            assert!(begun.elapsed().as_secs() < 20, "{:?}", kit.folder.processes());
        }
    };
    let first = escaped();
    kit.recycle(function);
    assert!(!first.into_iter().any(runs), "recycling kills what left its process group");
    let second = escaped();
    assert_eq!(kit.folder.emulators(), 1);
    drop(kit.emulator);
    let left = second.into_iter().any(runs);
    assert!(!left, "dropping the emulator kills what left its process group");
    assert_eq!(kit.folder.emulators(), 0, "the folders are gone");
}

#[test]
fn processes_that_multiply_are_killed_with_the_environment() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    for _ in 0..3 {
        assert_eq!(seen(&kit.invoke(function, "bomb")).2, "\"lit\"");
        // It goes off at this very moment.
        kit.recycle(function);
        assert_eq!(kit.folder.processes(), [""; 0]);
    }
    kit.invoke(function, "bomb");
    // The end of the kit looks what is left.
}

#[test]
fn a_removed_function_is_gone() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    kit.invoke(function, "echo");
    kit.runtime.block_on(kit.emulator.remove(function)).expect("it is there");
    let again = kit.runtime.block_on(kit.emulator.remove(function));
    assert!(again.is_err());
    // Its name is free again.
    let function = kit.deploy(|_| ());
    assert_eq!(seen(&kit.invoke(function, "echo")).2, "\"echo\"");
}

#[test]
fn an_emulator_that_is_killed_takes_all_its_environments_along() {
    let folder = Folder::new(TempDir::new().expect("a temporary folder"));
    let gate = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = gate.local_addr().expect("it is bound").port();
    let mut emulator = emulator(&folder, &format!("gate {port}"));
    let busy: Vec<_> = (0..40).map(|_| gate.accept().expect("a function knocks")).collect();
    assert_eq!(folder.processes().len(), 40);
    let guard = guard_of(&emulator);
    let guard = pidfd_open(guard, PidfdFlags::empty()).expect("it runs");
    emulator.kill().expect("it runs");
    emulator.wait().expect("it was started here");
    // The guard ends last, when everything else is gone.
    poll(&mut [PollFd::new(&guard, PollFlags::IN)], None).expect("it is a process");
    drop(busy);
    assert_eq!((folder.processes(), folder.emulators()), (vec![], 0));
}

#[expect(clippy::disallowed_methods, reason = "what is killed must be a process of its own")]
fn emulator(folder: &Folder, event: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kelvin-test-guard"));
    command.arg(folder.path()).arg(env!("CARGO_BIN_EXE_kelvin-test-function")).arg(event);
    command.spawn().expect("it can be started")
}

/// The only process that an emulator starts itself.
fn guard_of(emulator: &Child) -> Pid {
    let id = emulator.id();
    let tasks = fs::read_dir(format!("/proc/{id}/task")).expect("it runs").flatten();
    let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let children: Vec<i32> = children.flat_map(|list| list.trim().parse::<i32>().ok()).collect();
    assert_eq!(children.len(), 1, "{children:?}");
    Pid::from_raw(children[0]).expect("processes have positive ids")
}

/// A guard that dies before it is ready, and one that never says anything.
#[test]
fn a_program_that_is_no_guard_is_an_error() {
    for (script, expected) in [("exit 0", "it ended at once"), ("sleep 60", "it does not answer")] {
        let started = try_kit_of(|options| {
            let args = ["-c", script].map(str::to_owned).to_vec();
            options.guard = GuardProgram { path: "/bin/sh".into(), args };
        });
        let Err(StartError::Sandbox(SandboxError::Guard { source, .. })) = started.map(|_| ())
        else {
            panic!("{script} is taken for a guard");
        };
        assert!(source.to_string().starts_with(expected), "{source}");
    }
}
