//! The workload `delays`: makes a report of a table of flights, in one function or in three that follow one another.
//!
//! The steps are: CSV → flights; flights → routes with their delays, without what did not take place; routes → a report
//! by airport. A function does all that are left, or with `step` the next one alone, whose answer is then the event of a
//! function that does the next. What a chain of functions costs beyond one that does it all is the payloads in between,
//! and everything that an invocation brings with it.

mod event;
mod flight;
mod report;
mod route;
mod tables;

use kelvin_workload::{Case, Compute, WorkloadError};
use serde::{Deserialize, Serialize};

pub use event::Event;
pub use flight::{Code, Flight};
pub use report::{Airport, Report};
pub use route::Route;

use crate::event::Stage;
use crate::flight::parse;
use crate::report::report;
use crate::route::routes;

/// Makes reports of flights.
#[derive(Clone, Copy, Debug)]
pub struct Delays;

/// What a step answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Response {
    /// The last one.
    Report(Report),
    /// Any other: the event of the next.
    Next(Event),
}

impl Compute for Delays {
    const NAME: &'static str = "delays";
    type Event = Event;
    type Response = Response;

    fn init() -> Delays {
        Delays
    }

    fn compute(&self, event: &Event) -> Result<Response, WorkloadError> {
        let step = event.step;
        let next = |event| Response::Next(Event { step, ..event });
        Ok(match event.stage()? {
            Stage::Csv(csv) if step => {
                next(Event { flights: Some(parse(csv)?), ..Event::default() })
            }
            Stage::Csv(csv) => Response::Report(report(&routes(&parse(csv)?))),
            Stage::Flights(flights) if step => {
                next(Event { routes: Some(routes(flights)), ..Event::default() })
            }
            Stage::Flights(flights) => Response::Report(report(&routes(flights))),
            Stage::Routes(routes) => Response::Report(report(routes)),
        })
    }

    fn cases() -> Vec<Case<Event>> {
        tables::cases()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answer(event: Value) -> Result<Value, String> {
        let event = serde_json::from_value(event).map_err(|error| error.to_string())?;
        let response = Delays.compute(&event).map_err(|error| error.error_message())?;
        Ok(serde_json::to_value(response).unwrap())
    }

    #[test]
    fn every_case_is_answered_rightly() {
        assert_eq!(kelvin_workload::check_cases::<Delays>(), Ok(()));
    }

    #[test]
    fn three_steps_answer_what_one_function_does() {
        for table in ["flights-500", "flights-2k"] {
            let whole = answer(json!({ "table": table }));
            let flights = answer(json!({ "step": true, "table": table })).unwrap();
            let routes = answer(flights.clone()).unwrap();
            assert!(flights["flights"].is_array() && routes["routes"].is_array());
            assert_eq!(answer(routes.clone()), whole);
            // Without `step`, a function does all that is left.
            for mut event in [flights, routes] {
                event["step"] = json!(false);
                assert_eq!(answer(event), whole);
            }
        }
    }

    #[test]
    fn an_airport_that_no_flight_left_is_not_in_the_report() {
        let csv = "date,delay,distance,origin,destination\n,,954,SEA,LAX\n,15,954,LAX,SEA\n";
        let expected = json!({
            "flights": 1, "dropped": 1, "late": 1, "routes": 1,
            "airports": [{
                "origin": "LAX", "flights": 1, "late": 1, "destinations": 1, "miles": 954,
                "delay_minutes": 15, "p90_delay_minutes": 15,
            }],
        });
        assert_eq!(answer(json!({ "csv": csv })), Ok(expected));
        let empty = json!({ "flights": 0, "dropped": 0, "late": 0, "routes": 0, "airports": [] });
        assert_eq!(answer(json!({ "csv": "" })), Ok(empty));
    }

    #[test]
    fn other_events_are_refused_with_a_reason() {
        let check = |event: Value, expected: &str| {
            assert_eq!(answer(event), Err(expected.to_owned()));
        };
        let one = "the event must have one of table, csv, flights and routes";
        check(json!({}), one);
        check(json!({ "step": true }), one);
        check(json!({ "table": "flights-500", "csv": "" }), one);
        check(
            json!({ "table": "trains" }),
            "there is no table \"trains\"; the tables are flights-500, flights-2k",
        );
        check(
            json!({ "steps": true }),
            "unknown field `steps`, expected one of `step`, `table`, `csv`, `flights`, `routes`",
        );
        let flight = |origin: &str| json!({ "date": "", "delay": null, "distance": 1, "origin": origin, "destination": "LAX" });
        check(json!({ "flights": [flight("sea")] }), "\"sea\" is not the code of an airport");
        check(
            json!({ "csv": "date\nx\n" }),
            "the CSV is not a table of flights: CSV deserialize error: record 1 (line: 2, byte: 5): missing field `delay`",
        );
    }
}
