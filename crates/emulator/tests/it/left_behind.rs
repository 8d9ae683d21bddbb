//! When the emulator ends, nothing of it is left.

use std::fs;
use std::path::Path;

use kelvin_platform::Platform;

use crate::kit::{kit, seen};

fn runs(pid: i32) -> bool {
    // A zombie has ended; only its parent has not looked yet.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
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
    let folder = kit.folder.path().to_owned();
    assert_eq!(entries(&folder), 1);
    drop(kit.emulator);
    assert!(!runs(second), "dropping the emulator kills what left its process group");
    assert_eq!(entries(&folder), 0, "the folders are gone");
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
