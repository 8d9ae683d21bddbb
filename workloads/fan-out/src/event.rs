//! The event: what to ask for, and how.

use std::time::Duration;

use kelvin_workload::WorkloadError;
use serde::{Deserialize, Serialize};

const MOST_RESOURCES: u32 = 1000;
const MOST_ITEMS: u32 = 100_000;
const MOST_CONCURRENCY: u32 = 64;
/// As long as a function may run.
const LONGEST_MS: u32 = 900_000;

/// Which resources, how many of them at once, and how long they may take.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// How many resources: 1 to 1,000. Resource number k, from 0, is `/json/N` where N is `items` + k.
    pub resources: u32,
    /// How many items the first resource has: 0 to 100,000.
    pub items: u32,
    /// How many requests are under way at once, at most: 1 to 64.
    pub concurrency: u32,
    /// Base of all addresses, instead of the one in the environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// How long one request may take, in milliseconds: 1 to 900,000.
    #[serde(default = "default_request_timeout_ms")]
    pub request_timeout_ms: u32,
    /// How long all of them may take, with everything that has to be sent again, in milliseconds: 1 to 900,000. Less than
    /// the function's own timeout: whoever is stopped by Lambda cannot say why.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u32,
}

fn default_request_timeout_ms() -> u32 {
    1_000
}

/// A function has 3 s if nobody says otherwise.
fn default_timeout_ms() -> u32 {
    2_500
}

impl Event {
    /// With the timeouts that suit a function with Lambda's own, 3 seconds.
    pub fn new(resources: u32, items: u32, concurrency: u32) -> Event {
        Event {
            resources,
            items,
            concurrency,
            upstream: None,
            request_timeout_ms: default_request_timeout_ms(),
            timeout_ms: default_timeout_ms(),
        }
    }

    /// The same with other timeouts: of one request, and of all.
    pub fn with_timeouts_ms(self, (request_timeout_ms, timeout_ms): (u32, u32)) -> Event {
        Event { request_timeout_ms, timeout_ms, ..self }
    }

    pub(crate) fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms.into())
    }

    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms.into())
    }

    /// Fails on a number that is out of its range.
    pub(crate) fn validate(&self) -> Result<(), WorkloadError> {
        within("resources", self.resources, 1, MOST_RESOURCES)?;
        within("items", self.items, 0, MOST_ITEMS)?;
        within("concurrency", self.concurrency, 1, MOST_CONCURRENCY)?;
        within("request_timeout_ms", self.request_timeout_ms, 1, LONGEST_MS)?;
        within("timeout_ms", self.timeout_ms, 1, LONGEST_MS)
    }
}

fn within(field: &str, value: u32, least: u32, most: u32) -> Result<(), WorkloadError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(WorkloadError::invalid_event(format!(
        "{field} is {value}; it must be from {least} to {most}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_refused_with_a_reason() {
        let check = |change: fn(&mut Event), expected: &str| {
            let mut event = Event::new(32, 200, 4);
            change(&mut event);
            let reason = event.validate().map_err(|error| error.error_message());
            assert_eq!(reason.err().unwrap_or_default(), expected);
        };
        check(|_| {}, "");
        check(|event| event.items = 0, "");
        check(|event| event.resources = 0, "resources is 0; it must be from 1 to 1000");
        check(|event| event.resources = 1001, "resources is 1001; it must be from 1 to 1000");
        check(|event| event.items = 100_001, "items is 100001; it must be from 0 to 100000");
        check(|event| event.concurrency = 0, "concurrency is 0; it must be from 1 to 64");
        check(|event| event.concurrency = 65, "concurrency is 65; it must be from 1 to 64");
        check(
            |event| event.request_timeout_ms = 0,
            "request_timeout_ms is 0; it must be from 1 to 900000",
        );
        check(
            |event| event.timeout_ms = 900_001,
            "timeout_ms is 900001; it must be from 1 to 900000",
        );
    }

    #[test]
    fn events_of_another_shape_are_refused_with_a_reason() {
        let check = |event: &str, expected: &str| {
            let error = serde_json::from_str::<Event>(event).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
        };
        check("{}", "missing field `resources`");
        check(r#"{"resources": -1}"#, "invalid value: integer `-1`, expected u32");
        check(r#"{"resources": 1, "items": 1, "parallel": 1}"#, "unknown field `parallel`");
    }

    #[test]
    fn a_short_event_has_the_defaults() {
        let event = r#"{"resources": 1, "items": 2, "concurrency": 3}"#;
        let event: Event = serde_json::from_str(event).unwrap();
        assert_eq!((event.request_timeout_ms, event.timeout_ms), (1_000, 2_500));
    }
}
