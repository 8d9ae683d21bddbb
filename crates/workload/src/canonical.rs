//! One spelling of each JSON value, so that a digest of it means something.

use std::fmt::Write;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The value as JSON with object keys sorted (by their bytes) and no spaces.
///
/// The same as `jq --compact-output --sort-keys` prints, as long as numbers are integers and strings have no DEL
/// character.
pub fn canonical_json(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            // serde_json keeps keys sorted unless somebody in the build turns its feature `preserve_order` on.
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|&(key, _)| key);
            out.push('{');
            for (n, (key, item)) in fields.into_iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write_scalar(&Value::from(key.as_str()), out);
                out.push(':');
                write_canonical(item, out);
            }
            out.push('}');
        }
        scalar => write_scalar(scalar, out),
    }
}

fn write_scalar(value: &Value, out: &mut String) {
    write!(out, "{value}").expect("a String takes whatever is written to it");
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").expect("a String takes whatever is written to it");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_spaces_gone() {
        let check = |input: &str, expected: &str| {
            let value: Value = serde_json::from_str(input).unwrap();
            assert_eq!(canonical_json(&value), expected);
        };
        check("null", "null");
        check(" [ ] ", "[]");
        check("{ }", "{}");
        check(
            r#"{"b": [1, 2.5, true], "a": {"d": "é\n", "c": null}}"#,
            r#"{"a":{"c":null,"d":"é\n"},"b":[1,2.5,true]}"#,
        );
        check(r#"{"a\"": 1, "Z": -2}"#, r#"{"Z":-2,"a\"":1}"#);
    }

    #[test]
    fn digests_are_those_of_the_standard() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
