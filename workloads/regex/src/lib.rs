//! The workload `regex`: parses an access log with regular expressions and reports on it, as a function does behind log
//! delivery.
//!
//! The logs are inside the program (`cases/README.md` says where they come from).
//! Compiling the patterns is work that can be done in INIT.

mod logs;
mod patterns;
mod report;

use kelvin_workload::{Answer, Case, Compute, Prepared, WorkloadError};
use serde::{Deserialize, Serialize};

use crate::patterns::Patterns;

pub use report::{PathUse, ReferrerUse, Report, SlowRequest};

/// The longest list that can be asked for.
pub const LARGEST_TOP: usize = 100;

/// Reports on access logs.
#[derive(Debug)]
pub struct Regex {
    patterns: Prepared<Patterns>,
}

/// Which log, and how much of it to tell.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Name of a log: `day`, `hour` or `scan`.
    pub log: String,
    /// How long the lists of the report may be: 1 to [`LARGEST_TOP`].
    pub top: usize,
}

impl Compute for Regex {
    const NAME: &'static str = "regex";
    type Event = Event;
    type Response = Report;

    fn init() -> Regex {
        Regex { patterns: Prepared::new(Patterns::compile) }
    }

    fn prepare(&self) -> Result<(), WorkloadError> {
        self.patterns.get().map(drop)
    }

    fn compute(&self, event: &Event) -> Result<Report, WorkloadError> {
        let log = logs::find(&event.log)?;
        let top = event.top;
        if !(1..=LARGEST_TOP).contains(&top) {
            return Err(WorkloadError::invalid_event(format!(
                "top is {top}; it must be from 1 to {LARGEST_TOP}"
            )));
        }
        Ok(report::of(log, self.patterns.get()?, top))
    }

    fn cases() -> Vec<Case<Event>> {
        let case = |name, log: &str, top, answer| {
            let bytes = logs::find(log).map_or(0, str::len);
            let answer =
                serde_json::from_str(answer).expect("Python wrote the answer, and as JSON");
            Case::new(name, Event { log: log.to_owned(), top }, Answer::Json(answer))
                .with_bytes(bytes)
        };
        vec![
            case("day", "day", 10, include_str!("../cases/day.answer.json")),
            case("hour", "hour", 5, include_str!("../cases/hour.answer.json")),
            case("scan", "scan", 10, include_str!("../cases/scan.answer.json")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_answered_rightly() {
        assert_eq!(kelvin_workload::check_cases::<Regex>(), Ok(()));
    }

    #[test]
    fn wrong_events_are_refused_with_a_reason() {
        let regex = Regex::init();
        let check = |log: &str, top, expected: &str| {
            let error = regex.compute(&Event { log: log.to_owned(), top }).unwrap_err();
            assert_eq!(
                (error.error_type(), error.error_message().as_str()),
                ("InvalidEvent", expected)
            );
        };
        check("week", 5, "there is no log \"week\"; the logs are day, hour, scan");
        check("", 5, "there is no log \"\"; the logs are day, hour, scan");
        check("hour", 0, "top is 0; it must be from 1 to 100");
        check("hour", 101, "top is 101; it must be from 1 to 100");
    }

    #[test]
    fn events_of_another_shape_are_refused_with_a_reason() {
        let check = |event: &str, expected: &str| {
            let error = serde_json::from_str::<Event>(event).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check("{}", "missing field `log` at line 1 column 2");
        check(
            r#"{"log": "day", "top": -1}"#,
            "invalid value: integer `-1`, expected usize at line 1 column 24",
        );
        check(
            r#"{"log": "day", "pattern": "a"}"#,
            "unknown field `pattern`, expected `log` or `top` at line 1 column 24",
        );
    }
}
