//! Requests with their answers, and with the trails that they leave (`cases/README.md` says where they are from).

use kelvin_workload::{Answer, Case};
use serde::Deserialize;

use crate::Event;

struct Request {
    name: &'static str,
    event: &'static str,
    answer: &'static str,
    trail: &'static str,
}

macro_rules! request {
    ($name:literal) => {
        Request {
            name: $name,
            event: include_str!(concat!("../cases/", $name, ".event.json")),
            answer: include_str!(concat!("../cases/", $name, ".answer.json")),
            trail: include_str!(concat!("../cases/", $name, ".trail.json")),
        }
    };
}

const REQUESTS: [Request; 3] = [request!("order"), request!("small-order"), request!("login")];

/// What the function answers.
pub(crate) fn of_function() -> Vec<Case<Event>> {
    REQUESTS.map(|request| case(&request, request.answer)).into()
}

/// What is on a trail that was empty.
pub(crate) fn of_trail() -> Vec<Case<Event>> {
    REQUESTS.map(|request| case(&request, request.trail)).into()
}

fn case(request: &Request, answer: &str) -> Case<Event> {
    Case::new(request.name, read(request.event), Answer::Json(read(answer)))
}

fn read<T: for<'de> Deserialize<'de>>(json: &str) -> T {
    serde_json::from_str(json).expect("the tests read every event and answer")
}
