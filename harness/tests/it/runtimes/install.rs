//! `kelvin runtimes`: what is installed is whole or not there. The interpreters and package managers here are shell scripts.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::kit::{Done, Place, Running, program};

/// A Python with venv, whose pip does what the variable `PIP` says.
const PYTHON: &str = r#"#!/bin/sh
here=$(dirname "$0")
case "$1 $2 $3" in
"-I -m venv")
    test "$VENV" = no && { echo "ensurepip is not available" >&2; exit 1; }
    mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && touch "$4/pyvenv.cfg"
    ;;
"-I -m pip")
    case "$PIP" in
    fails) seq 50; echo "error: command 'g++' failed: No such file or directory" >&2; exit 1 ;;
    hangs) exec sleep 600 ;;
    second) PIP= "$KELVIN" runtimes install python >&2 && touch "$here/../client" "$here/../second" ;;
    *) touch "$here/../client" ;;
    esac
    ;;
*)
    client=null
    test -e "$here/../client" && client='{"version": "9.9.9"}'
    echo "{\"program\": \"$0\", \"version\": \"3.11.9\", \"client\": $client}"
    ;;
esac
"#;

/// A place whose runtimes are where functions could see them, and not in /tmp.
struct Machine {
    place: Place,
    cache: TempDir,
}

impl Machine {
    fn new() -> Machine {
        let cache = tempfile::tempdir_in("/var/tmp").expect("/var/tmp is writable");
        let machine = Machine { place: Place::new(), cache };
        program(&machine.place.path("programs/python3"), PYTHON);
        machine
    }

    fn command(&self, args: &[&str], env_vars: &[(&str, &str)]) -> Command {
        let mut command = self.place.kelvin(args);
        let mut path = OsString::from(self.place.path("programs"));
        path.push(":/usr/bin:/bin");
        command.env("PATH", path).env("HOME", self.place.path("home"));
        command.env("KELVIN_RUNTIMES", self.cache.path().join("runtimes"));
        command.envs(env_vars.iter().copied());
        command
    }

    fn kelvin(&self, args: &[&str], env_vars: &[(&str, &str)]) -> Done {
        self.place.wait(&mut self.command(args, env_vars))
    }

    fn run(&self, args: &[&str], env_vars: &[(&str, &str)]) -> Done {
        self.kelvin(&[&["runtimes"], args].concat(), env_vars)
    }

    /// What is in the folder of runtimes, besides its lock.
    fn installed(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.cache.path().join("runtimes"));
        let paths = entries.into_iter().flatten().flatten().map(|entry| entry.path());
        paths.filter(|path| !path.ends_with(".kelvin-lock")).collect()
    }
}

#[test]
fn a_client_is_installed_listed_used_and_removed() {
    let machine = Machine::new();
    machine.run(&["list"], &[]).exits(0).prints("kelvin runtimes install python nodejs");
    let line = "python3.11   awslambdaric 9.9.9, for ";
    machine
        .run(&["install", "python"], &[])
        .exits(0)
        .prints(line)
        .complains("installing awslambdaric");
    machine.run(&["list"], &[]).exits(0).prints(line);
    let again = machine.run(&["install", "python3.11"], &[]).exits(0);
    again.prints("awslambdaric 9.9.9, Python 3.11.9 is there already");
    assert_eq!(machine.installed().len(), 1);
    let script = machine.place.script("for name in runtimes() { note(name); }");
    machine.kelvin(&["run", &script, "--dry-run"], &[]).exits(0).complains("python");
    machine.run(&["remove", "python3.11"], &[]).exits(0).prints("removed python3.11");
    assert_eq!(machine.installed(), [] as [&Path; 0]);
    let nothing = machine.run(&["remove", "python"], &[]).exits(1);
    nothing.complains("no client for python is installed in ");
}

#[test]
fn an_install_that_fails_says_why_and_leaves_nothing() {
    let machine = Machine::new();
    let failed = machine.run(&["install", "python"], &[("PIP", "fails")]).exits(1);
    let failed = failed.complains("failed to install awslambdaric for python3.11");
    let failed = failed.complains("\n50\nerror: command 'g++' failed: No such file or directory");
    assert!(!failed.stderr.contains("\n20\n"), "{}", failed.stderr);
    let failed = machine.run(&["install", "python"], &[("VENV", "no")]).exits(1);
    failed.complains("sudo apt-get install python3-venv").complains("ensurepip is not available");
    assert_eq!(machine.installed(), [] as [&Path; 0]);
    machine
        .run(&["install", "ruby3.3"], &[])
        .exits(1)
        .complains("runtime \"ruby3.3\" is not run here");
    let hidden = [("KELVIN_RUNTIMES", "/tmp/runtimes")];
    machine
        .run(&["install", "python"], &hidden)
        .exits(1)
        .complains("runtimes cannot be in /tmp/runtimes");
}

#[test]
fn an_install_that_is_interrupted_leaves_nothing() {
    let machine = Machine::new();
    let mut command = machine.command(&["runtimes", "install", "python"], &[("PIP", "hangs")]);
    let mut running = Running::start(&mut command);
    running.wait_for_line("installing awslambdaric for Python 3.11.9");
    running.signal(Signal::INT);
    running.end().exits(130).complains("stopped; nothing was installed for python3.11\n");
    assert_eq!(machine.installed(), [] as [&Path; 0]);
}

#[test]
fn of_two_installs_at_once_the_first_stays() {
    let machine = Machine::new();
    // Its pip installs the same while it is at work.
    let kelvin = env!("CARGO_BIN_EXE_kelvin");
    let done = machine.run(&["install", "python"], &[("PIP", "second"), ("KELVIN", kelvin)]);
    done.exits(0).prints("python3.11   awslambdaric 9.9.9, for ");
    let installed = machine.installed();
    assert_eq!(installed.len(), 1, "{installed:?}");
    assert!(installed[0].join("client").exists() && !installed[0].join("second").exists());
}

#[test]
fn what_is_named_twice_is_removed_once_and_a_wrong_name_removes_nothing() {
    let machine = Machine::new();
    machine.run(&["install", "python"], &[]).exits(0);
    for names in [["python", "nodejs"], ["python", "ruby3.3"]] {
        machine.run(&[&["remove"], &names[..]].concat(), &[]).exits(1);
        assert_eq!(machine.installed().len(), 1, "{names:?}");
    }
    let done = machine.run(&["remove", "python", "python3.11", "python"], &[]).exits(0);
    assert_eq!(done.stdout.matches("removed ").count(), 1, "{}", done.stdout);
    assert_eq!(machine.installed(), [] as [&Path; 0]);
}
