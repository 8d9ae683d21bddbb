//! From the records of an event to objects, and from an object to the place of its report.

use std::fmt;

use aws_lambda_events::s3::{S3Event, S3EventRecord};
use kelvin_workload::WorkloadError;
use percent_encoding::percent_decode_str;

/// Reports are put here. Nothing that is put here gets a report, or the function would invoke itself for ever.
const REPORTS: &str = "reports/";

/// The largest object that is read, in bytes: it is held in memory.
pub(crate) const LARGEST_OBJECT: i64 = 64 << 20;

/// Where an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Name of the bucket.
    pub bucket: String,
    /// Key of the object, as it was when the object was put.
    pub key: String,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// The objects that an event names, if it names any and all of them are to have a report.
pub(crate) fn sources(event: &S3Event) -> Result<Vec<Location>, WorkloadError> {
    if event.records.is_empty() {
        return Err(WorkloadError::invalid_event("the event has no records"));
    }
    event.records.iter().map(source).collect()
}

fn source(record: &S3EventRecord) -> Result<Location, WorkloadError> {
    let name = record.event_name.as_deref().unwrap_or_default();
    if !name.starts_with("ObjectCreated:") {
        return Err(WorkloadError::invalid_event(format!(
            "the record is of the event \"{name}\"; it must be of ObjectCreated:*"
        )));
    }
    let missing = |what| WorkloadError::invalid_event(format!("a record names no {what}"));
    let bucket = record.s3.bucket.name.clone().ok_or_else(|| missing("bucket"))?;
    let key = record.s3.object.key.as_deref().ok_or_else(|| missing("object"))?;
    let source = Location { bucket, key: decoded(key)? };
    match record.s3.object.size {
        Some(size) if size > LARGEST_OBJECT => Err(WorkloadError::invalid_event(format!(
            "{source} has {size} bytes; at most {LARGEST_OBJECT} are read"
        ))),
        _ => Ok(source),
    }
}

/// A key is written in an event as in an HTML form ("Event message structure", Amazon S3 User Guide).
fn decoded(key: &str) -> Result<String, WorkloadError> {
    let spaces = key.replace('+', " ");
    let decoded = percent_decode_str(&spaces).decode_utf8();
    let decoded = decoded.map_err(|_| {
        WorkloadError::invalid_event(format!("the key \"{key}\" is not UTF-8 when it is decoded"))
    });
    decoded.map(|key| key.into_owned())
}

/// Where the report of an object goes: into the same bucket.
pub(crate) fn report_of(source: &Location) -> Result<Location, WorkloadError> {
    let Location { bucket, key } = source;
    if key.starts_with(REPORTS) {
        return Err(WorkloadError::invalid_event(format!(
            "{source} is a report; the bucket must not send events for {REPORTS}"
        )));
    }
    let stem = key.strip_suffix(".csv").ok_or_else(|| {
        WorkloadError::invalid_event(format!("{source} is not a table; its key must end in .csv"))
    })?;
    Ok(Location { bucket: bucket.clone(), key: format!("{REPORTS}{stem}.json") })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const EVENT: &str = include_str!("../cases/small.event.json");

    fn located(change: impl FnOnce(&mut Value)) -> Result<(String, String), String> {
        let mut event: Value = serde_json::from_str(EVENT).unwrap();
        change(&mut event);
        let event: S3Event = serde_json::from_value(event).unwrap();
        let located = sources(&event).and_then(|sources| {
            let report = report_of(&sources[0])?;
            Ok((sources[0].to_string(), report.to_string()))
        });
        located.map_err(|error| {
            assert_eq!(error.error_type(), "InvalidEvent");
            error.error_message()
        })
    }

    #[test]
    fn keys_are_decoded() {
        let check = |key: &str, expected: Result<&str, &str>| {
            let located = located(|event| event["Records"][0]["s3"]["object"]["key"] = json!(key));
            let report = located.map(|(_, report)| report);
            assert_eq!(report, expected.map(str::to_owned).map_err(str::to_owned), "{key}");
        };
        check("a/b.csv", Ok("s3://kelvin-flights/reports/a/b.json"));
        check("gr%C3%B6%C3%9Fe+1%2B1.csv", Ok("s3://kelvin-flights/reports/größe 1+1.json"));
        check("100%.csv", Ok("s3://kelvin-flights/reports/100%.json"));
        check("%FF.csv", Err("the key \"%FF.csv\" is not UTF-8 when it is decoded"));
        check(
            "reports/a.csv",
            Err(
                "s3://kelvin-flights/reports/a.csv is a report; the bucket must not send events for reports/",
            ),
        );
        check("a.json", Err("s3://kelvin-flights/a.json is not a table; its key must end in .csv"));
    }

    #[test]
    fn events_of_anything_else_are_refused() {
        let check = |pointer: &str, value: Value, expected: &str| {
            let refused = located(|event| {
                *event.pointer_mut(pointer).expect("the event has all fields") = value;
            });
            assert_eq!(refused, Err(expected.to_owned()));
        };
        check("/Records", json!([]), "the event has no records");
        check(
            "/Records/0/eventName",
            json!("ObjectRemoved:Delete"),
            "the record is of the event \"ObjectRemoved:Delete\"; it must be of ObjectCreated:*",
        );
        check("/Records/0/s3/bucket/name", Value::Null, "a record names no bucket");
        check("/Records/0/s3/object/key", Value::Null, "a record names no object");
        check(
            "/Records/0/s3/object/size",
            json!(67_108_865),
            "s3://kelvin-flights/flights-2k.csv has 67108865 bytes; at most 67108864 are read",
        );
    }
}
