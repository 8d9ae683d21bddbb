//! The workload `script`: runs a user's rules over an event, as a function does whose behaviour its users may change: what
//! baskets cost, where events go.
//!
//! The rules are scripts in Rhai, run by an interpreter inside the function with limits on what they may use. Making the
//! interpreter and compiling the rules is work that can be done in INIT. Rules and inputs are inside the program
//! (`cases/README.md` has source and licence); an event can bring its own, too.

mod engine;
mod library;

use kelvin_workload::{Answer, Case, Compute, Prepared, WorkloadError};
use rhai::Dynamic;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::library::Library;

/// Runs rules.
#[derive(Debug)]
pub struct Script {
    library: Prepared<Library>,
}

/// Which rules, and over what.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// A script in Rhai. The value of its last expression is the response.
    pub rules: Rules,
    /// What the script finds in its variable `input`.
    pub input: Input,
}

/// Where rules are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rules {
    /// In the program, compiled once, by this name: `pricing` or `routing`.
    Named(String),
    /// Here; compiled in each invocation.
    Source(String),
}

/// Where an input is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// In the program, as JSON, by this name: `checkout` or `deliveries`.
    Named(String),
    /// Here.
    Given(Value),
}

impl Compute for Script {
    const NAME: &'static str = "script";
    type Event = Event;
    type Response = Value;

    fn init() -> Script {
        Script { library: Prepared::new(Library::compile) }
    }

    fn prepare(&self) -> Result<(), WorkloadError> {
        self.library.get().map(drop)
    }

    fn compute(&self, event: &Event) -> Result<Value, WorkloadError> {
        let library = self.library.get()?;
        let engine = &library.engine;
        let input = read(&event.input)?;
        let result = match &event.rules {
            Rules::Named(name) => engine::run(engine, library.rules(name)?, input),
            Rules::Source(source) => {
                let rules = engine::compile(engine, source).map_err(|error| {
                    WorkloadError::invalid_event(format!("the rules cannot be compiled: {error}"))
                })?;
                engine::run(engine, &rules, input)
            }
        };
        // The interpreter's error says all at once; its own causes would say it again.
        let result = result
            .map_err(|error| WorkloadError::work_failed("the rules failed", error.to_string()))?;
        serde_json::to_value(&result)
            .map_err(|error| WorkloadError::work_failed("the result is not JSON", error))
    }

    fn cases() -> Vec<Case<Event>> {
        let named = |rules: &str, input: &str| Event {
            rules: Rules::Named(rules.to_owned()),
            input: Input::Named(input.to_owned()),
        };
        let answer = |text| {
            Answer::Json(serde_json::from_str(text).expect("Python wrote the answer, and as JSON"))
        };
        let bytes = |name| library::input(name).map_or(0, str::len);
        let basket = include_str!("../cases/basket.input.json");
        let given = Event {
            rules: Rules::Named("pricing".to_owned()),
            input: Input::Given(serde_json::from_str(basket).expect("Python wrote it as JSON")),
        };
        vec![
            Case::new(
                "checkout",
                named("pricing", "checkout"),
                answer(include_str!("../cases/checkout.answer.json")),
            )
            .with_bytes(bytes("checkout")),
            Case::new("basket", given, answer(include_str!("../cases/basket.answer.json")))
                .with_bytes(basket.len()),
            Case::new(
                "deliveries",
                named("routing", "deliveries"),
                answer(include_str!("../cases/deliveries.answer.json")),
            )
            .with_bytes(bytes("deliveries")),
        ]
    }
}

fn read(input: &Input) -> Result<Dynamic, WorkloadError> {
    match input {
        Input::Named(name) => serde_json::from_str(library::input(name)?)
            .map_err(|error| WorkloadError::work_failed("the input is not JSON", error)),
        Input::Given(value) => rhai::serde::to_dynamic(value).map_err(|error| {
            WorkloadError::invalid_event(format!("no script can read the input: {error}"))
        }),
    }
}

#[cfg(test)]
mod tests;
