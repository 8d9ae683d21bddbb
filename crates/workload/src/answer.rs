//! What a right answer is, and where a wrong one differs.

use serde_json::Value;

use crate::{canonical_json, sha256_hex};

/// How a response is known to be right.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It is this JSON value.
    Json(Value),
    /// The SHA-256 of its canonical JSON ([`canonical_json`]) is this, in lower-case hexadecimal.
    Sha256(String),
    /// This function accepts it; otherwise it says what is wrong.
    Check(fn(&Value) -> Result<(), String>),
}

impl Answer {
    /// The same for readers outside this process, to whom code cannot be shown.
    pub fn describe(&self) -> kelvin_lambda::Answer {
        match self {
            Answer::Json(value) => kelvin_lambda::Answer::Json(value.clone()),
            Answer::Sha256(digest) => kelvin_lambda::Answer::Sha256(digest.clone()),
            Answer::Check(_) => kelvin_lambda::Answer::Code,
        }
    }
}

/// Whether a response is right; if not, what is wrong with it.
///
/// Numbers are equal if JSON spells them alike: `1` is not `1.0`.
pub fn verify(answer: &Answer, response: &Value) -> Result<(), String> {
    match answer {
        Answer::Json(expected) => match first_difference(expected, response) {
            Some(difference) => Err(difference),
            None => Ok(()),
        },
        Answer::Sha256(expected) => {
            let digest = sha256_hex(canonical_json(response).as_bytes());
            if digest == *expected {
                Ok(())
            } else {
                Err(format!("expected canonical JSON with SHA-256 {expected}, got {digest}"))
            }
        }
        Answer::Check(check) => check(response),
    }
}

/// The first place at which two values differ, as a JSON Pointer (RFC 6901) and what is there; `None` if they are equal.
fn first_difference(expected: &Value, got: &Value) -> Option<String> {
    let mut path = String::new();
    let (expected, got) = descend(expected, got, &mut path)?;
    let place = if path.is_empty() { "expected" } else { &format!("at {path}: expected") };
    let show = |value: Option<&Value>| value.map_or("nothing".to_owned(), shortened);
    Some(format!("{place} {}, got {}", show(expected), show(got)))
}

type Pair<'a> = (Option<&'a Value>, Option<&'a Value>);

fn descend<'a>(expected: &'a Value, got: &'a Value, path: &mut String) -> Option<Pair<'a>> {
    match (expected, got) {
        (Value::Object(left), Value::Object(right)) => {
            let keys = left.keys().chain(right.keys().filter(|key| !left.contains_key(*key)));
            for key in keys {
                let step = key.replace('~', "~0").replace('/', "~1");
                if let Some(pair) = step_into(left.get(key), right.get(key), &step, path) {
                    return Some(pair);
                }
            }
            None
        }
        (Value::Array(left), Value::Array(right)) => (0..left.len().max(right.len()))
            .find_map(|n| step_into(left.get(n), right.get(n), &n.to_string(), path)),
        _ if expected == got => None,
        _ => Some((Some(expected), Some(got))),
    }
}

fn step_into<'a>(
    expected: Option<&'a Value>,
    got: Option<&'a Value>,
    step: &str,
    path: &mut String,
) -> Option<Pair<'a>> {
    let outer = path.len();
    path.push('/');
    path.push_str(step);
    let difference = match (expected, got) {
        (Some(expected), Some(got)) => descend(expected, got, path),
        pair => Some(pair),
    };
    if difference.is_none() {
        path.truncate(outer);
    }
    difference
}

/// Enough of a value to recognise it in a message.
fn shortened(value: &Value) -> String {
    const LONGEST: usize = 80;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_answers_name_the_first_difference() {
        let check = |expected: Value, got: Value, reason: Option<&str>| {
            assert_eq!(verify(&Answer::Json(expected), &got).err().as_deref(), reason);
        };
        check(json!({"a": [1, {"b": null}]}), json!({"a": [1, {"b": null}]}), None);
        check(json!(1), json!(1.0), Some("expected 1, got 1.0"));
        check(json!({"a": 1}), json!([]), Some("expected {\"a\":1}, got []"));
        check(
            json!({"a/b": [1, 2]}),
            json!({"a/b": [1, 3]}),
            Some("at /a~1b/1: expected 2, got 3"),
        );
        check(json!({"a": [1]}), json!({"a": [1, 2]}), Some("at /a/1: expected nothing, got 2"));
        check(json!({"a": 1, "b": 2}), json!({"a": 1}), Some("at /b: expected 2, got nothing"));
        check(json!({}), json!({"c": "x"}), Some("at /c: expected nothing, got \"x\""));
        let long = "é".repeat(200);
        let shown = "é".repeat(79);
        check(json!(0), json!(long), Some(&format!("expected 0, got \"{shown}…")));
    }

    #[test]
    fn digests_are_of_the_canonical_form() {
        let answer = Answer::Sha256(sha256_hex(br#"{"a":1,"b":2}"#));
        assert_eq!(verify(&answer, &json!({"b": 2, "a": 1})), Ok(()));
        let reason = verify(&answer, &json!({"b": 2})).unwrap_err();
        assert!(reason.starts_with("expected canonical JSON with SHA-256 43258cff"), "{reason}");
    }

    #[test]
    fn checks_in_code_decide_themselves() {
        let answer = Answer::Check(|response| match response.as_u64() {
            Some(n) if n > 2 => Ok(()),
            _ => Err("expected more than 2".to_owned()),
        });
        assert_eq!(verify(&answer, &json!(3)), Ok(()));
        assert_eq!(verify(&answer, &json!("3")), Err("expected more than 2".to_owned()));
    }
}
