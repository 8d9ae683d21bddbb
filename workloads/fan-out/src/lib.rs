//! The workload `fan-out`: asks an HTTP service for many resources, a few at a time, and adds up what they say.
//!
//! The service is Kelvin's HTTP upstream, whose answers follow from their paths, or another that answers by the same
//! rule: `/json/N` has N items and the sum of their squares.
//! The client is [`Prepared`], so that making it, which for HTTPS means reading all root certificates, can be moved.
//! What is waited for and what is computed are apart: first all bodies come, then [`Aggregation`] works on them.
//! What the client itself computes meanwhile, such as encryption, counts as waiting.

mod aggregation;
mod backoff;
mod client;
mod event;
mod fetch;
mod rule;
mod upstream;

use kelvin_workload::{
    Answer, Case, InitContext, InvokeContext, Prepared, Workload, WorkloadError,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::Client;
use crate::fetch::fetch_all;
use crate::upstream::Upstream;

pub use aggregation::{Aggregation, Bodies, Body, Total};
pub use event::Event;

/// The environment variable that says where the service is: `http://127.0.0.1:49152`. Kelvin's scenarios set it.
pub const UPSTREAM_VARIABLE: &str = "KELVIN_HTTP_UPSTREAM";

/// Asks for resources.
#[derive(Debug)]
pub struct FanOut {
    client: Prepared<Client>,
    /// What the environment says; an event can say otherwise.
    upstream: Option<Upstream>,
}

/// What the resources say together, and what it took to get them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// What they say.
    #[serde(flatten)]
    pub total: Total,
    /// How many requests had to be sent again.
    pub retries: u32,
}

impl Workload for FanOut {
    const NAME: &'static str = "fan-out";
    type Event = Event;
    type Response = Response;

    async fn init(ctx: &InitContext) -> Result<FanOut, WorkloadError> {
        let upstream = ctx.var(UPSTREAM_VARIABLE).map(|url| Upstream::parse(&url)).transpose();
        let upstream = upstream.map_err(|error| {
            WorkloadError::init_failed(format!("could not use {UPSTREAM_VARIABLE}"), error)
        })?;
        Ok(FanOut { client: Prepared::new(Client::new), upstream })
    }

    async fn prepare(&self) -> Result<(), WorkloadError> {
        self.client.get().map(drop)
    }

    async fn handle(&self, event: Event, ctx: &InvokeContext) -> Result<Response, WorkloadError> {
        event.validate()?;
        let upstream = match &event.upstream {
            Some(url) => Upstream::parse(url).map_err(|error| {
                WorkloadError::invalid_event(format!("upstream cannot be used: {error}"))
            })?,
            None => self.upstream.clone().ok_or_else(no_upstream)?,
        };
        let client = self.client.get()?;
        let fetched = ctx.io(fetch_all(client, &upstream, &event, ctx.request_id())).await?;
        let bodies = Bodies { items: event.items, bodies: fetched.bodies };
        Ok(Response { total: bodies.total()?, retries: fetched.retries })
    }

    fn cases() -> Vec<Case<Event>> {
        let case = |name, concurrency| {
            // As long as the slowest upstream and the smallest memory size may take.
            let timeouts = (5_000, 20_000);
            let event = Event::new(RESOURCES, ITEMS, concurrency).with_timeouts_ms(timeouts);
            Case::new(name, event, Answer::Check(check))
        };
        vec![case("concurrency-4", 4), case("concurrency-1", 1), case("concurrency-16", 16)]
    }
}

/// Of every case.
const RESOURCES: u32 = 32;
const ITEMS: u32 = 200;

/// Whether a response to a case is right by the rule of the upstream; how many retries it took does not matter.
fn check(response: &Value) -> Result<(), String> {
    let got = Response::deserialize(response)
        .map_err(|error| format!("expected another response: {error}"))?;
    let expected = rule::total(RESOURCES, ITEMS);
    if got.total == expected {
        return Ok(());
    }
    Err(format!("expected {expected:?}, got {:?}", got.total))
}

fn no_upstream() -> WorkloadError {
    WorkloadError::invalid_event(format!(
        "there is no upstream: set {UPSTREAM_VARIABLE} (in a scenario: service(\"http\")) or give `upstream`"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn wrong_answers_are_refused_with_a_reason() {
        let reason = |response: Value| check(&response).err().unwrap_or_default();
        let right = rule::total(RESOURCES, ITEMS);
        let right = |retries: u32| json!({ "resources": right.resources, "items": right.items, "sum": right.sum, "retries": retries });
        assert_eq!(reason(right(0)), "");
        assert_eq!(reason(right(7)), "");
        let mut wrong = right(0);
        wrong["sum"] = json!(1);
        assert_eq!(
            reason(wrong),
            "expected Total { resources: 32, items: 6896, sum: 106595280 }, got Total { resources: 32, items: 6896, sum: 1 }"
        );
        assert!(reason(Value::Null).starts_with("expected another response: "));
    }
}
