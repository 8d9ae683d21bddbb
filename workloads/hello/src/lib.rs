//! The workload `hello`: greets, and so costs next to nothing. What remains is the price of being a function at all.

use kelvin_workload::{Answer, Case, Compute, WorkloadError};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The longest name that is greeted, in characters.
pub const LONGEST_NAME: usize = 100;

/// Greets whoever the event names.
#[derive(Clone, Copy, Debug)]
pub struct Hello;

/// Whom to greet.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Not blank, and at most [`LONGEST_NAME`] characters.
    pub name: String,
}

/// The greeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// `Hello, …!`
    pub message: String,
}

impl Compute for Hello {
    const NAME: &'static str = "hello";
    type Event = Event;
    type Response = Response;

    fn init() -> Hello {
        Hello
    }

    fn compute(&self, event: &Event) -> Result<Response, WorkloadError> {
        let name = event.name.trim();
        let length = name.chars().count();
        if length == 0 {
            return Err(WorkloadError::invalid_event("name is empty"));
        }
        if length > LONGEST_NAME {
            return Err(WorkloadError::invalid_event(format!(
                "name has {length} characters; at most {LONGEST_NAME} are greeted"
            )));
        }
        Ok(Response { message: format!("Hello, {name}!") })
    }

    fn cases() -> Vec<Case<Event>> {
        let case = |case, name: &str, message| {
            let event = Event { name: name.to_owned() };
            Case::new(case, event, Answer::Json(json!({ "message": message })))
        };
        vec![
            case("world", "world", "Hello, world!"),
            case("kelvin", "Lord Kelvin", "Hello, Lord Kelvin!"),
            case("unicode", " Жанна d’Arc ", "Hello, Жанна d’Arc!"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_answered_rightly() {
        assert_eq!(kelvin_workload::check_cases::<Hello>(), Ok(()));
    }

    #[test]
    fn names_have_one_to_a_hundred_characters() {
        let check = |name: &str, expected: Result<&str, &str>| {
            let response = Hello.compute(&Event { name: name.to_owned() });
            let response = response.map(|r| r.message).map_err(|error| error.error_message());
            assert_eq!(response, expected.map(str::to_owned).map_err(str::to_owned));
        };
        check("x", Ok("Hello, x!"));
        check("", Err("name is empty"));
        check(" \n", Err("name is empty"));
        let longest = "é".repeat(100);
        check(&longest, Ok(&format!("Hello, {longest}!")));
        check(&"é".repeat(101), Err("name has 101 characters; at most 100 are greeted"));
    }

    #[test]
    fn other_events_are_refused_with_a_reason() {
        let check = |event: serde_json::Value, expected: &str| {
            let error = serde_json::from_value::<Event>(event).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check(json!({}), "missing field `name`");
        check(json!({ "name": 7 }), "invalid type: integer `7`, expected a string");
        check(json!({ "nmae": "x" }), "unknown field `nmae`, expected `name`");
    }
}
