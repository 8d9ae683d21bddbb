//! A load: many requests to one function, by a schedule or from clients that wait for their responses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kelvin_lambda::Invocation;
use kelvin_load::{Pacer, Timer};
use kelvin_platform::{Gap, Gaps, InvokeRequest, LoadEnd, LoadPlan, LoadShape, PlatformError};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::batch::{BATCH_BYTES, BATCH_INVOCATIONS};
use crate::client::{Callee, Records};
use crate::clock::now_ns;
use crate::frame::Frame;
use crate::request::{Release, Request, answered};
use crate::spin::Spin;

/// How long a client of a closed loop without a gap waits at most for the environment to be ready, once it has the response.
///
/// A runtime that has nothing left to do asks for its next event meanwhile. Without this every loop would need a second
/// environment.
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
        LoadShape::Closed { clients, until, gaps } => {
            let (start, sent) = (Instant::now(), Arc::new(AtomicU64::new(0)));
            let (function, spin) = (function.clone(), spin.clone());
            let closed = Closed { function, requests, until, gaps, start, sent, spin, records };
            closed.run(clients).await;
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
                let intended_at = Some(start_ns + due.intended_ns);
                let (request, mut records) =
                    Request::of_load(request, Release::Delayed, intended_at, spin);
                let (sent, function) = (function.send(request), function.clone());
                under_way.spawn(async move {
                    sent?;
                    function.complete(&mut records).await
                });
            }
            Some(record) = under_way.join_next() => hand_on(record, records),
        }
    }
}

/// A request of a client, under way.
struct Sent {
    frames: mpsc::UnboundedReceiver<Frame>,
    records: oneshot::Receiver<Records>,
}

/// A closed loop, as each of its clients has it.
#[derive(Clone, Debug)]
struct Closed {
    function: Callee,
    requests: Arc<[InvokeRequest]>,
    until: LoadEnd,
    gaps: Gaps,
    start: Instant,
    /// Requests of all clients.
    sent: Arc<AtomicU64>,
    spin: Spin,
    records: RecordsTo,
}

impl Closed {
    /// Lets clients send one request after another, each when it has the response to the one before and its gap has passed.
    async fn run(self, clients: u32) {
        let mut tasks = JoinSet::new();
        for _ in 0..clients {
            tasks.spawn(self.clone().one_client());
        }
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap_or_else(propagate);
        }
    }

    async fn one_client(self) {
        let mut timer = Timer::default();
        loop {
            if matches!(self.until, LoadEnd::Elapsed(time) if self.start.elapsed() >= time) {
                return;
            }
            let number = self.sent.fetch_add(1, Ordering::Relaxed);
            if matches!(self.until, LoadEnd::Invocations(all) if number >= all) {
                return;
            }
            let index = usize::try_from(number).unwrap_or(usize::MAX) % self.requests.len();
            let request = self.requests[index].clone();
            let goes_on = match self.gaps.gap {
                Gap::None => self.at_once(request).await,
                _ => self.after_a_gap(request, self.gaps.nth(number), &mut timer).await,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// One request, and the gap before the next one; `false` if there can be no other.
    async fn after_a_gap(&self, request: InvokeRequest, gap: Duration, timer: &mut Timer) -> bool {
        let Some(Sent { frames, records }) = self.send(request, Release::Delayed) else {
            return false;
        };
        answered(frames).await;
        let next = Instant::now() + gap;
        self.leave(records);
        timer.until(next).await;
        true
    }

    /// One request, and the next one as soon as the environment is ready for it; `false` if there can be no other.
    async fn at_once(&self, request: InvokeRequest) -> bool {
        let Some(Sent { frames, mut records }) = self.send(request, Release::AtOnce) else {
            return false;
        };
        answered(frames).await;
        let ready = self.function.complete(&mut records);
        match tokio::time::timeout(AWAY * self.spin.crowd(), ready).await {
            Ok(record) => {
                let goes_on = record.is_ok();
                self.records.send(record).ok();
                goes_on
            }
            Err(_) => {
                self.leave(records);
                true
            }
        }
    }

    /// Sends one request; `None` where that is not possible, which ends the load.
    fn send(&self, invoke: InvokeRequest, release: Release) -> Option<Sent> {
        let (mut request, records) = Request::of_load(invoke, release, None, &self.spin);
        let frames = request.frames();
        match self.function.send(request) {
            Ok(()) => Some(Sent { frames, records }),
            Err(error) => {
                self.records.send(Err(error)).ok();
                None
            }
        }
    }

    /// What the environment still does is not the client's business.
    fn leave(&self, mut records: oneshot::Receiver<Records>) {
        let (function, records_to) = (self.function.clone(), self.records.clone());
        tokio::spawn(async move {
            records_to.send(function.complete(&mut records).await).ok();
        });
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
