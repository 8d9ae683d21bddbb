//! Whether a response is right. The last digits of a number depend on the order of operations, so each may be off by a
//! part of itself; all else must be equal.

use serde_json::Value;

/// Compares a response with the answer; numbers may be off by `tolerance`, relative to what they should be.
pub(crate) fn check(response: &Value, answer: &str, tolerance: f64) -> Result<(), String> {
    let answer =
        serde_json::from_str(answer).map_err(|error| format!("the answer is not JSON: {error}"))?;
    compare("", &answer, response, tolerance)
}

fn compare(path: &str, expected: &Value, got: &Value, tolerance: f64) -> Result<(), String> {
    match (expected, got) {
        (Value::Object(left), Value::Object(right)) => {
            let extra = right.keys().filter(|key| !left.contains_key(*key));
            left.keys().chain(extra).try_for_each(|key| {
                compare(&format!("{path}/{key}"), &expected[key], &got[key], tolerance)
            })
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            (left.iter().zip(right).enumerate()).try_for_each(|(n, (left, right))| {
                compare(&format!("{path}/{n}"), left, right, tolerance)
            })
        }
        (Value::Array(left), Value::Array(right)) => {
            Err(format!("at {path}: expected {} values, got {}", left.len(), right.len()))
        }
        (Value::Number(left), Value::Number(right)) if near(left, right, tolerance) => Ok(()),
        _ if expected == got => Ok(()),
        _ => {
            let (expected, got) = (expected.to_string(), got.to_string());
            Err(format!("at {path}: expected {expected}, got {got}"))
        }
    }
}

fn near(expected: &serde_json::Number, got: &serde_json::Number, tolerance: f64) -> bool {
    match (expected.as_f64(), got.as_f64()) {
        (Some(expected), Some(got)) => (expected - got).abs() <= tolerance * expected.abs(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn wrong_responses_are_refused_with_a_reason() {
        let check = |got: Value, expected: Result<(), &str>| {
            let answer = r#"{"solve": {"solution": [1, -2.0, 0]}}"#;
            assert_eq!(check(&got, answer, 0.01), expected.map_err(str::to_owned));
        };
        let solution = |values: Value| json!({ "solve": { "solution": values } });
        check(solution(json!([1, -2, 0])), Ok(()));
        check(solution(json!([1.0099, -1.981, 0.0])), Ok(()));
        check(solution(json!([1.011, -2, 0])), Err("at /solve/solution/0: expected 1, got 1.011"));
        check(solution(json!([1, 2, 0])), Err("at /solve/solution/1: expected -2.0, got 2"));
        check(solution(json!([1, -2, 1e-9])), Err("at /solve/solution/2: expected 0, got 1e-9"));
        check(solution(json!([1, null, 0])), Err("at /solve/solution/1: expected -2.0, got null"));
        check(solution(json!([1, -2])), Err("at /solve/solution: expected 3 values, got 2"));
        check(json!({ "fit": {} }), Err("at /solve: expected {\"solution\":[1,-2.0,0]}, got null"));
        let mut more = solution(json!([1, -2, 0]));
        more["error"] = json!("none");
        check(more, Err("at /error: expected null, got \"none\""));
    }
}
