//! The owner of one function: a task that holds all of its state.
//!
//! Requests take an idle environment, the one used last first. Where there is none, another is started and the request
//! stands in line: it gets whichever environment is ready first, a new one or one that was busy ("late binding"). A new
//! environment that finds nobody in line stays, initialized.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use kelvin_lambda::{
    FunctionConfig, FunctionError, Invocation, MAX_REQUEST_BYTES, Start, Status, ThrottleReason,
    Timing,
};
use kelvin_platform::{ConfigChange, FunctionSpec, InvokeRequest, PlatformError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Sleep, sleep_until};
use uuid::Uuid;

use crate::clock::now_ns;
use crate::environment::{Context, Environment};
use crate::scaling::{Concurrency, ScalingRate};
use crate::worker::{self, Event, Job, Work};

/// What can be asked of a function.
#[derive(Debug)]
pub(crate) enum Command {
    Invoke {
        request: InvokeRequest,
        answered: oneshot::Sender<Bytes>,
        done: oneshot::Sender<Result<Invocation, PlatformError>>,
    },
    Configure {
        change: ConfigChange,
        done: oneshot::Sender<Result<(), PlatformError>>,
    },
    Recycle {
        done: oneshot::Sender<Result<(), PlatformError>>,
    },
    Remove {
        done: oneshot::Sender<Result<(), PlatformError>>,
    },
}

/// A deployed function with its execution environments.
#[derive(Debug)]
pub(crate) struct Function {
    config: Arc<FunctionConfig>,
    bootstrap: PathBuf,
    context: Context,
    environments: HashMap<u64, Worker>,
    /// Those that wait for a request; the one used last is at the end.
    idle: Vec<Idle>,
    /// Requests for which there was no environment, in the order in which they came.
    waiting: VecDeque<Job>,
    concurrency: Concurrency,
    rate: ScalingRate,
    chance: fastrand::Rng,
    /// Due no later than the first idle environment expires.
    expiry: Option<Pin<Box<Sleep>>>,
    events: mpsc::UnboundedReceiver<Event>,
    events_to: mpsc::UnboundedSender<Event>,
}

/// An environment as its function sees it; it ends when this is dropped.
#[derive(Debug)]
struct Worker {
    work: mpsc::UnboundedSender<Work>,
    busy: bool,
}

/// An environment that nobody uses.
#[derive(Debug)]
struct Idle {
    id: u64,
    expires_at: Option<Instant>,
}

impl Function {
    pub(crate) fn new(spec: FunctionSpec, context: Context, number: u32) -> Function {
        let FunctionSpec { config, bootstrap } = spec;
        let (events_to, events) = mpsc::unbounded_channel();
        let scaling = context.scaling;
        Function {
            concurrency: Concurrency::new(config.reserved_concurrency),
            rate: ScalingRate::new(&scaling, std::time::Instant::now()),
            // Each function draws its own sequence, whatever the others do.
            chance: fastrand::Rng::with_seed(scaling.seed ^ (u64::from(number) << 32)),
            config: Arc::new(config),
            bootstrap,
            context,
            environments: HashMap::new(),
            idle: Vec::new(),
            waiting: VecDeque::new(),
            expiry: None,
            events,
            events_to,
        }
    }

