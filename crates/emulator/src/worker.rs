//! The task of one execution environment: its init phase, then one invocation after another.

use std::sync::Arc;

use kelvin_lambda::FunctionConfig;
use tokio::sync::{mpsc, oneshot};

use crate::batch::Batch;
use crate::client::Records;
use crate::clock::{nanoseconds, now_ns};
use crate::environment::{Context, Environment};
use crate::request::{Release, Request};

/// What an environment is told.
#[derive(Debug)]
pub(crate) enum Work {
    Invoke(Request),
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
        let request = match next {
            Some(Work::Invoke(request)) => request,
            Some(Work::Rest) => {
                environment.rest();
                continue;
            }
            Some(Work::End) | None => return,
        };
        let release = request.release;
        let Done { to, batch, told: meanwhile } =
            carry_out(environment, config, context, request, work).await;
        told = meanwhile;
        // A caller who has stopped waiting needs no records.
        let records = Ok(batch.into_records());
        match release {
            Release::After(delay) if told.is_none() => {
                to.send(records).ok();
                let due = environment.ready_at + nanoseconds(delay);
                told = environment.wait_until(due, work).await;
                events.send(Event::Ready(environment.id)).ok();
            }
            _ => {
                // Before the caller, whose next request must find this environment ready.
                events.send(Event::Ready(environment.id)).ok();
                to.send(records).ok();
            }
        }
    }
}

/// A request that has been carried out.
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
    mut request: Request,
    work: &mut mpsc::UnboundedReceiver<Work>,
) -> Done {
    let mut in_flight = request.in_flight.take();
    let mut batch = Batch::new(request.invocations);
    let mut told = None;
    for number in 0.. {
        let due = environment.gap_ends(request.gaps.nth(number));
        if due > now_ns() {
            // Nobody waits for anything meanwhile: the thread and the cores sleep as ever.
            drop(in_flight.take());
            let waited = tokio::select! {
                biased;
                () = request.done.closed() => None,
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
        if number > 0 || request.sent_at < due {
            request.send_next();
        }
        let last = !batch.has_room_for_two();
        let next_follows = !last && request.gaps.nth(number + 1).is_zero();
        let working = context.spin.serve(environment.id);
        batch.push(environment.invoke(&mut request, config, next_follows).await);
        drop(working);
        if last {
            break;
        }
        if request.done.is_closed() || !work.is_empty() || work.is_closed() {
            environment.rest();
            break;
        }
    }
    Done { to: request.done, batch, told }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_function_hears_of_the_end_of_a_worker_that_panics() {
        let (events, mut heard) = mpsc::unbounded_channel();
        let panicked = tokio::spawn(async move {
            let _farewell = Farewell { id: 7, events };
            panic!("on demand");
        });
        assert!(panicked.await.is_err());
        assert!(matches!(heard.recv().await, Some(Event::Ended(7))));
    }
}
