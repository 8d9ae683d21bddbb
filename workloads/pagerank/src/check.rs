//! Whether a response is right. The last digits of a rank depend on the order of additions, and so does the order of
//! nodes with the same rank; neither is compared.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{Ranked, Response};

/// Ranks may be off by so much; all ranks of a graph add up to 1.
const TOLERANCE: f64 = 1e-9;

/// Compares a response with the answer, of which the first `top` nodes must be there.
pub(crate) fn check(response: &Value, answer: &str, top: usize) -> Result<(), String> {
    let answer: Response = serde_json::from_str(answer)
        .map_err(|error| format!("the answer is not a response: {error}"))?;
    let got: Response = serde_json::from_value(response.clone())
        .map_err(|error| format!("expected another response: {error}"))?;
    let counts = |of: &Response| (of.nodes, of.links, of.dangling);
    if counts(&got) != counts(&answer) {
        let (expected, got) = (counts(&answer), counts(&got));
        return Err(format!("expected (nodes, links, dangling) {expected:?}, got {got:?}"));
    }
    same("the concentration", answer.concentration, got.concentration)?;
    if got.top.len() != top {
        return Err(format!("expected {top} nodes, got {}", got.top.len()));
    }
    let mut seen = BTreeSet::new();
    for (place, (node, expected)) in got.top.iter().zip(&answer.top).enumerate() {
        same(&format!("the rank in place {}", place + 1), expected.rank, node.rank)?;
        let is_it = |known: &&Ranked| (known.node, &known.name) == (node.node, &node.name);
        let name = node.name.as_deref().unwrap_or("without a name");
        let Some(known) = answer.top.iter().find(is_it) else {
            return Err(format!("node {} ({name}) is not among the first", node.node));
        };
        same(&format!("the rank of {name}"), known.rank, node.rank)?;
        if !seen.insert(node.node) {
            return Err(format!("node {} ({name}) is there twice", node.node));
        }
    }
    Ok(())
}

fn same(what: &str, expected: f64, got: f64) -> Result<(), String> {
    if (expected - got).abs() <= TOLERANCE {
        return Ok(());
    }
    Err(format!("expected {expected} for {what}, got {got}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn wrong_responses_are_refused_with_a_reason() {
        let answer = json!({
            "nodes": 4, "links": 3, "dangling": 1, "concentration": 0.3,
            "top": [
                { "node": 2, "name": "c", "rank": 0.4 },
                { "node": 0, "name": "a", "rank": 0.3 },
                { "node": 1, "name": "b", "rank": 0.3 },
            ],
        });
        let right = json!({
            "nodes": 4, "links": 3, "dangling": 1, "concentration": 0.300_000_000_1,
            "top": [
                { "node": 2, "name": "c", "rank": 0.400_000_000_1 },
                { "node": 1, "name": "b", "rank": 0.3 },
            ],
        });
        let check = |pointer: &str, value: Value, expected: Result<(), &str>| {
            let mut response = right.clone();
            *response.pointer_mut(pointer).expect("it is there") = value;
            let checked = super::check(&response, &answer.to_string(), 2);
            assert_eq!(checked, expected.map_err(str::to_owned), "{pointer}");
        };
        check("/nodes", json!(4), Ok(()));
        check("/top/1", json!({ "node": 0, "name": "a", "rank": 0.3 }), Ok(()));
        check(
            "/links",
            json!(4),
            Err("expected (nodes, links, dangling) (4, 3, 1), got (4, 4, 1)"),
        );
        check("/concentration", json!(0.31), Err("expected 0.3 for the concentration, got 0.31"));
        check("/top", json!([]), Err("expected 2 nodes, got 0"));
        check("/top/0/rank", json!(0.41), Err("expected 0.4 for the rank in place 1, got 0.41"));
        check("/top/1/node", json!(3), Err("node 3 (b) is not among the first"));
        check("/top/1/name", json!("d"), Err("node 1 (d) is not among the first"));
        check(
            "/top/0",
            json!({ "node": 0, "name": "a", "rank": 0.4 }),
            Err("expected 0.3 for the rank of a, got 0.4"),
        );
        check(
            "/top",
            json!("none"),
            Err("expected another response: invalid type: string \"none\", expected a sequence"),
        );
        let mut twice = right.clone();
        twice["top"][0] = json!({ "node": 1, "name": "b", "rank": 0.3 });
        let answer = answer.to_string().replace("0.4", "0.3");
        let checked = super::check(&twice, &answer, 2);
        assert_eq!(checked, Err("node 1 (b) is there twice".to_owned()));
    }
}
