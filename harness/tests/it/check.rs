//! `kelvin check`, and the help of a scenario.

use std::fs;

use crate::kit::{Place, root};

#[test]
fn every_shipped_scenario_passes() {
    let place = Place::new();
    let folder = fs::read_dir(root().join("harness/scenarios")).expect("it is there").flatten();
    let names: Vec<String> = folder
        .filter(|file| file.path().is_file())
        .map(|file| file.path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let args = ["check"].into_iter().chain(names.iter().map(String::as_str));
    let done = place.wait(&mut place.kelvin(&args.collect::<Vec<_>>())).exits(0);
    for name in &names {
        let line = done.stdout.lines().find(|line| line.starts_with(&format!("{name}: ok: ")));
        assert!(line.is_some_and(|line| line.contains(" launch")), "{name}: {}", done.stdout);
    }
    assert_eq!(done.stderr, "");
}

#[test]
fn says_what_it_would_do_or_where_the_mistake_is() {
    let place = Place::new();
    let script = place.script(
        "let p = params(#{ n: 3 });
         let f = deploy(#{ workload: \"hello\", variant: \"no-such-profile\" });
         blocks(p.n, [f], |f| { f.recycle(); f.repeat(5); });",
    );
    let wrong = place.path("wrong.rhai");
    fs::write(&wrong, "let f = deploy(#{ workload: \"hello\" });\nf.invok();\n").unwrap();
    let check = |args: &[&str]| {
        let args: Vec<&str> = ["check"].iter().chain(args).copied().collect();
        place.wait(&mut place.kelvin(&args))
    };
    let done = check(&[&script, "--set", "n=1"]).exits(0);
    done.prints(&format!(
        "{script}: ok: 1 function, 1 launch, 5 invocations, at least 0.1 s and $"
    ));
    // The others are looked at as well.
    let wrong = wrong.to_str().unwrap();
    let done = check(&[wrong, "no.rhai", &script]).exits(1);
    assert!(done.stdout.contains("1 function, 3 launches, 15 invocations"), "{}", done.stdout);
    insta::assert_snapshot!(done.stderr.replace(wrong, "WRONG"), @r#"
    WRONG: error: unknown function "invok"; did you mean "invoke"?
     --> wrong.rhai:2:3
      |
    2 | f.invok();
      |   ^
    no.rhai: error: failed to read scenario no.rhai: No such file or directory (os error 2)
    "#);
    check(&[&script, "--set", "m=1"]).exits(1).complains("unknown setting \"m\"");
    check(&[]).exits(2);
    assert!(!place.results().exists());
}

#[test]
fn a_plan_that_is_too_small_for_a_threshold_is_a_warning() {
    let place = Place::new();
    let script = place.script(
        "let p = params(#{ launches: 1 });
         let f = deploy(#{ workload: \"hello\" });
         let g = deploy(#{ workload: \"hello\", name: \"g\" });
         threshold(\"hardly any fails\", #{ function: f, metric: \"failed\", below: 0.001 });
         threshold(\"few fail\", #{ function: f, metric: \"failed\", below: 0.05 });
         threshold(\"p90\", #{ function: f, p: 90, below_ms: 5000 });
         threshold(\"cold p50\", #{ function: f, start: \"cold\", p: 50, below_ms: 5000 });
         threshold(\"mean\", #{ function: f, mean: true, below_ms: 5000 });
         threshold(\"not invoked\", #{ function: g, metric: \"failed\", below: 0.5 });
         blocks(p.launches, [f], |f| { f.recycle(); f.invoke(); f.repeat(99); });",
    );
    let check = |command: &[&str]| {
        let done = place.wait(&mut place.kelvin(command)).exits(0);
        done.stderr.replace(&script, "SCRIPT")
    };
    insta::assert_snapshot!(check(&["check", &script]), @r#"
    SCRIPT: warning: threshold "hardly any fails" cannot be decided as planned: none of 100 leaves up to 3.62 % possible; the interval contains the limit; it takes 3688 invocations at least, has 100
    SCRIPT: warning: threshold "p90" cannot be decided as planned: needs 6 launches with 10 invocations each, has 1
    SCRIPT: warning: threshold "cold p50" cannot be decided as planned: needs 6 launches, has 1
    SCRIPT: warning: threshold "not invoked" cannot be decided as planned: nothing was invoked
    "#);
    let enough = check(&["check", &script, "--set", "launches=37"]);
    assert_eq!(enough.lines().count(), 1, "{enough}");
    let dry = check(&["run", &script, "--dry-run"]);
    assert!(dry.contains("threshold \"p90\" cannot be decided as planned: "), "{dry}");
}

#[test]
fn a_run_that_would_wait_too_long_says_so_before_it_starts() {
    let place = Place::new();
    let check = |text: &str, args: &[&str]| {
        let script = place.script(text);
        let of = |command: &[&str]| {
            let args: Vec<&str> = command.iter().chain(args).copied().collect();
            place.wait(&mut place.with_results(&args)).stderr.replace(&script, "SCRIPT")
        };
        let checked = place.wait(place.kelvin(&["check", &script]).args(args));
        (checked, of(&["run", &script]))
    };
    let long =
        "let f = deploy(#{ workload: \"no-such\" });\nf.invoke();\npause(\"2h\");\nf.invoke();\n";
    let (checked, run) = check(long, &[]);
    assert!(run.contains("the scenario waits longer than the 1h that it may take"), "{run}");
    assert!(run.contains("script.rhai:3:1"), "{run}");
    assert!(!place.results().exists());
    // There, the missing workload is the first mistake.
    checked.exits(1).complains("unknown workload \"no-such\"");
    let (checked, run) = check(long, &["--time-limit", "3h"]);
    assert!(run.contains("unknown workload"), "{run}");
    checked.exits(1).complains("unknown workload");
    let script = place.script("pause(\"2h\");");
    let check = |args: &[&str]| place.wait(place.kelvin(&["check", &script]).args(args));
    check(&[]).exits(1).complains("waits longer than the 1h that it may take");
    check(&["--time-limit", "3h"]).exits(0).prints("at least 7200.0 s");
    check(&["--time-limit", "soon"]).exits(2).complains("expected a time such as 90m or 3h");
}

#[test]
fn what_depends_on_nominal_figures_is_a_warning() {
    let place = Place::new();
    let script = place.script(
        "let f = deploy(#{ workload: \"hello\" });
         if f.invoke().duration_ms < 5.0 { pause(\"2h\"); }",
    );
    let check = |args: &[&str]| place.wait(&mut place.kelvin(args)).exits(0);
    let warning =
        "the run would wait longer than the 1h that it may take, as far as nominal figures tell";
    check(&["check", &script]).complains(warning);
    check(&["run", &script, "--dry-run"]).complains(warning);
}

#[test]
fn counting_has_an_end_and_says_where() {
    let place = Place::new();
    let deploy = "let f = deploy(#{ workload: \"hello\" });";
    let script = place.script(&format!("{deploy}\ngap(\"none\"); f.repeat(100_000_000_000);\n"));
    let check = |args: &[&str]| place.wait(&mut place.kelvin(args)).exits(0);
    check(&["check", &script])
        .prints("ok: 1 function, 1 launch, 100000000000 invocations, at least ");
    let script = place.script(&format!(
        "{deploy}\nloop {{\n    if f.invoke().duration_ms > 5.0 {{ break; }}\n}}\n"
    ));
    let done = check(&["check", &script]);
    let said =
        "; stopped counting after 5s; what follows may depend on what is measured (line 3)\n";
    assert!(done.stdout.contains("ok: more than 1 function, 1 launch, "), "{}", done.stdout);
    assert!(done.stdout.ends_with(said), "{}", done.stdout);
}

#[test]
fn help_is_of_the_scenario_that_is_named() {
    let place = Place::new();
    let script = place.script(
        "// Measures. In two sentences.
let p = params(#{ size: #{ default: 3, min: 1, help: \"How large.\" } });",
    );
    let help = |args: &[&str]| place.wait(&mut place.kelvin_unforced(args)).exits(0).stdout;
    insta::assert_snapshot!(help(&["run", &script, "--help"]).replace(&script, "SCRIPT"), @"
    Measures. In two sentences.

    Usage: kelvin run SCRIPT [--set KEY=VALUE[,VALUE…]]… [OPTIONS]

    Parameters and their defaults:
      --set size=3  a whole number from 1
          How large.

    `kelvin run --help` has the options that all scenarios share.
    ");
    let of_run = help(&["run", "--help"]);
    assert!(of_run.contains("Usage: kelvin run [OPTIONS] [FILE.rhai|NAME]"), "{of_run}");
    assert!(of_run.contains("--idle-expiry"), "{of_run}");
    assert_eq!(help(&["run", "-h"]), of_run);
    assert!(help(&["run", "--help", "cold-warm"]).contains("  --set launches=20 "));
    let wrong = place.script("let p = params(#{ size: [] });");
    place.wait(&mut place.kelvin(&["run", &wrong, "--help"])).exits(1).complains(":1:9\n");
}
