//! When the emulator ends, nothing of it is left.

use std::fs;

use kelvin_platform::Platform;

use crate::kit::{kit, seen};

fn runs(pid: i32) -> bool {
    // A zombie has ended; only its parent has not looked yet.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn children_that_outlive_their_function_are_killed_with_the_environment() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let escaped = || -> i32 {
        let (_, _, pid) = seen(&kit.invoke(function, "escape"));
        pid.parse().expect("the function tells the process id")
    };
    let first = escaped();
    assert!(runs(first));
    kit.recycle(function);
    assert!(!runs(first), "recycling kills what left its process group");
    let second = escaped();
    assert!(runs(second));
    assert_eq!(kit.folder.emulators(), 1);
    drop(kit.emulator);
    assert!(!runs(second), "dropping the emulator kills what left its process group");
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
