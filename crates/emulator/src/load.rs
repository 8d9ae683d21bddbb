//! A load: many requests to one function, by a schedule or from clients that wait for their responses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kelvin_lambda::Invocation;
use kelvin_load::Pacer;
use kelvin_platform::{InvokeRequest, LoadEnd, LoadPlan, LoadShape, PlatformError};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::batch::{BATCH_BYTES, BATCH_INVOCATIONS};
use crate::client::{Callee, Records};
use crate::clock::now_ns;
use crate::spin::Spin;

/// How long a client of a closed loop waits at most for the environment to be ready, once it has the response.
///
/// Between a response and the next request of the same client lie, on AWS, the way back and the way there, in which a
/// runtime that has nothing left to do asks for its next event. Without this every loop would need a second environment.
/// Where environments share a core, each takes as many times longer.
const AWAY: Duration = Duration::from_millis(1);

/// A record waits for others at most so long: each batch wakes another thread, which takes time from what is measured.
const PATIENCE: Duration = Duration::from_millis(200);

/// Each request sends its record here.
type RecordsTo = mpsc::UnboundedSender<Records>;

/// To whoever asked for the load.
#[derive(Debug)]
pub(crate) struct Results {
    /// Closed by whoever does not want to know any more: the load ends then.
    pub batches: mpsc::UnboundedSender<Result<Vec<Invocation>, PlatformError>>,
    /// Told after the last batch that it was.
    pub done: oneshot::Sender<()>,
}

/// Why a load cannot be carried out.
pub(crate) fn check(plan: &LoadPlan) -> Result<(), PlatformError> {
    let why = match &plan.shape {
        _ if plan.requests.is_empty() => "there is nothing to send: give it at least one event",
        LoadShape::Open(schedule) if !schedule.is_sorted() => {
            "its moments are not in ascending order"
        }
        LoadShape::Closed { clients: 0, .. } => "it has no clients: give it at least one",
        _ => return Ok(()),
    };
    Err(PlatformError::InvalidLoad { why })
}

/// Puts the function under load until the plan is carried out, or until nobody wants the results any more.
pub(crate) async fn run(function: Callee, plan: LoadPlan, spin: Spin, results: Results) {
    let Results { batches, done } = results;
    let (records, inbox) = mpsc::unbounded_channel();
    let collecting = tokio::spawn(collect(inbox, batches.clone()));
    let sending = send_all(&function, plan, &spin, records);
    tokio::select! {
        biased;
        // Requests that are under way are given up; those that stand in line need not be served.
        () = batches.closed() => return,
        () = sending => {}
    }
    collecting.await.ok();
    drop(batches);
    done.send(()).ok();
}

async fn send_all(function: &Callee, plan: LoadPlan, spin: &Spin, records: RecordsTo) {
    let requests: Arc<[InvokeRequest]> = plan.requests.into();
    match plan.shape {
        LoadShape::Open(schedule) => open(function, &requests, schedule, spin, &records).await,
        LoadShape::Closed { clients, until } => {
            closed(function, &requests, clients, until, spin, &records).await;
        }
    }
}

/// Sends each request when it is due, whatever has become of those before.
async fn open(
    function: &Callee,
    requests: &[InvokeRequest],
    schedule: Arc<[u64]>,
    spin: &Spin,
    records: &RecordsTo,
) {
    let start_ns = now_ns();
    let mut pacer = Pacer::new(Instant::now(), schedule);
    let mut under_way = JoinSet::new();
    let mut all_sent = false;
    while !all_sent || !under_way.is_empty() {
        tokio::select! {
            biased;
            due = pacer.next(|| spin.has_a_core()), if !all_sent => {
                let Some(due) = due else {
                    all_sent = true;
                    continue;
                };
                let request = requests[due.index % requests.len()].clone();
                let sent = function.send(request, 1, Some(start_ns + due.intended_ns), spin);
                under_way.spawn(async move { sent?.complete().await });
            }
            Some(record) = under_way.join_next() => hand_on(record, records),
        }
    }
}

/// Lets clients send one request after another, each when it has the response to the one before.
async fn closed(
    function: &Callee,
    requests: &Arc<[InvokeRequest]>,
    clients: u32,
    until: LoadEnd,
    spin: &Spin,
    records: &RecordsTo,
) {
    let start = Instant::now();
    let sent = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let (function, requests, spin) = (function.clone(), Arc::clone(requests), spin.clone());
        let (sent, records) = (Arc::clone(&sent), records.clone());
        tasks.spawn(async move {
            loop {
                if matches!(until, LoadEnd::Elapsed(duration) if start.elapsed() >= duration) {
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
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap_or_else(propagate);
    }
}

/// One request of a client; `false` if there can be no other.
async fn client_once(
    function: &Callee,
    request: InvokeRequest,
    spin: &Spin,
    records: &RecordsTo,
) -> bool {
    let mut sent = match function.send(request, 1, None, spin) {
        Ok(sent) => sent,
        Err(error) => {
            records.send(Err(error)).ok();
            return false;
        }
    };
    sent.answered().await;
    match tokio::time::timeout(AWAY * spin.crowd(), sent.ready()).await {
        Ok(record) => {
            let goes_on = record.is_ok();
            records.send(record).ok();
            goes_on
        }
        // What the environment still does is not the client's business.
        Err(_) => {
            let records = records.clone();
            tokio::spawn(async move {
                let record = sent.complete().await;
                records.send(record).ok();
            });
            true
        }
    }
}

fn hand_on(record: Result<Records, tokio::task::JoinError>, records: &RecordsTo) {
    records.send(record.unwrap_or_else(propagate)).ok();
}

/// A task of a load is aborted only together with the load: what is left is a panic, which is a bug.
fn propagate<T>(error: tokio::task::JoinError) -> T {
    std::panic::resume_unwind(error.into_panic())
}

/// Hands on what has been collected, in batches of bounded size and age.
async fn collect(
    mut records: mpsc::UnboundedReceiver<Records>,
    batches: mpsc::UnboundedSender<Result<Vec<Invocation>, PlatformError>>,
) {
    let mut batch = Vec::new();
    let mut bytes = 0;
    let mut due = Box::pin(sleep_until(tokio::time::Instant::now()));
    loop {
        let record = tokio::select! {
            biased;
            () = &mut due, if !batch.is_empty() => None,
            record = records.recv() => Some(record),
        };
        let go_on = match record {
            Some(Some(Ok(invocations))) => {
                if batch.is_empty() {
                    due.as_mut().reset(tokio::time::Instant::now() + PATIENCE);
                }
                bytes += invocations.iter().map(|one| one.response.len()).sum::<usize>();
                batch.extend(invocations);
                if (batch.len() as u64) < BATCH_INVOCATIONS && bytes < BATCH_BYTES {
                    continue;
                }
                Ok(true)
            }
            Some(Some(Err(error))) => Err(error),
            Some(None) => Ok(false),
            None => Ok(true),
        };
        if !batch.is_empty() {
            batches.send(Ok(std::mem::take(&mut batch))).ok();
        }
        bytes = 0;
        match go_on {
            Ok(true) => {}
            Ok(false) => return,
            // The load ends with it, as nobody listens after an error.
            Err(error) => {
                batches.send(Err(error)).ok();
                return;
            }
        }
    }
}