    /// Carries out commands one after another until it is removed or nobody can ask any more.
    pub(crate) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        loop {
            let command = tokio::select! {
                biased;
                Some(event) = self.events.recv() => {
                    self.note(event);
                    continue;
                }
                command = commands.recv() => command,
                () = due(&mut self.expiry) => {
                    self.expire();
                    continue;
                }
            };
            // Whoever asked may have stopped waiting; what was asked is done all the same.
            match command {
                None => break,
                Some(Command::Invoke { request, answered, done }) => {
                    self.accept(request, answered, done);
                }
                Some(Command::Configure { change, done }) => {
                    done.send(self.configure(change).await).ok();
                }
                Some(Command::Recycle { done }) => {
                    self.recycle().await;
                    done.send(Ok(())).ok();
                }
                Some(Command::Remove { done }) => {
                    self.end_environments().await;
                    done.send(Ok(())).ok();
                    break;
                }
            }
        }
        self.concurrency.end_all(&self.context.account);
        self.context.account.give_back(self.config.reserved_concurrency.unwrap_or(0));
    }

    /// Gives a request to an environment, or puts it in line for one, or refuses it.
    fn accept(
        &mut self,
        request: InvokeRequest,
        answered: oneshot::Sender<Bytes>,
        done: oneshot::Sender<Result<Invocation, PlatformError>>,
    ) {
        let accepted_at = now_ns();
        let id = Uuid::new_v4().to_string();
        if request.payload.len() > MAX_REQUEST_BYTES {
            done.send(Ok(too_large(id, &request, accepted_at))).ok();
            return;
        }
        let account = Arc::clone(&self.context.account);
        let admitted = self.concurrency.begin(&account).and_then(|()| {
            let room = if self.idle.is_empty() {
                self.rate.take(std::time::Instant::now())
            } else {
                Ok(())
            };
            room.inspect_err(|_| self.concurrency.end(&account))
        });
        if let Err(reason) = admitted {
            done.send(Ok(throttled(id, &request, accepted_at, reason))).ok();
            return;
        }
        let job = Job { id, request, accepted_at, answered, done };
        match self.idle.pop() {
            Some(idle) => self.assign(idle.id, job),
            None => {
                self.waiting.push_back(job);
                self.start_one();
            }
        }
    }

    /// Starts an environment for the request that is last in line.
    fn start_one(&mut self) {
        let environment = match Environment::new(&self.context, &self.bootstrap) {
            Ok(environment) => environment,
            Err(source) => {
                let action = format!("make an execution environment of {}", self.config.name);
                if let Some(job) = self.waiting.pop_back() {
                    self.concurrency.end(&self.context.account);
                    job.done.send(Err(PlatformError::Io { action, source })).ok();
                }
                return;
            }
        };
        let (work, inbox) = mpsc::unbounded_channel();
        self.environments.insert(environment.id, Worker { work, busy: false });
        let (config, cpu) = (Arc::clone(&self.config), self.context.limits.cpu);
        tokio::spawn(worker::run(environment, config, cpu, inbox, self.events_to.clone()));
    }

    fn assign(&mut self, id: u64, job: Job) {
        let worker = self.environments.get_mut(&id).expect("whoever is idle or ready is there");
        worker.busy = true;
        // A task that has panicked drops the job, which its caller reads as an error.
        worker.work.send(Work::Invoke(job)).ok();
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Ready(id) => {
                self.completed(id);
                match self.waiting.pop_front() {
                    Some(job) => self.assign(id, job),
                    None => self.rest(id),
                }
            }
            Event::Ended(id) => drop(self.environments.remove(&id)),
        }
    }

    /// If the environment served an invocation, that is over.
    fn completed(&mut self, id: u64) {
        let Some(worker) = self.environments.get_mut(&id) else { return };
        if std::mem::take(&mut worker.busy) {
            self.concurrency.end(&self.context.account);
        }
    }

    /// Nobody needs the environment now.
    fn rest(&mut self, id: u64) {
        let lifetime = self.context.scaling.idle.lifetime(&mut self.chance);
        let expires_at = lifetime.map(|lifetime| Instant::now() + lifetime);
        if let Some(at) = expires_at {
            match &mut self.expiry {
                // It looks again when it is due.
                Some(expiry) if expiry.deadline() <= at => {}
                Some(expiry) => expiry.as_mut().reset(at),
                None => self.expiry = Some(Box::pin(sleep_until(at))),
            }
        }
        self.idle.push(Idle { id, expires_at });
    }

    /// Ends the environments whose time has come, without waiting for it.
    fn expire(&mut self) {
        let now = Instant::now();
        let environments = &self.environments;
        self.idle.retain(|idle| {
            let expired = idle.expires_at.is_some_and(|at| at <= now);
            if let Some(worker) = environments.get(&idle.id).filter(|_| expired) {
                worker.work.send(Work::End).ok();
            }
            !expired
        });
        let next = self.idle.iter().filter_map(|idle| idle.expires_at).min();
        self.expiry = next.map(|at| Box::pin(sleep_until(at)));
    }

    async fn configure(&mut self, change: ConfigChange) -> Result<(), PlatformError> {
        let mut config = FunctionConfig::clone(&self.config);
        change.apply(&mut config);
        config
            .validate()
            .map_err(|source| PlatformError::InvalidConfig { name: config.name.clone(), source })?;
        self.config = Arc::new(config);
        self.recycle().await;
        Ok(())
    }

    /// Ends all environments; who stands in line gets new ones.
    async fn recycle(&mut self) {
        self.end_environments().await;
        for _ in 0..self.waiting.len() {
            self.start_one();
        }
    }

    /// Ends every environment, the busy ones after their invocation, and waits for it.
    async fn end_environments(&mut self) {
        self.expiry = None;
        for idle in std::mem::take(&mut self.idle) {
            self.end(idle.id);
        }
        while !self.environments.is_empty() {
            match self.events.recv().await {
                Some(Event::Ready(id)) => {
                    self.completed(id);
                    self.end(id);
                }
                Some(Event::Ended(id)) => drop(self.environments.remove(&id)),
                None => return,
            }
        }
    }

    fn end(&self, id: u64) {
        if let Some(worker) = self.environments.get(&id) {
            worker.work.send(Work::End).ok();
        }
    }
}

/// Cancel safe.
async fn due(expiry: &mut Option<Pin<Box<Sleep>>>) {
    match expiry {
        Some(expiry) => expiry.as_mut().await,
        None => std::future::pending().await,
    }
}

/// AWS refuses a request that is too large before any environment sees it, and does not bill it.
fn too_large(request_id: String, request: &InvokeRequest, accepted_at: u64) -> Invocation {
    let error = FunctionError::request_too_large();
    let response = error.to_payload();
    refused(request_id, request, accepted_at, Status::TooLarge, (error, response))
}

/// AWS refuses what there is no concurrency for, and does not bill it.
fn throttled(
    request_id: String,
    request: &InvokeRequest,
    accepted_at: u64,
    reason: ThrottleReason,
) -> Invocation {
    let answer = (reason.to_error(), reason.to_payload());
    refused(request_id, request, accepted_at, Status::Throttled, answer)
}

fn refused(
    request_id: String,
    request: &InvokeRequest,
    accepted_at: u64,
    status: Status,
    (error, response): (FunctionError, Vec<u8>),
) -> Invocation {
    Invocation {
        from_record: false,
        request_id,
        environment: None,
        start: Start::Warm,
        status,
        sent_at_ns: accepted_at,
        intended_at_ns: None,
        timing: Timing::default(),
        max_memory_bytes: None,
        billed_ms: 0,
        request_bytes: request.payload.len() as u64,
        response: Bytes::from(response),
        error: Some(error),
        log_tail: None,
    }
}
