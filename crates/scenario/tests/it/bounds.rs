//! A script takes neither all memory nor all disk, whatever it calls in a loop.

use kelvin_scenario::{ErrorKind, Limits, Script};

use crate::fake::{Ran, Setup, run_script};

/// A run with limits that are soon reached.
fn run(script: &str) -> Ran {
    let script = Script::compile("test.rhai", script).expect("it compiles");
    let limits = |limits: &mut Limits| {
        limits.notes = 5;
        limits.checks = 5;
        limits.functions = 5;
        limits.services = 5;
        limits.text_bytes = 1_000;
    };
    run_script(&script, Setup { limits: Some(limits), ..Setup::default() })
}

/// The message and the line.
fn refused(script: &str) -> (String, usize) {
    let error = run(script).result.expect_err(script);
    assert_eq!(error.kind, ErrorKind::Script, "{}", error.render());
    (error.message, error.place.expect("it has a line").line)
}

#[test]
fn notes_and_answers_are_left_out_and_that_is_said_once() {
    let check = |script: &str, kept: usize, said: &str| {
        let ran = run(script);
        assert!(ran.result.is_ok(), "{script}");
        assert_eq!(ran.log.len(), kept + 1, "{:?}", ran.log);
        assert!(ran.log[kept].contains(said), "{:?}", ran.log);
    };
    let most = "a run keeps 5 of them and 1000 bytes";
    check(
        "for i in 0..100 {\n  note(i);\n}",
        5,
        &format!("notes from here on are left out, at line 2: {most}"),
    );
    check("for i in 0..100 { print(i); }", 5, &format!("notes from here on are left out: {most}"));
    check("let s = \"\";\ns.pad(600, \"x\");\nnote(s); note(s); note(1);", 1, "at line 3");
    check(
        "for i in 0..100 { answer(\"a\"); }",
        5,
        &format!("answers from here on are left out, at line 1: {most}"),
    );
}

#[test]
fn what_decides_and_what_is_measured_is_not_left_out() {
    let checks = "a run has at most 5 checks and thresholds, whose names have 1000 bytes together";
    let deploy = "let f = deploy(#{ workload: \"hello\" });\n";
    assert_eq!(
        refused("for i in 0..100 {\n  check(\"c\", true);\n}"),
        (format!("check: {checks}"), 2)
    );
    assert_eq!(
        refused("let s = \"\"; s.pad(600, \"x\");\ncheck(s, true); check(s, true);"),
        (format!("check: {checks}"), 2)
    );
    let threshold = "threshold(\"t\", #{ function: f, mean: true, below_ms: 1 })";
    assert_eq!(
        refused(&format!("{deploy}loop {{ {threshold}; }}")),
        (format!("threshold: {checks}"), 2)
    );
    assert_eq!(
        refused(&format!("{deploy}loop {{\n expect_status(\"ok\", || f.invoke()); }}")),
        (format!("expect_status: {checks}"), 3)
    );
    let functions = "a run has at most 5 functions and changes of their configuration";
    let named = "let i = 0; loop {\n i += 1; deploy(#{ workload: \"hello\", name: `f${i}` });\n}";
    assert_eq!(refused(named), (format!("deploy: {functions}"), 2));
    let changing = "let i = 0; loop { i += 1; f.configure(#{ memory: 128 + i }); }";
    assert_eq!(refused(&format!("{deploy}{changing}")), (format!("configure: {functions}"), 2));
    // What stays as it is takes no room.
    let same = run(&format!("{deploy}for i in 0..100 {{ f.configure(#{{ memory: 128 }}); }}"));
    assert!(same.result.is_ok());
    let services = "a run has at most 5 services and changes of them";
    assert_eq!(refused("loop { service(\"s3\"); }"), (format!("service: {services}"), 1));
    let latency = "let s = service(\"s3\");\nloop { s.latency(\"1ms\"); }";
    assert_eq!(refused(latency), (format!("latency: {services}"), 2));
    let errors = "let s = service(\"s3\");\nloop { s.errors(0.1); }";
    assert_eq!(refused(errors), (format!("errors: {services}"), 2));
}

#[test]
fn sizes_that_no_machine_has_are_refused() {
    let deploy = "let f = deploy(#{ workload: \"hello\" });\n";
    let check = |call: &str, expected: &str| {
        let (message, line) = refused(&format!("{deploy}{call}"));
        assert_eq!((message.as_str(), line), (expected, 2), "{call}");
    };
    check(
        "f.measure(\"compute\", 4_000_000_000);",
        "measure: expected 1 to 1000000 iterations, got 4000000000",
    );
    check(
        "f.load(#{ concurrency: 4_000_000_000, invocations: 1 });",
        "load: concurrency: expected 1 to 10000 clients, got 4000000000",
    );
    check(
        "let s = \"\"; s.pad(1_000_000, \"x\"); f.load(#{ rate: 1000, duration: \"10s\", events: template(#{ s: s, n: \"{{seq}}\" }) });",
        "load: events: those of a load have at most 268435456 bytes together",
    );
    let most = "is too large: the limits are 8388608 bytes of strings, 10000 elements of arrays, 1000 properties of maps";
    for (call, what) in [
        ("let a = []; a.pad(1_000_000_000_000, 0);", "size of array/BLOB"),
        ("let s = \"\"; s.pad(1_000_000_000_000, \"x\");", "length of string"),
        ("let a = []; for i in 0..1_000_000_000_000 { a.push(i); }", "size of array/BLOB"),
    ] {
        check(call, &format!("{what} {most}"));
    }
}

/// The process must not have more than so much memory besides what it has now.
fn with_little_memory(script: &str) -> Ran {
    let script = Script::compile("test.rhai", script).expect("it compiles");
    let limits = |limits: &mut Limits| {
        limits.operations = 50_000_000;
        limits.memory_bytes = 64 << 20;
    };
    run_script(&script, Setup { limits: Some(limits), ..Setup::default() })
}

#[test]
fn what_no_other_limit_counts_is_limited_by_memory() {
    let big = "let i = 0; let kept = #{};\nlet big = \"\"; big.pad(2_000_000, \"x\");\n";
    for grows in [
        // The size of a map is not looked at here, nor what a closure keeps.
        "loop { i += 1; kept[`${i}`] = big + i; }",
        "let all = []; loop { i += 1; let s = big + i; all.push(|| s); }",
        "let f = deploy(#{ workload: \"hello\" }); let all = []; loop { all.push(f.invoke(big)); }",
    ] {
        let error = with_little_memory(&format!("{big}{grows}")).result.expect_err(grows);
        let said =
            "the script, and what it keeps of its invocations, takes more than 64 MB of memory";
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Script, said), "{grows}");
        assert_eq!(error.place.map(|place| place.line), Some(3), "{grows}");
    }
}
