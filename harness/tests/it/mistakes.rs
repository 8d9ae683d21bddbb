//! What is typed wrongly is answered with what would be right.

use std::fs;

use crate::kit::Place;

/// Runs `kelvin run ARGS` in which `SCRIPT` is the path of a script with this text.
fn check(text: &str, args: &str, code: i32, expected: &str) {
    let place = Place::new();
    let script = place.script(text);
    let mut command = place.with_results(&["run"]);
    command.args(args.split(' ').map(|arg| if arg == "SCRIPT" { script.as_str() } else { arg }));
    let done = place.wait(&mut command).exits(code).complains(expected);
    assert_eq!(done.stdout, "");
    let recorded = fs::read_dir(place.results()).map_or(0, Iterator::count);
    assert_eq!(recorded, 0, "nothing was measured");
}

#[test]
fn in_names() {
    check("", "cold-worm", 1, "there is no scenario \"cold-worm\"; there are: ");
    check("", "no-such.rhai", 1, "failed to read scenario no-such.rhai: No such file");
    check(
        "deploy(#{ workload: \"helo\" });",
        "SCRIPT",
        1,
        "unknown workload \"helo\"; did you mean \"hello\"? known: ",
    );
    check("", "cold-warm --dry-run --set workload=helo", 1, "did you mean \"hello\"?");
    check(
        "deploy(#{ bootstrap: \"no/such/bootstrap\" });",
        "SCRIPT",
        1,
        "/no/such/bootstrap of function \"such-release-128\" cannot be used: No such file",
    );
    check("deploy(#{ workload: \"hello\", memori: 1 });", "SCRIPT", 1, "did you mean \"memory\"?");
}

#[test]
fn in_values() {
    check("deploy(#{ workload: \"hello\", memory: 100 });", "SCRIPT", 1, "128 to 10240 MB");
    check(
        "let p = params(#{ n: 1, sizes: [1] }); deploy(#{ workload: \"hello\" });",
        "SCRIPT --set n=ten",
        1,
        "n: expected a whole number, got \"ten\"",
    );
    check(
        "deploy(#{ workload: \"hello\", variant: \"no-such-profile\" });",
        "SCRIPT",
        1,
        "profile `no-such-profile` is not defined",
    );
}

#[test]
fn in_settings() {
    check(
        "",
        "cold-warm --set lunches=3",
        1,
        "unknown setting \"lunches\"; did you mean \"launches\"? known: launches, memory, variant, warm, workload",
    );
    check("", "cold-warm --set launches", 1, "--set launches: expected KEY=VALUE[,VALUE…]");
    check("", "cold-warm --set warm=1,2", 1, "warm: expected one value, got 2: 1,2");
    check("let a = 1;", "SCRIPT --set a=1", 1, "the scenario declares no parameters with params()");
}

#[test]
fn on_the_command_line() {
    check("", "cold-warm --sett a=1", 2, "'--set'");
    check("", "cold-warm --format xml", 2, "[possible values: text, json]");
    check("", "cold-warm --seed now", 2, "invalid value 'now' for '--seed <N>'");
    let place = Place::new();
    place.wait(&mut place.kelvin(&[])).exits(2).complains("Usage: kelvin");
    place.wait(&mut place.kelvin(&["--version"])).exits(0).prints(env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_folder_for_results_that_is_a_file() {
    let place = Place::new();
    fs::write(place.results(), "").unwrap();
    let expected = format!("failed to make the folder {} for results", place.results().display());
    // Found out before anything is built.
    let done = place.run("cold-warm", &[]).exits(1).complains(&expected);
    assert!(!done.stderr.contains("building"), "{}", done.stderr);
}

#[test]
fn runs_that_are_not_there() {
    let place = Place::new();
    let report = |name| place.wait(&mut place.with_results(&["report", name])).exits(1);
    report("latest").complains("make one with `kelvin run`");
    report("2026").complains("`kelvin list runs` lists them");
    let empty = place.path("empty");
    fs::create_dir(&empty).unwrap();
    report(empty.to_str().unwrap()).complains("it has no run.json");
}

#[test]
fn outside_of_a_workspace() {
    let place = Place::new();
    let elsewhere = place.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let kelvin = |args: &[&str]| {
        let mut command = place.with_results(args);
        command.current_dir(&elsewhere);
        command
    };
    let done = place.wait(&mut kelvin(&["run"])).exits(1);
    let expected = format!("failed to read the cargo workspace of {}: ", elsewhere.display());
    let done = done.complains(&expected).complains("could not find `Cargo.toml`");
    assert!(!done.stderr.contains("\n\n"), "{}", done.stderr);
    place.wait(&mut kelvin(&["run", "--dry-run"])).exits(1).complains(&expected);
    place.wait(&mut kelvin(&["list", "workloads"])).exits(1).complains(&expected);
    let mut without_cargo = kelvin(&["list", "workloads"]);
    let done = place.wait(without_cargo.env("PATH", &elsewhere).env_remove("CARGO")).exits(1);
    assert!(done.stderr.starts_with("error: failed to start cargo: No such file"), "{done:?}");
    // What needs no workspace works anywhere.
    place.wait(&mut kelvin(&["list", "scenarios"])).exits(0);
    let script = place
        .script("expect_status(\"crash\", || deploy(#{ bootstrap: \"/bin/false\" }).invoke());");
    place.wait(&mut kelvin(&["run", &script])).exits(0);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let place = Place::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = place.kelvin(&["list", "scenarios"]);
    let status = command.stdout(writer).status().unwrap();
    assert_eq!(status.code(), Some(0));
}
