//! The task of one execution environment: its init phase, then one invocation after another.

use std::sync::Arc;

use kelvin_lambda::FunctionConfig;
use tokio::sync::{mpsc, oneshot};

use crate::batch::Batch;
use crate::client::{Call, Records};
use crate::clock::now_ns;
use crate::cpu::CpuLimit;
use crate::environment::{Context, Environment, Request};

/// A call that a function has accepted.
#[derive(Debug)]
pub(crate) struct Job {
    /// Of the first request.
    pub id: String,
    pub accepted_at: u64,
    pub call: Call,
}

impl Job {
    pub(crate) fn accept(call: Call) -> Job {
        Job { id: request_id(), accepted_at: now_ns(), call }
    }
}

fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// What an environment is told.
#[derive(Debug)]
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
    let working = context.spin.work();
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
    events.send(Event::Ended(id)).ok();
}

/// One invocation after another, until the environment is told to end.
async fn serve(
    environment: &mut Environment,
    config: &Arc<FunctionConfig>,
    context: &Context,
    work: &mut mpsc::UnboundedReceiver<Work>,
    events: &mpsc::UnboundedSender<Event>,
) {
    loop {
        let next = tokio::select! {
            biased;
            next = work.recv() => next,
            () = environment.idle() => continue,
        };
        let job = match next {
            Some(Work::Invoke(job)) => job,
            Some(Work::Rest) => {
                environment.rest();
                continue;
            }
            Some(Work::End) | None => return,
        };
        let done =
            carry_out(environment, config, context, job, || !work.is_empty() || work.is_closed());
        let done = done.await;
        // Before the caller, whose next request must find this environment ready.
        events.send(Event::Ready(environment.id)).ok();
        // Whoever asked may have stopped waiting; what was asked is done all the same.
        done.to.send(Ok(done.batch.into_records())).ok();
    }
}

/// A call that has been carried out.
struct Done {
    to: oneshot::Sender<Records>,
    batch: Batch,
}

/// One invocation after another, until the batch is full, the caller has stopped waiting, or the environment `must_end`.
async fn carry_out(
    environment: &mut Environment,
    config: &Arc<FunctionConfig>,
    context: &Context,
    job: Job,
    must_end: impl Fn() -> bool,
) -> Done {
    let Job { mut id, mut accepted_at, call } = job;
    let (mut sent_at, mut intended_at) = (call.sent_at_ns, call.intended_at_ns);
    let mut answered = Some(call.answered);
    let mut batch = Batch::new(call.invocations);
    loop {
        let next_follows = batch.has_room_for_two();
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
        let working = context.spin.serve();
        batch.push(environment.invoke(request).await);
        drop(working);
        if !next_follows {
            break;
        }
        if call.done.is_closed() || must_end() {
            environment.rest();
            break;
        }
        id = request_id();
        sent_at = now_ns();
        // The caller does nothing else, and nobody stands between it and the environment.
        (accepted_at, intended_at) = (sent_at, None);
    }
    Done { to: call.done, batch }
}
