//! The task of one execution environment: its init phase, then one invocation after another.

use std::sync::Arc;
use std::time::Duration;

use kelvin_lambda::FunctionConfig;
use tokio::sync::{mpsc, oneshot};

use crate::batch::Batch;
use crate::client::{Call, Records};
use crate::clock::{nanoseconds, now_ns};
use crate::cpu::CpuLimit;
use crate::environment::{Context, Environment, Request};

/// A call that a function has accepted.
#[derive(Debug)]
pub(crate) struct Job {
    /// Of the first request.
    pub id: String,
    pub accepted_at: u64,
    /// How long the environment cannot be used again after it.
    pub release: Duration,
    pub call: Call,
}

impl Job {
    pub(crate) fn accept(call: Call) -> Job {
        Job { id: request_id(), accepted_at: now_ns(), release: Duration::ZERO, call }
    }
}

fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// What an environment is told.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a box would be an allocation in the timed path")]
pub(crate) enum Work {
    Invoke(Job),
    /// That nobody waits for it, after its init phase: to freeze.
    Rest,
    /// To end for good, after the invocation under way and in the midst of a loop. An init phase under way is given up.
    End,
}

/// What an environment tells.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// It waits for work: its init phase is over, or an invocation.
    Ready(u64),
    /// Its process and its folders are gone.
    Ended(u64),
}

/// Runs the environment until it is told to end, or nobody can tell it anything any more.
pub(crate) async fn run(
    mut environment: Environment,
    config: Arc<FunctionConfig>,
    context: Context,
    mut work: mpsc::UnboundedReceiver<Work>,
    events: mpsc::UnboundedSender<Event>,
) {
    let id = environment.id;
    let farewell = Farewell { id, events: events.clone() };
    let working = context.spin.work(id);
    let initialized = tokio::select! {
        biased;
        // Before it is ready it is told nothing but to end.
        _ = work.recv() => false,
        () = environment.initialize(&config) => true,
    };
    drop(working);
    if initialized {
        // Whoever would hear it may be gone, and this environment ends with its channel then.
        events.send(Event::Ready(id)).ok();
        serve(&mut environment, &config, &context, &mut work, &events).await;
    }
    environment.end().await;
    drop(farewell);
}

/// Tells that an environment has ended when it is dropped, also by a panic: its function would wait for it for ever.
struct Farewell {
    id: u64,
    events: mpsc::UnboundedSender<Event>,
}

impl Drop for Farewell {
    fn drop(&mut self) {
        self.events.send(Event::Ended(self.id)).ok();
    }
}

/// What an environment has been told while it was busy; `None` if nobody can tell it anything any more.
type Told = Option<Work>;

/// One invocation after another, until the environment is told to end.
async fn serve(
    environment: &mut Environment,
    config: &Arc<FunctionConfig>,
    context: &Context,
    work: &mut mpsc::UnboundedReceiver<Work>,
    events: &mpsc::UnboundedSender<Event>,
) {
    let mut told: Option<Told> = None;
    loop {
        let next = match told.take() {
            Some(told) => told,
            None => tokio::select! {
                biased;
                next = work.recv() => next,
                () = environment.idle() => continue,
            },
        };
        let job = match next {
            Some(Work::Invoke(job)) => job,
            Some(Work::Rest) => {
                environment.rest();
                continue;
            }
            Some(Work::End) | None => return,
        };
        let release = job.release;
        let Done { to, batch, told: meanwhile } =
            carry_out(environment, config, context, job, work).await;
        told = meanwhile;
        let records = Ok(batch.into_records());
        // A caller who has stopped waiting needs no records.
        if release.is_zero() || told.is_some() {
            // Before the caller, whose next request must find this environment ready.
            events.send(Event::Ready(environment.id)).ok();
            to.send(records).ok();
        } else {
            to.send(records).ok();
            told = environment.wait_until(environment.ready_at + nanoseconds(release), work).await;
            events.send(Event::Ready(environment.id)).ok();
        }
    }
}

/// A call that has been carried out.
struct Done {
    to: oneshot::Sender<Records>,
    batch: Batch,
    /// What the environment was told meanwhile.
    told: Option<Told>,
}

/// One invocation after another, until the batch is full, the caller has stopped waiting, or the environment must end.
async fn carry_out(
    environment: &mut Environment,
    config: &Arc<FunctionConfig>,
    context: &Context,
    job: Job,
    work: &mut mpsc::UnboundedReceiver<Work>,
) -> Done {
    let Job { id, accepted_at, mut call, .. } = job;
    let mut moments =
        Moments { id, sent_at: call.sent_at_ns, intended_at: call.intended_at_ns, accepted_at };
    let mut in_flight = call.in_flight.take();
    let mut answered = Some(call.answered);
    let mut batch = Batch::new(call.invocations);
    let mut told = None;
    for number in 0.. {
        let due = environment.gap_ends(call.gaps.nth(number));
        if due > now_ns() {
            // Nobody waits for anything meanwhile: the thread and the cores sleep as ever.
            drop(in_flight.take());
            let waited = tokio::select! {
                biased;
                () = call.done.closed() => None,
                told = environment.wait_until(due, work) => Some(told),
            };
            match waited {
                Some(None) => {}
                // The caller has stopped waiting, or the environment must end: what was not begun is not made.
                None => break,
                Some(meanwhile) => {
                    told = meanwhile;
                    break;
                }
            }
            in_flight = Some(context.spin.begin());
            environment.poll_until(due).await;
        }
        if number > 0 || moments.sent_at < due {
            // The caller does nothing else, and nobody stands between it and the environment.
            moments = Moments::now();
        }
        let next_follows = batch.has_room_for_two() && call.gaps.nth(number + 1).is_zero();
        let last = !batch.has_room_for_two();
        let Moments { id, sent_at, intended_at, accepted_at } = moments.take();
        let request = Request {
            id,
            config,
            invoke: &call.request,
            sent_at,
            intended_at,
            accepted_at,
            throttled: context.limits.cpu == CpuLimit::Tick,
            next_follows,
            answered: answered.take(),
        };
        let working = context.spin.serve(environment.id);
        batch.push(environment.invoke(request).await);
        drop(working);
        if last {
            break;
        }
        if call.done.is_closed() || !work.is_empty() || work.is_closed() {
            environment.rest();
            break;
        }
    }
    Done { to: call.done, batch, told }
}

/// Of one request.
struct Moments {
    id: String,
    sent_at: u64,
    intended_at: Option<u64>,
    accepted_at: u64,
}

impl Moments {
    /// It is sent now, and taken at once.
    fn now() -> Moments {
        let id = request_id();
        let now = now_ns();
        Moments { id, sent_at: now, intended_at: None, accepted_at: now }
    }

    fn take(&mut self) -> Moments {
        Moments { id: std::mem::take(&mut self.id), ..*self }
    }
}
