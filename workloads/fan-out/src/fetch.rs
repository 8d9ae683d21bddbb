//! Getting all resources, a few at a time.

use std::sync::Arc;
use std::time::Duration;

use kelvin_workload::WorkloadError;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::backoff::Backoff;
use crate::client::{Client, Failure};
use crate::upstream::Upstream;
use crate::{Body, Event};

/// What came.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// In the order of the resources.
    pub(crate) bodies: Vec<Body>,
    pub(crate) retries: u32,
}

/// Gets all resources of an event that was validated. The first that cannot be had ends it, and so does the timeout; what
/// is under way then is given up.
pub(crate) async fn fetch_all(
    client: &Client,
    upstream: &Upstream,
    event: &Event,
    request_id: &str,
) -> Result<Fetched, WorkloadError> {
    let fetched =
        timeout(event.timeout(), fetch_some_at_a_time(client, upstream, event, request_id));
    fetched.await.unwrap_or_else(|elapsed| {
        let message =
            format!("{} resources did not come within {} ms", event.resources, event.timeout_ms);
        Err(WorkloadError::service_failed(message, elapsed))
    })
}

async fn fetch_some_at_a_time(
    client: &Client,
    upstream: &Upstream,
    event: &Event,
    request_id: &str,
) -> Result<Fetched, WorkloadError> {
    let request_id: Arc<str> = request_id.into();
    let mut waiting = 0..event.resources;
    let mut under_way = JoinSet::new();
    let mut bodies = Vec::new();
    let mut retries = 0;
    for resource in waiting.by_ref().take(event.concurrency as usize) {
        under_way.spawn(Fetch::of(resource, client, upstream, event, &request_id).run());
    }
    while let Some(fetched) = under_way.join_next().await {
        let fetched =
            fetched.map_err(|error| WorkloadError::work_failed("a task failed", error))?;
        let (resource, body, tried_again) = fetched?;
        if let Some(next) = waiting.next() {
            under_way.spawn(Fetch::of(next, client, upstream, event, &request_id).run());
        }
        bodies.push((resource, body));
        retries += tried_again;
    }
    bodies.sort_unstable_by_key(|(resource, _)| *resource);
    Ok(Fetched { bodies: bodies.into_iter().map(|(_, body)| body).collect(), retries })
}

/// Getting one resource.
struct Fetch {
    resource: u32,
    client: Client,
    url: String,
    timeout: Duration,
    timeout_ms: u32,
    request_id: Arc<str>,
}

impl Fetch {
    fn of(
        resource: u32,
        client: &Client,
        upstream: &Upstream,
        event: &Event,
        request_id: &Arc<str>,
    ) -> Fetch {
        Fetch {
            resource,
            client: client.clone(),
            url: upstream.resource(event.items + resource),
            timeout: event.request_timeout(),
            timeout_ms: event.request_timeout_ms,
            request_id: Arc::clone(request_id),
        }
    }

    /// The body of the resource, and how many requests had to be sent again.
    async fn run(self) -> Result<(u32, Body, u32), WorkloadError> {
        let mut backoff = Backoff::new(&self.request_id, self.resource);
        loop {
            let failure = match self.attempt().await {
                Ok(body) => return Ok((self.resource, body, backoff.retries())),
                Err(failure) => failure,
            };
            let pause = if failure.may_pass() { backoff.next() } else { None };
            let Some(pause) = pause else {
                let attempts = backoff.retries() + 1;
                let message = format!("could not get {} (attempt {attempts})", self.url);
                return Err(WorkloadError::service_failed(message, failure));
            };
            sleep(pause).await;
        }
    }

    async fn attempt(&self) -> Result<Body, Failure> {
        let answer = timeout(self.timeout, self.client.get(&self.url)).await;
        answer.unwrap_or(Err(Failure::Slow { timeout_ms: self.timeout_ms }))
    }
}
