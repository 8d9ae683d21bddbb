//! What is computed once all bodies are there; also on its own under criterion, with bodies that never were on a network.

use std::borrow::Cow;
use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use kelvin_workload::{Answer, Case, Compute, WorkloadError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::rule;

/// Of one body, decompressed.
const LARGEST_TEXT: u64 = 64 << 20;

/// Checks bodies and adds up what they say: the part of the workload that does not wait.
#[derive(Clone, Copy, Debug)]
pub struct Aggregation;

/// All bodies of an invocation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bodies {
    /// How many items the first one must have; each next one has one more.
    pub items: u32,
    /// In the order of the resources.
    pub bodies: Vec<Body>,
}

/// The body of one answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Whether it is compressed.
    pub gzip: bool,
    /// As it came.
    pub bytes: Bytes,
}

/// What all bodies say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// How many bodies there were.
    pub resources: u32,
    /// How many items they have.
    pub items: u64,
    /// Of the squares of the items.
    pub sum: u64,
}

/// What one body says.
#[derive(Debug, Deserialize)]
struct Listing {
    count: u64,
    sum: u64,
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    id: u64,
    square: u64,
}

impl Compute for Aggregation {
    const NAME: &'static str = "fan-out";
    type Event = Bodies;
    type Response = Total;

    fn init() -> Aggregation {
        Aggregation
    }

    fn compute(&self, event: &Bodies) -> Result<Total, WorkloadError> {
        event.total()
    }

    fn cases() -> Vec<Case<Bodies>> {
        let case = |name, body_of: fn(&str) -> Body| {
            let (resources, items) = (32, 200);
            let bodies = (0..resources).map(|resource| body_of(&listing(items + resource)));
            let bodies: Vec<Body> = bodies.collect();
            let bytes = bodies.iter().map(|body| body.bytes.len()).sum();
            let answer = json!(rule::total(resources, items));
            Case::new(name, Bodies { items, bodies }, Answer::Json(answer)).with_bytes(bytes)
        };
        vec![case("gzip", gzip), case("plain", plain)]
    }
}

impl Bodies {
    /// Checks every body against the rule of the upstream, and adds them up.
    pub(crate) fn total(&self) -> Result<Total, WorkloadError> {
        let mut total = Total { resources: 0, items: 0, sum: 0 };
        for (body, items) in self.bodies.iter().zip(u64::from(self.items)..) {
            let listing = body.read(total.resources)?;
            listing.check(total.resources, items)?;
            total.resources += 1;
            total.items += listing.count;
            total.sum += listing.sum;
        }
        Ok(total)
    }
}

impl Body {
    fn read(&self, resource: u32) -> Result<Listing, WorkloadError> {
        let text = if self.gzip {
            let mut text = Vec::new();
            let mut decoder = GzDecoder::new(self.bytes.as_ref()).take(LARGEST_TEXT);
            decoder.read_to_end(&mut text).map_err(|error| {
                let message = format!("resource {resource}: could not decompress its body");
                WorkloadError::service_failed(message, error)
            })?;
            Cow::Owned(text)
        } else {
            Cow::Borrowed(self.bytes.as_ref())
        };
        serde_json::from_slice(&text).map_err(|error| {
            let message = format!("resource {resource}: its body is not a list of items");
            WorkloadError::service_failed(message, error)
        })
    }
}

impl Listing {
    /// Numbers are compared before they are added, so no sum of wrong ones overflows.
    fn check(&self, resource: u32, items: u64) -> Result<(), WorkloadError> {
        let ids = self.items.iter().zip(0..);
        let squares = ids.filter(|(item, id)| item.id == *id && item.square == id * id).count();
        let right = self.count == items
            && self.items.len() as u64 == items
            && squares == self.items.len()
            && self.sum == rule::sum_of_squares(items);
        if right {
            return Ok(());
        }
        let reason = format!("{squares} of {items} items are right, and the sum is {}", self.sum);
        let message = format!("resource {resource}: its body is not what its address says");
        Err(WorkloadError::service_failed(message, reason))
    }
}

/// A body by the rule of the upstream, spelled as it spells it.
fn listing(n: u32) -> String {
    let items: Vec<_> =
        (0..u64::from(n)).map(|id| json!({ "id": id, "square": id * id })).collect();
    json!({ "count": n, "sum": rule::sum_of_squares(n.into()), "items": items }).to_string()
}

fn plain(text: &str) -> Body {
    Body { gzip: false, bytes: text.to_owned().into() }
}

fn gzip(text: &str) -> Body {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("writing to memory does not fail");
    Body { gzip: true, bytes: encoder.finish().expect("writing to memory does not fail").into() }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_case_is_answered_rightly() {
        assert_eq!(kelvin_workload::check_cases::<Aggregation>(), Ok(()));
    }

    fn check(body: Body, expected: &str) {
        let bodies = Bodies { items: 3, bodies: vec![plain(&listing(3)), body] };
        let result = bodies.total().map_err(|error| error.error_message());
        let reason = result.err().unwrap_or_default();
        assert_eq!(reason.is_empty(), expected.is_empty(), "{reason}");
        assert!(reason.starts_with(expected), "{reason}");
    }

    #[test]
    fn bodies_that_say_something_else_are_refused_with_a_reason() {
        let changed = |change: fn(&mut Value)| {
            let mut value = serde_json::from_str(&listing(4)).unwrap();
            change(&mut value);
            plain(&value.to_string())
        };
        let not_so = |right: u32, sum: u64| {
            format!(
                "resource 1: its body is not what its address says: {right} of 4 items are right, and the sum is {sum}"
            )
        };
        check(changed(|_| {}), "");
        check(changed(|value| value["sum"] = json!(15)), &not_so(4, 15));
        check(changed(|value| value["sum"] = json!(u64::MAX)), &not_so(4, u64::MAX));
        check(changed(|value| value["count"] = json!(3)), &not_so(4, 14));
        check(changed(|value| value["items"][2]["square"] = json!(5)), &not_so(3, 14));
        check(changed(|value| value["items"][3]["id"] = json!(4)), &not_so(3, 14));
        check(changed(|value| drop(value["items"].as_array_mut().unwrap().pop())), &not_so(3, 14));
        check(plain(&listing(3)), &not_so(3, 5));
    }

    #[test]
    fn bodies_that_cannot_be_read_are_refused_with_a_reason() {
        check(
            plain("{"),
            "resource 1: its body is not a list of items: EOF while parsing an object at line 1 column 1",
        );
        check(
            Body { gzip: true, ..plain(&listing(4)) },
            "resource 1: could not decompress its body: invalid gzip header",
        );
        let whole = gzip(&listing(4));
        let half = Body { bytes: whole.bytes.slice(..whole.bytes.len() / 2), ..whole };
        check(half, "resource 1: could not decompress its body: ");
    }
}
