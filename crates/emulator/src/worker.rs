//! The task of one execution environment: its init phase, then one invocation after another.

use std::sync::Arc;

use bytes::Bytes;
use kelvin_lambda::{FunctionConfig, Invocation};
use kelvin_platform::{InvokeRequest, PlatformError};
use tokio::sync::{mpsc, oneshot};

use crate::cpu::CpuLimit;
use crate::environment::{Context, Environment, Request};

/// A request that a function has accepted.
#[derive(Debug)]
pub(crate) struct Job {
    pub id: String,
    pub request: InvokeRequest,
    pub accepted_at: u64,
    /// Gets the response as soon as it is there.
    pub answered: oneshot::Sender<Bytes>,
    /// Gets the record when the environment is ready for the next.
    pub done: oneshot::Sender<Result<Invocation, PlatformError>>,
}

/// What an environment is told.
#[derive(Debug)]
pub(crate) enum Work {
    Invoke(Job),
    /// That nobody waits for it, after its init phase: to freeze.
    Rest,
    /// To end for good, after the invocation under way. An init phase under way is given up.
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
    let throttled = context.limits.cpu == CpuLimit::Tick;
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
        let working = context.spin.serve();
        let Job { id: request_id, request, accepted_at, answered, done } = job;
        let request =
            Request { id: request_id, config, invoke: &request, accepted_at, throttled, answered };
        let invocation = environment.invoke(request).await.into_invocation();
        drop(working);
        // Before the caller, whose next request must find this environment ready.
        events.send(Event::Ready(environment.id)).ok();
        // Whoever asked may have stopped waiting; what was asked is done all the same.
        done.send(Ok(invocation)).ok();
    }
}
