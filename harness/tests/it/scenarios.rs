//! Scripts: what they can do, and how their ends show in exit code, report and record.

use kelvin_record::RunStatus;
use serde_json::Value;

use crate::kit::Place;

const HELLO: &str =
    "let f = deploy(#{ workload: \"hello\", variant: \"dev\", name: \"f\", memory: 128 });\n";

fn script(text: &str) -> String {
    format!("{HELLO}{text}")
}

#[test]
fn a_function_that_ends_at_once_is_a_failure() {
    let place = Place::new();
    let done = place
        .run_script("deploy(#{ bootstrap: \"/bin/false\", name: \"f\" }).invoke();", &[])
        .exits(4);
    let done = done.prints("INVOCATIONS FAILED that were not expected to");
    let done = done.prints("1 failed, 1 of them UNEXPECTEDLY.");
    let row = done.stdout.lines().find(|line| line.contains("Runtime.ExitError"));
    let row: Vec<_> = row.expect("a row of failures").split_whitespace().collect();
    assert_eq!(row, ["f", "crash", "(INIT)", "Runtime.ExitError", "1", "NOT", "EXPECTED"]);
    assert_eq!(place.only_run().record.status, RunStatus::InvocationsFailed);
}

#[test]
fn a_failure_that_was_declared_is_none() {
    let place = Place::new();
    let text = "let f = deploy(#{ bootstrap: \"/bin/false\", name: \"f\" });
                expect_status(\"crash\", || f.invoke());";
    let done = place.run_script(text, &[]).exits(0);
    done.prints("passed expect_status crash").prints("1 failed, all as expected.");
    assert_eq!(place.only_run().record.status, RunStatus::Ok);
}

#[test]
fn a_declared_failure_that_does_not_come_fails_the_run() {
    let place = Place::new();
    let done = place.run_script(&script("expect_status(\"timeout\", || f.invoke());"), &[]);
    done.exits(3).prints("FAILED expect_status timeout");
}

#[test]
fn failed_checks_are_told_at_the_end() {
    let place = Place::new();
    let text = "check(\"it is warm\", f.invoke().start == \"warm\");
                check(\"it is warm now\", f.invoke().start == \"warm\");
                note(\"the cold start came first\");";
    let done = place.run_script(&script(text), &[]).exits(3).complains("the cold start came first");
    let done = done.prints("CHECKS FAILED").prints("FAILED it is warm\n");
    done.prints("passed it is warm now\n").prints("- the cold start came first\n");
    let run = place.only_run();
    assert_eq!(run.record.status, RunStatus::ChecksFailed);
    assert_eq!(run.invocations.len(), 2);
}

#[test]
fn a_report_ends_with_the_answer() {
    let place = Place::new();
    let text = "let r = f.invoke(); answer(`The first start is ${r.start}.`); f.invoke();";
    let done = place.run_script(&script(text), &[]).exits(0);
    assert!(done.stdout.ends_with("\n\nAnswer\nThe first start is cold.\n"), "{}", done.stdout);
    assert_eq!(place.only_run().record.answers, ["The first start is cold."]);
}

#[test]
fn another_configuration_is_another_row() {
    let place = Place::new();
    let text = "f.invoke(); f.configure(#{ memory: 256 }); f.repeat(2);";
    let done = place.run_script(&script(text), &[]).exits(0);
    let tables = done.stdout.lines().take_while(|line| !line.starts_with("Seen"));
    let rows = tables.filter(|line| line.starts_with("f "));
    let memory: Vec<_> = rows.map(|row| row.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(memory, ["128", "256", "128", "256"], "a row in each table:\n{}", done.stdout);
    let run = place.only_run();
    let launches: Vec<_> = run.launches.iter().map(|l| (l.function, l.invocations)).collect();
    assert_eq!(launches, [(0, 1), (1, 2)]);
}

#[test]
fn cases_and_events_of_ones_own() {
    let place = Place::new();
    let text = r#"
        f.invoke_case("kelvin");
        f.repeat_case(2, "unicode");
        let answer = f.invoke(#{ name: "you" });
        check("answers", answer.response.message == "Hello, you!");
        expect_status("error", || {
            let refused = f.invoke(#{ nmae: "you" });
            check("refuses", refused.status == "error");
            note(refused.response.errorType + ": " + refused.response.errorMessage);
        });
    "#;
    let done = place.run_script(&script(text), &[]).exits(0);
    done.complains("InvalidEvent: ").complains("unknown field `nmae`");
    let run = place.only_run();
    let cases: Vec<_> = run.invocations.iter().map(|row| row.case.as_deref()).collect();
    assert_eq!(cases, [Some("kelvin"), Some("unicode"), Some("unicode"), None, None]);
    let refused = run.invocations.last().unwrap();
    assert_eq!(refused.error_type.as_deref(), Some("InvalidEvent"));
}

#[test]
fn a_mistake_is_shown_in_its_line() {
    let place = Place::new();
    let done = place.run_script("let a = 1;\nlet b = a.recyle();\n", &[]).exits(1);
    insta::assert_snapshot!(done.stderr, @r#"
    error: unknown function "recyle"; did you mean "recycle"?
     --> script.rhai:2:11
      |
    2 | let b = a.recyle();
      |           ^
    "#);
    assert_eq!(done.stdout, "");
    assert!(!place.results().exists() || place.results().read_dir().unwrap().count() == 0);
}

#[test]
fn what_was_measured_before_a_mistake_is_kept() {
    let place = Place::new();
    let done = place.run_script(&script("f.repeat(3);\nf.invoke_case(\"wrold\");"), &[]).exits(1);
    let done = done.prints("RUN FAILED: unknown case \"wrold\"").prints("3 invocations");
    let (errors, _) = done.stderr.split_once("recorded in ").expect("it was recorded");
    let (_, errors) = errors.split_once("building hello (dev)\n").expect("it was built");
    insta::assert_snapshot!(errors, @r#"
    error: unknown case "wrold"; did you mean "world"? known: world, kelvin, unicode
     --> script.rhai:3:3
      |
    3 | f.invoke_case("wrold");
      |   ^
    "#);
    let run = place.only_run();
    assert_eq!(run.record.status, RunStatus::Failed);
    assert_eq!(run.invocations.len(), 3);
}

#[test]
fn a_dry_run_starts_nothing() {
    let place = Place::new();
    let text = "
        let p = params(#{ launches: 10 });
        let small = deploy(#{ workload: \"hello\", variant: \"no-such-profile\" });
        let large = deploy(#{ workload: \"hello\", variant: \"no-such-profile\", memory: 1024 });
        blocks(p.launches, [small, large], |f| { f.recycle(); f.repeat(5); });
    ";
    let done = place.run_script(text, &["--dry-run", "--set", "launches=3"]).exits(0);
    let words: Vec<_> = done.stdout.split_whitespace().collect();
    let words = words.join(" ");
    assert!(
        words.contains("functions 2 launches 6 invocations 30 loads 0 time "),
        "{}",
        done.stdout
    );
    assert_eq!(done.stderr, "");
    let done = place.run_script(text, &["--dry-run", "--format", "json"]).exits(0);
    let totals: Value = serde_json::from_str(&done.stdout).unwrap();
    let counts = ["functions", "launches", "invocations"].map(|name| totals[name].as_u64());
    assert_eq!(counts, [Some(2), Some(20), Some(100)]);
    assert!(
        totals["time_ms"].as_f64().unwrap() > 0.0 && totals["cost_usd"].as_f64().unwrap() > 0.0
    );
    assert!(!place.results().exists());
}
