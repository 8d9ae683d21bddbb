//! The owner of one function: a task that holds all of its state.
//!
//! Requests take an idle environment, the one used last first. Where there is none, the request stands in line and gets
//! whichever environment is ready first, a new one or one that was busy ("late binding"). One is started for it, unless one
//! is on its way already that nobody else in line needs. A new environment that finds nobody in line stays, initialized.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use kelvin_lambda::{FunctionConfig, MAX_REQUEST_BYTES, ThrottleReason};
use kelvin_platform::{ConfigChange, FunctionId, FunctionSpec, PlatformError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::clock::now_ns;
use crate::environment::{Context, Environment};
use crate::page_cache::{Files, Ready};
use crate::refusal::{throttled, too_large};
use crate::request::{Release, Request};
use crate::scaling::{Concurrency, ScalingRate};
use crate::starts::Starts;
use crate::worker::{self, Event, Work};
use kelvin_sandbox::Network;

/// What can be asked of a function.
#[derive(Debug)]
pub(crate) enum Command {
    Invoke(Request),
    Configure { change: ConfigChange, done: oneshot::Sender<Result<(), PlatformError>> },
    Recycle { done: oneshot::Sender<Result<(), PlatformError>> },
    Remove { done: oneshot::Sender<Result<(), PlatformError>> },
}

/// A deployed function with its execution environments.
#[derive(Debug)]
pub(crate) struct Function {
    id: FunctionId,
    config: Arc<FunctionConfig>,
    starts: Starts,
    network: Network,
    /// What its starts read.
    files: Files,
    /// Prepared for the next start.
    ahead: Option<Environment>,
    context: Context,
    environments: HashMap<u64, Worker>,
    /// How many of them are in their init phase.
    starting: usize,
    /// How many environments there have been.
    launches: u64,
    /// Those that wait for a request; the one used last is at the end.
    idle: Vec<Idle>,
    /// Requests for which there was no environment, in the order in which they came.
    waiting: VecDeque<Request>,
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
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// In its init phase.
    Starting,
    /// In an invocation.
    Busy,
    /// Neither; it may be ending.
    Idle,
}

/// An environment that nobody uses.
#[derive(Debug)]
struct Idle {
    id: u64,
    expires_at: Option<Instant>,
}

impl Function {
    pub(crate) fn new(
        id: FunctionId,
        spec: FunctionSpec,
        starts: Starts,
        context: Context,
    ) -> Function {
        let FunctionSpec { config, page_cache, network, .. } = spec;
        let files = Files::new(context.page_caches.clone(), starts.program.clone(), page_cache);
        let (events_to, events) = mpsc::unbounded_channel();
        let scaling = context.scaling;
        Function {
            id,
            concurrency: Concurrency::new(config.reserved_concurrency),
            rate: ScalingRate::new(&scaling, std::time::Instant::now()),
            // Each function draws its own sequence, whatever the others do.
            chance: fastrand::Rng::with_seed(scaling.seed ^ (u64::from(id.0) << 32)),
            config: Arc::new(config),
            starts,
            network: context.sandboxes.network(network),
            files,
            ahead: None,
            context,
            environments: HashMap::new(),
            starting: 0,
            launches: 0,
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
                    self.expire(Instant::now());
                    continue;
                }
            };
            // Whoever asked may have stopped waiting; what was asked is done all the same.
            match command {
                None => break,
                Some(Command::Invoke(request)) => self.accept(request),
                Some(Command::Configure { change, done }) => {
                    done.send(self.configure(change).await).ok();
                }
                Some(Command::Recycle { done }) => {
                    self.recycle().await;
                    done.send(Ok(())).ok();
                }
                Some(Command::Remove { done }) => {
                    self.end_ahead().await;
                    self.end_environments().await;
                    self.turn_away(commands);
                    done.send(Ok(())).ok();
                    break;
                }
            }
        }
        self.concurrency.end_all(&self.context.account);
        self.context.account.give_back(self.config.reserved_concurrency.unwrap_or(0));
    }

    /// Gives a request to an environment, or puts it in line for one, or refuses it.
    fn accept(&mut self, mut request: Request) {
        request.accepted_at = now_ns();
        if request.invoke.payload.len() > MAX_REQUEST_BYTES {
            let refused = too_large(&request);
            request.done.send(Ok(vec![refused])).ok();
            return;
        }
        if let Err(reason) = self.concurrency.begin(&self.context.account) {
            let refused = throttled(&request, reason);
            request.done.send(Ok(vec![refused])).ok();
            return;
        }
        if let Some(idle) = self.take_idle() {
            self.assign(idle, request);
            return;
        }
        if let Err(reason) = self.make_room(self.waiting.len() + 1) {
            self.refuse(request, &reason);
            return;
        }
        self.waiting.push_back(request);
    }

    /// The idle environment that was used last, unless its time has come.
    fn take_idle(&mut self) -> Option<u64> {
        let now = Instant::now();
        if self.idle.last()?.expired(now) {
            self.expire(now);
        }
        Some(self.idle.pop()?.id)
    }

    /// Starts an environment, unless as many as stand in line are on their way.
    fn make_room(&mut self, in_line: usize) -> Result<(), NoRoom> {
        if in_line <= self.starting {
            return Ok(());
        }
        self.rate.take(std::time::Instant::now()).map_err(NoRoom::Throttled)?;
        let environment = self.ahead.take().map_or_else(|| self.new_environment(None), Ok);
        let environment =
            environment.map_err(|source| NoRoom::Failed(source.kind(), source.to_string()))?;
        let (work, inbox) = mpsc::unbounded_channel();
        self.context.spin.cores().enter(environment.id, self.launches, self.config.memory_size);
        self.launches += 1;
        self.environments.insert(environment.id, Worker { work, phase: Phase::Starting });
        self.starting += 1;
        let config = Arc::clone(&self.config);
        let (context, events) = (self.context.clone(), self.events_to.clone());
        tokio::spawn(worker::run(environment, config, context, inbox, events));
        Ok(())
    }

    fn new_environment(&self, ready: Option<Ready>) -> io::Result<Environment> {
        let files = self.files.clone();
        Environment::new(&self.context, &self.starts, self.network, files, ready)
    }

    fn assign(&mut self, id: u64, mut request: Request) {
        if request.release == Release::Delayed {
            let delay = self.context.scaling.release.draw(&mut self.chance);
            request.release = if delay.is_zero() { Release::AtOnce } else { Release::After(delay) };
        }
        let worker = self.environments.get_mut(&id).expect("whoever is idle or ready is there");
        worker.phase = Phase::Busy;
        // A task that has panicked drops the request, which its caller reads as an error.
        worker.work.send(Work::Invoke(request)).ok();
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Ready(id) => {
                let was = self.settle(id);
                match self.next_in_line() {
                    Some(request) => self.assign(id, request),
                    None => self.rest(id, was),
                }
            }
            Event::Ended(id) => {
                self.settle(id);
                self.environments.remove(&id);
            }
        }
    }

    /// The first in line who still waits.
    fn next_in_line(&mut self) -> Option<Request> {
        while let Some(request) = self.waiting.pop_front() {
            if !request.done.is_closed() {
                return Some(request);
            }
            self.concurrency.end(&self.context.account);
        }
        None
    }

    /// What the environment was doing is over. Returns what that was.
    fn settle(&mut self, id: u64) -> Phase {
        let Some(worker) = self.environments.get_mut(&id) else { return Phase::Idle };
        let was = std::mem::replace(&mut worker.phase, Phase::Idle);
        match was {
            Phase::Starting => self.starting -= 1,
            Phase::Busy => self.concurrency.end(&self.context.account),
            Phase::Idle => {}
        }
        was
    }

    /// Nobody needs the environment now.
    fn rest(&mut self, id: u64, was: Phase) {
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
        if was == Phase::Starting {
            // After an invocation it does so by itself.
            self.tell(id, Work::Rest);
            // It was not used at all, so all others were used later.
            self.idle.insert(0, Idle { id, expires_at });
        } else {
            self.idle.push(Idle { id, expires_at });
        }
    }

    /// Ends the environments whose time has come, without waiting for it.
    fn expire(&mut self, now: Instant) {
        let (expired, idle) = std::mem::take(&mut self.idle)
            .into_iter()
            .partition::<Vec<Idle>, _>(|idle| idle.expired(now));
        self.idle = idle;
        for idle in expired {
            self.tell(idle.id, Work::End);
        }
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
        // It was prepared for another configuration.
        self.end_ahead().await;
        self.recycle().await;
        Ok(())
    }

    /// Prepares the next start, when nothing is measured.
    pub(crate) async fn prepare(&mut self) {
        if self.ahead.is_none() {
            let ready = self.files.prepare().await;
            // Where it fails, the next start tries again and tells.
            let mut environment = self.new_environment(Some(ready)).ok();
            if let Some(environment) = &mut environment {
                environment.prepare(&self.config).await;
            }
            self.ahead = environment;
        }
    }

    async fn end_ahead(&mut self) {
        if let Some(environment) = self.ahead.take() {
            environment.end().await;
        }
    }

    /// Ends all environments; who stands in line gets new ones.
    async fn recycle(&mut self) {
        self.end_environments().await;
        self.prepare().await;
        // The rate limits how a function grows. On AWS it takes longer to change one than to be allowed all of it again.
        self.rate = ScalingRate::new(&self.context.scaling, std::time::Instant::now());
        for in_line in 1..=self.waiting.len() {
            if let Err(reason) = self.make_room(in_line) {
                for request in self.waiting.split_off(in_line - 1) {
                    self.refuse(request, &reason);
                }
                return;
            }
        }
    }

    /// Refuses a request for which no environment can be started.
    fn refuse(&mut self, request: Request, reason: &NoRoom) {
        self.concurrency.end(&self.context.account);
        let refused = match reason {
            NoRoom::Throttled(reason) => Ok(vec![throttled(&request, *reason)]),
            NoRoom::Failed(kind, cause) => Err(PlatformError::Io {
                action: format!("make an execution environment of {}", self.config.name),
                source: io::Error::new(*kind, cause.as_str()),
            }),
        };
        request.done.send(refused).ok();
    }

    /// Ends every environment, the busy ones after their invocation, and waits for it.
    async fn end_environments(&mut self) {
        self.expiry = None;
        self.idle.clear();
        for worker in self.environments.values() {
            worker.work.send(Work::End).ok();
        }
        while !self.environments.is_empty() {
            match self.events.recv().await {
                Some(Event::Ready(id)) => drop(self.settle(id)),
                Some(Event::Ended(id)) => {
                    self.settle(id);
                    self.environments.remove(&id);
                }
                None => return,
            }
        }
    }

    /// The function is removed: whoever stands in line, or is about to, is told.
    fn turn_away(&mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        let id = self.id.0;
        for request in self.waiting.drain(..) {
            request.done.send(Err(PlatformError::NoSuchFunction { id })).ok();
        }
        commands.close();
        while let Ok(command) = commands.try_recv() {
            let gone = PlatformError::NoSuchFunction { id };
            match command {
                Command::Invoke(request) => drop(request.done.send(Err(gone))),
                Command::Configure { done, .. }
                | Command::Recycle { done }
                | Command::Remove { done } => drop(done.send(Err(gone))),
            }
        }
    }

    fn tell(&self, id: u64, work: Work) {
        if let Some(worker) = self.environments.get(&id) {
            worker.work.send(work).ok();
        }
    }
}

impl Idle {
    fn expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// Why there is no environment for a request.
#[derive(Debug)]
enum NoRoom {
    Throttled(ThrottleReason),
    /// The environment's folders could not be made.
    Failed(io::ErrorKind, String),
}

/// Cancel safe.
async fn due(expiry: &mut Option<Pin<Box<Sleep>>>) {
    match expiry {
        Some(expiry) => expiry.as_mut().await,
        None => std::future::pending().await,
    }
}
