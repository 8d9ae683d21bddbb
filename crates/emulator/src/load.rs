//! A load: many requests to one function, by a schedule or from clients that wait for their responses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kelvin_lambda::Invocation;
use kelvin_load::Pacer;
use kelvin_platform::{InvokeRequest, LoadEnd, LoadPlan, LoadShape, PlatformError};
use tokio::sync::mpsc;

use crate::client::{BATCH_BYTES, BATCH_INVOCATIONS, Commands, send};
use crate::clock::now_ns;
use crate::spin::Spin;

/// How long a client of a closed loop waits at most for the environment to be ready, once it has the response.
///
/// Between a response and the next request of the same client lie, on AWS, the way back and the way there, in which a
/// runtime that has nothing left to do asks for its next event. Without this every loop would need a second environment.
const AWAY: Duration = Duration::from_millis(1);

/// What reaches whoever asked for the load.
pub(crate) type Results = mpsc::UnboundedSender<Result<Vec<Invocation>, PlatformError>>;

/// Each request sends its record here.
type Records = mpsc::UnboundedSender<Result<Invocation, PlatformError>>;

/// Puts the function under load until the plan is carried out, or until nobody wants the results any more.
pub(crate) async fn run(function: Commands, plan: LoadPlan, spin: Spin, results: Results) {
    let (records, inbox) = mpsc::unbounded_channel();
    let collecting = tokio::spawn(collect(inbox, results.clone()));
    let requests: Arc<[InvokeRequest]> = plan.requests.into();
    match plan.shape {
        LoadShape::Open(schedule) => {
            open(&function, &requests, schedule, &spin, records, &results).await;
        }
        LoadShape::Closed { clients, until } => {
            closed(&function, &requests, clients, until, &spin, records, &results).await;
        }
    }
    collecting.await.ok();
}

/// Sends each request when it is due, whatever has become of those before.
async fn open(
    function: &Commands,
    requests: &Arc<[InvokeRequest]>,
    schedule: Arc<[u64]>,
    spin: &Spin,
    records: Records,
    results: &Results,
) {
    let start_ns = now_ns();
    let mut pacer = Pacer::new(Instant::now(), schedule);
    while let Some(due) = pacer.next(|| spin.has_a_core()).await {
        if results.is_closed() {
            return;
        }
        let request = requests[due.index % requests.len()].clone();
        let intended_at_ns = start_ns + due.intended_ns;
        let in_flight = spin.begin();
        let sent = send(function, request, Some(intended_at_ns));
        let records = records.clone();
        tokio::spawn(async move {
            in_flight.count();
            let record = match sent {
                Ok(sent) => sent.answered().await.complete().await,
                Err(error) => Err(error),
            };
            records.send(record).ok();
        });
    }
}

/// Lets clients send one request after another, each when it has the response to the one before.
async fn closed(
    function: &Commands,
    requests: &Arc<[InvokeRequest]>,
    clients: u32,
    until: LoadEnd,
    spin: &Spin,
    records: Records,
    results: &Results,
) {
    let start = Instant::now();
    let sent = Arc::new(AtomicU64::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..clients {
        let (function, requests, spin) = (function.clone(), Arc::clone(requests), spin.clone());
        let (sent, records, results) = (Arc::clone(&sent), records.clone(), results.clone());
        tasks.spawn(async move {
            loop {
                let over = match until {
                    LoadEnd::Invocations(_) => false,
                    LoadEnd::Elapsed(duration) => start.elapsed() >= duration,
                };
                if over || results.is_closed() {
                    return;
                }
                let number = sent.fetch_add(1, Ordering::Relaxed);
                if matches!(until, LoadEnd::Invocations(all) if number >= all) {
                    return;
                }
                let index = usize::try_from(number).unwrap_or(usize::MAX) % requests.len();
                if !client_once(&function, requests[index].clone(), &spin, &records).await {
                    return;
                }
            }
        });
    }
    drop(records);
    while tasks.join_next().await.is_some() {}
}

/// One request of a client; `false` if there can be no other.
async fn client_once(
    function: &Commands,
    request: InvokeRequest,
    spin: &Spin,
    records: &Records,
) -> bool {
    let in_flight = spin.begin();
    in_flight.count();
    let mut answered = match send(function, request, None) {
        Ok(sent) => sent.answered().await,
        Err(error) => {
            records.send(Err(error)).ok();
            return false;
        }
    };
    match tokio::time::timeout(AWAY, answered.ready()).await {
        Ok(record) => {
            let goes_on = record.is_ok();
            records.send(record).ok();
            goes_on
        }
        // What the environment still does is not the client's business.
        Err(_) => {
            let records = records.clone();
            tokio::spawn(async move {
                let record = answered.complete().await;
                drop(in_flight);
                records.send(record).ok();
            });
            true
        }
    }
}

/// Hands on what has been collected, as often as there is something, in batches of bounded size.
async fn collect(
    mut records: mpsc::UnboundedReceiver<Result<Invocation, PlatformError>>,
    results: Results,
) {
    while let Some(first) = records.recv().await {
        let mut batch = Vec::new();
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(record) = next {
            match record {
                Ok(invocation) => {
                    bytes += invocation.response.len();
                    batch.push(invocation);
                }
                Err(error) => {
                    results.send(Ok(batch)).ok();
                    results.send(Err(error)).ok();
                    return;
                }
            }
            let full = batch.len() as u64 >= BATCH_INVOCATIONS || bytes >= BATCH_BYTES;
            next = if full { None } else { records.try_recv().ok() };
        }
        results.send(Ok(batch)).ok();
    }
}
