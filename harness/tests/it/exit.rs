//! Exit codes: the same in `--help`, in README.md and in what commands do.

use std::fs;
use std::process::{Command, Stdio};

use crate::kit::{Place, root};

const HELLO: &str = "let f = deploy(#{ workload: \"hello\", variant: \"dev\", name: \"f\" });\n";

#[test]
fn a_run_ends_with_the_code_that_says_how() {
    let place = Place::new();
    let check = |text: &str, args: &[&str], code: i32| {
        place.run_script(&format!("{HELLO}{text}"), args).exits(code);
    };
    let undecided = "threshold(\"p90\", #{ function: f, p: 90, below_ms: 5000 }); f.invoke();";
    check("f.invoke();", &[], 0);
    check("f.invok();", &[], 1);
    check("f.invoke();", &["--no-such-option"], 2);
    check("f.invoke(); check(\"never\", false);", &[], 3);
    check("f.invoke(#{ nobody: 1 });", &[], 4);
    check(undecided, &[], 3);
    check(undecided, &["--inconclusive"], 5);
    check(&format!("{undecided} check(\"never\", false);"), &["--inconclusive"], 3);
    check("f.invoke();", &["--inconclusive"], 0);
}

/// The code of a command whose output nobody reads.
fn unread(command: &mut Command) -> Option<i32> {
    let (reader, writer) = std::io::pipe().expect("there are pipes");
    drop(reader);
    let status = command.stdout(writer).stderr(Stdio::null()).status();
    status.expect("the program can be started").code()
}

#[test]
fn nobody_reading_on_is_no_failure() {
    let place = Place::new();
    place.recorded(|text| text);
    for args in [
        &["list", "scenarios"][..],
        &["explain"],
        &["explain", "n"],
        &["check", "memory"],
        &["run", "memory", "--dry-run"],
        &["--help"],
    ] {
        assert_eq!(unread(&mut place.kelvin_unforced(args)), Some(0), "{args:?}");
    }
    for args in [&["report"][..], &["report", "--format", "json"], &["list", "runs"]] {
        assert_eq!(unread(&mut place.with_results(args)), Some(0), "{args:?}");
    }
    // What a run came to is another matter than whether somebody has read it to its end.
    let script = place.script(&format!("{HELLO}f.invoke(); check(\"never\", false);"));
    assert_eq!(unread(&mut place.with_results(&["run", &script])), Some(3));
}

#[test]
fn the_codes_are_documented() {
    let place = Place::new();
    let help = |args: &[&str]| place.wait(&mut place.kelvin_unforced(args)).exits(0).stdout;
    let texts = [
        help(&["--help"]),
        help(&["run", "--help"]),
        help(&["explain", "exit-codes"]),
        fs::read_to_string(root().join("README.md")).expect("it is there"),
    ];
    for code in ["0", "1", "2", "3", "4", "5", "130"] {
        for text in &texts {
            let is_of_code = |line: &str| {
                let line = line.trim();
                line.starts_with(&format!("{code}: ")) || line.starts_with(&format!("| {code} | "))
            };
            assert!(text.lines().any(is_of_code), "{code} is not in {text}");
        }
    }
}
