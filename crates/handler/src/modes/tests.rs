//! Arguments and standard input in, standard output, standard error and exit code out.

use kelvin_workload::{Answer, Compute, WorkloadError};
use serde_json::{Value, json};

use super::*;

/// Adds the numbers of an array; its second case has a wrong answer, and its third a wrong event.
struct Sum;

impl Compute for Sum {
    const NAME: &'static str = "sum";
    type Event = Vec<i64>;
    type Response = i64;

    fn init() -> Sum {
        Sum
    }

    fn compute(&self, event: &Vec<i64>) -> Result<i64, WorkloadError> {
        if event.is_empty() {
            return Err(WorkloadError::invalid_event("nothing to add"));
        }
        Ok(event.iter().sum())
    }

    fn cases() -> Vec<Case<Vec<i64>>> {
        let positive = |response: &Value| match response.as_i64() {
            Some(1..) => Ok(()),
            _ => Err("expected a positive number".to_owned()),
        };
        vec![
            Case::new("small", vec![1, 2], Answer::Json(json!(3))).with_bytes(16),
            Case::new("wrong", vec![1, -2], Answer::Check(positive)),
            Case::new("empty", vec![], Answer::Json(json!(0))),
        ]
    }
}

fn run_sum(line: &str, stdin: &str) -> (u8, String, String) {
    let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let code = run::<Sum>(&args, stdin.as_bytes(), &mut stdout, &mut stderr).unwrap();
    (code, String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn answers_are_checked() {
    let check = |line, stdin, code, stderr: &str| {
        assert_eq!(run_sum(line, stdin), (code, String::new(), stderr.to_owned()), "{line}");
    };
    check("--check small", " 3\n", DONE, "");
    check(
        "--check small",
        "4",
        WRONG_ANSWER,
        "sum: wrong answer to case small: expected 3, got 4\n",
    );
    check("--check wrong", "7", DONE, "");
    check(
        "--check wrong",
        "-1",
        WRONG_ANSWER,
        "sum: wrong answer to case wrong: expected a positive number\n",
    );
    check(
        "--check small",
        "",
        WRONG_ANSWER,
        "sum: wrong answer to case small: the response is not JSON: EOF while parsing a value at line 1 column 0\n",
    );
    check(
        "--check big",
        "3",
        USAGE,
        "sum: unknown case \"big\"; the cases are small, wrong, empty\n",
    );
}

#[test]
fn each_iteration_is_a_line_of_nanoseconds() {
    let check = |line, n_lines| {
        let (code, stdout, stderr) = run_sum(line, "");
        assert_eq!((code, stderr.as_str()), (DONE, ""), "{line}");
        assert_eq!(stdout.lines().filter(|line| line.parse::<u64>().is_ok()).count(), n_lines);
        assert_eq!(stdout.lines().count(), n_lines);
    };
    check("--measure compute", 100);
    check("--measure serde --case small --iterations 3", 3);
}

#[test]
fn wrong_answers_are_not_measured() {
    for rung in ["compute", "serde"] {
        let check = |case, code, stderr: &str| {
            let line = format!("--measure {rung} --case {case}");
            assert_eq!(run_sum(&line, ""), (code, String::new(), stderr.to_owned()), "{line}");
        };
        check(
            "wrong",
            WRONG_ANSWER,
            "sum: wrong answer to case wrong: expected a positive number\n",
        );
        check(
            "empty",
            WRONG_ANSWER,
            "sum: wrong answer to case empty: InvalidEvent: nothing to add\n",
        );
        check("big", USAGE, "sum: unknown case \"big\"; the cases are small, wrong, empty\n");
    }
}

#[test]
fn the_description_can_be_read_back() {
    let (code, stdout, _) = run_sum("--describe", "");
    assert_eq!(code, DONE);
    let description: kelvin_lambda::Description = serde_json::from_str(&stdout).unwrap();
    assert_eq!(description.workload, "sum");
    assert_eq!(description.cases.len(), 3);
    let [small, wrong, _] = description.cases.as_slice() else { panic!("three cases") };
    assert_eq!(
        (small.name.as_str(), &small.event, small.bytes),
        ("small", &json!([1, 2]), Some(16))
    );
    assert_eq!(small.answer, kelvin_lambda::Answer::Json(json!(3)));
    assert_eq!((&wrong.answer, wrong.bytes), (&kelvin_lambda::Answer::Code, None));
    for fact in ["profile", "opt_level", "panic", "rustc", "target"] {
        assert!(description.build.get(fact).is_some_and(|value| !value.is_empty()), "{fact}");
    }
}

#[test]
fn mistakes_get_the_usage_and_help_is_no_mistake() {
    let (code, stdout, stderr) = run_sum("--descibe", "");
    assert_eq!((code, stdout.as_str()), (USAGE, ""));
    assert!(
        stderr.starts_with("sum: unknown argument --descibe\n\nUsage: sum [MODE]\n"),
        "{stderr}"
    );
    let (code, stdout, stderr) = run_sum("--help", "");
    assert_eq!((code, stderr.as_str()), (DONE, ""));
    assert!(
        stdout.starts_with("Usage: sum [MODE]\n") && stdout.contains("KELVIN_SPANS"),
        "{stdout}"
    );
    let version = format!("sum (kelvin-handler {})\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run_sum("--version", ""), (DONE, version, String::new()));
}
