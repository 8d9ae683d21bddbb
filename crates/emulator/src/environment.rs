//! One execution environment: its folders, its process, and the invocations that it serves one after another.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kelvin_lambda::{FunctionConfig, InitPhase, LaunchFacts, Start};
use kelvin_load::Timer;
use kelvin_sandbox::{Heard, Network};
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, Sleep, sleep_until, timeout_at};

use crate::clock::{epoch_ms, instant, nanoseconds, now_ns};
use crate::cpu::CpuLimit;
use crate::deployable::Code;
use crate::env_vars::{self, Libraries};
use crate::failure::Failure;
use crate::frame::Frame;
use crate::measured::{Begun, Measured};
use crate::package::Package;
use crate::page_cache::{Files, PageCaches, Ready};
use crate::prepared::Prepared;
use crate::process::{Process, Program, Step};
use crate::request::Request;
use crate::runtime_api::{NextEvent, Outcome};
use crate::sandboxes::Sandboxes;
use crate::scaling::{Account, Scaling};
use crate::spin::Spin;
use crate::starts::Starts;
use crate::watch::Limits;

/// A moment this near is waited for by polling: a thread that sleeps in the kernel wakes up some tens of microseconds late.
const NEAR_NS: u64 = 100_000;

/// What all execution environments share.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub sandboxes: Sandboxes,
    pub account: Arc<Account>,
    pub scaling: Scaling,
    /// Holds one folder for each environment.
    pub root: PathBuf,
    pub limits: Limits,
    pub init_timeout: Duration,
    pub spin: Spin,
    pub page_caches: PageCaches,
    /// For environments and processes: no number is used twice.
    pub next_id: Arc<AtomicU64>,
}

impl Context {
    fn fresh_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }
}

/// One execution environment.
#[derive(Debug)]
pub(crate) struct Environment {
    pub id: u64,
    context: Context,
    package: Package,
    code: Code,
    libraries: Libraries,
    network: Network,
    files: Files,
    /// What its start was prepared with, as the processes run from it.
    ready: Option<Ready>,
    log_stream_name: String,
    /// Made ahead for its first process.
    prepared: Option<Prepared>,
    process: Option<Process>,
    /// The init phase, until the first invocation.
    fresh: Option<Fresh>,
    removed: bool,
    /// When it became ready after its last invocation; 0 before its first.
    pub ready_at: u64,
    /// For gaps.
    timer: Timer,
    /// The invoke phase's timeout. One timer for all invocations: to move it costs next to nothing.
    timeout: Pin<Box<Sleep>>,
}

/// An init phase that no invocation has been told of.
#[derive(Debug)]
struct Fresh {
    /// Init Duration; `None` if the phase failed.
    init_ns: Option<u64>,
    launch: Option<Arc<LaunchFacts>>,
    ended_at: u64,
    /// What it wrote and how it ended, if it failed.
    failed: String,
}

impl Environment {
    /// Makes the environment's folders; starts nothing yet.
    ///
    /// `ready` is what was prepared ahead, if anything was.
    pub(crate) fn new(
        context: &Context,
        starts: &Starts,
        network: Network,
        files: Files,
        ready: Option<Ready>,
    ) -> io::Result<Environment> {
        let id = context.fresh_id();
        let folder = context.root.join(id.to_string());
        let package = Package::new(folder, context.limits.files)?;
        let date = jiff::Timestamp::now().strftime("%Y/%m/%d").to_string();
        Ok(Environment {
            id,
            context: context.clone(),
            package,
            code: starts.code.clone(),
            libraries: starts.libraries,
            network,
            files,
            ready,
            log_stream_name: env_vars::log_stream_name(&date),
            prepared: None,
            process: None,
            fresh: None,
            removed: false,
            ready_at: 0,
            timer: Timer::default(),
            timeout: Box::pin(sleep_until(Instant::now())),
        })
    }

    /// Makes ahead what the first process is started in.
    pub(crate) async fn prepare(&mut self, config: &FunctionConfig) {
        // Where it fails, the init phase tries again and tells.
        self.prepared = self.ask_for_sandbox(config).ok();
        if let Some(prepared) = &mut self.prepared {
            prepared.ready().await;
        }
    }

    fn ask_for_sandbox(&self, config: &FunctionConfig) -> io::Result<Prepared> {
        let tmp = self.package.own_tmp(config.ephemeral_storage);
        let id = self.context.fresh_id();
        Prepared::ask(&self.context.sandboxes, id, self.network, tmp)
    }

    /// The init phase: starts the process and waits until it is ready.
    ///
    /// When that fails or takes too long, it is tried again inside the first invoke phase ("suppressed init"). Whoever gives it
    /// up can still end the environment.
    pub(crate) async fn initialize(&mut self, config: &FunctionConfig) {
        let starting = self.files.begin();
        let ready = match self.ready.take() {
            Some(ready) => ready,
            None => Ready { waited: true, ..self.files.prepare().await },
        };
        // Whoever gives this up ends the environment with what it has been given.
        let ready = self.ready.insert(ready);
        let (code, mounts) = match &ready.lease {
            Some(lease) => {
                let code = Code { bootstrap: lease.bootstrap.clone(), ..self.code };
                (code, lease.mounts.clone())
            }
            None => (self.code.clone(), Vec::new()),
        };
        let filled = self.package.fill(code, mounts);
        let mut page_cache = self.files.check(ready);
        let at_once = starting.at_once();
        let (begun_at, deadline) = (now_ns(), Instant::now() + self.context.init_timeout);
        let done = match filled {
            Ok(()) => timeout_at(deadline, self.init(config)).await,
            Err(error) => Ok(Err(Failure::Internal(error.to_string()))),
        };
        page_cache.starting = at_once.max(starting.at_once());
        drop(starting);
        let done = done.unwrap_or(Err(Failure::TimedOut));
        let mut failed = String::new();
        if let Err(failure) = &done {
            let mut process = self.process.take();
            failed = failed_init(failure, begun_at, process.as_mut(), config);
            if let Some(process) = process {
                process.end().await;
            }
        }
        let init_ns = done.ok();
        let ended_at = now_ns();
        let launch = init_ns.zip(self.process.as_mut());
        let ready = self.ready.as_ref();
        let launch = launch.map(|(init_ns, process)| {
            let mut facts = process.launch_facts(init_ns);
            if let Some((ready, pid)) = ready.zip(process.pid()) {
                self.files.learn(ready, pid, &mut page_cache);
            }
            page_cache.not_evicted.extend(process.not_mounted());
            facts.page_cache = Some(page_cache);
            Arc::new(facts)
        });
        self.fresh = Some(Fresh { init_ns, launch, ended_at, failed });
    }

    /// Serves one invocation and returns when the environment is ready for the next. [`Environment::initialize`] comes first.
    ///
    /// `next_follows` tells whether another request follows as soon as this one is complete.
    pub(crate) async fn invoke(
        &mut self,
        request: &mut Request,
        config: &Arc<FunctionConfig>,
        next_follows: bool,
    ) -> Measured {
        let begun = Begun { next_follows, ..self.start_of(request.accepted_at) };
        let mut measured = Measured::begin(request, config, begun);
        let deadline = Instant::now() + config.timeout.duration();
        let served = self.serve(request, config, &mut measured, deadline).await;
        self.ready_at = measured.ready_at.unwrap_or_else(now_ns);
        match served {
            Ok(()) => {
                let process = self.process.as_mut().expect("a process that served is still there");
                measured.complete(process);
                process.freeze();
            }
            Err(failure) => {
                if let Some(mut process) = self.process.take() {
                    process.output.drain();
                    let failure = failure.because_of(process.extension_error());
                    measured.fail(&failure, Some(&mut process));
                    request.end(measured.result());
                    process.end().await;
                } else {
                    measured.fail(&failure, None);
                    request.end(measured.result());
                }
            }
        }
        measured
    }

    /// Nobody has come for the environment after its init phase, or after an invocation that another was to follow: freezes
    /// it until somebody does.
    pub(crate) fn rest(&mut self) {
        if let Some(process) = &mut self.process {
            process.rest();
        }
    }

    /// Lets the process go on between invocations: answers what it asks, and notices its end. Never returns. Cancel safe.
    pub(crate) async fn idle(&mut self) {
        loop {
            let Some(process) = &mut self.process else { return std::future::pending().await };
            match process.step().await {
                // A runtime that waits for its next event has nothing to say that would mean anything.
                Step::Api(_, reply) => reply.into_iter().for_each(|reply| reply.send()),
                Step::Ended(_) => self.process = None,
            }
        }
    }

    /// The moment before which no invocation that has this gap begins: 0 for the first, and without a gap.
    pub(crate) fn gap_ends(&self, gap: Duration) -> u64 {
        if gap.is_zero() || self.ready_at == 0 {
            return 0;
        }
        self.ready_at.saturating_add(nanoseconds(gap))
    }

    /// Lets the frozen process be until just before `due`, unless something is told meanwhile, which is returned.
    pub(crate) async fn wait_until<T>(
        &mut self,
        due: u64,
        told: &mut mpsc::UnboundedReceiver<T>,
    ) -> Option<Option<T>> {
        self.rest();
        let near = if self.context.spin.has_a_core() { NEAR_NS } else { 0 };
        let mut timer = std::mem::take(&mut self.timer);
        let told = tokio::select! {
            biased;
            told = told.recv() => Some(told),
            () = timer.until(instant(due.saturating_sub(near))) => None,
            () = self.idle() => None,
        };
        self.timer = timer;
        told
    }

    /// Spends the last microseconds before `due` polling.
    pub(crate) async fn poll_until(&self, due: u64) {
        while now_ns() < due {
            tokio::task::yield_now().await;
        }
    }

    /// Shuts the process down and removes the folders.
    pub(crate) async fn end(mut self) {
        self.context.spin.cores().leave(self.id);
        self.prepared = None;
        if let Some(process) = self.process.take() {
            process.shut_down().await;
        }
        // Waits for it, as otherwise it would take its time from whatever is measured next.
        self.remove().recv().await;
    }

    fn remove(&mut self) -> mpsc::UnboundedReceiver<Heard> {
        self.removed = true;
        self.context.sandboxes.guard.remove(self.context.fresh_id(), self.package.folder.clone())
    }

    /// How an invocation finds the environment, and where it is the first to be told of its init phase, what there is to tell.
    fn start_of(&mut self, accepted_at: u64) -> Begun {
        let fresh = self.fresh.take();
        let start = match &fresh {
            _ if self.process.is_none() => Start::SuppressedInit,
            Some(fresh) if accepted_at < fresh.ended_at => Start::Cold,
            Some(_) => Start::ProactiveInit,
            None => Start::Warm,
        };
        let (init_ns, launch, failed_init) = match fresh {
            // What was ready has ended since, and is started again.
            Some(fresh) if start == Start::SuppressedInit => (None, None, fresh.failed),
            Some(fresh) => (fresh.init_ns, fresh.launch, fresh.failed),
            None => (None, None, String::new()),
        };
        Begun {
            environment: self.id,
            start,
            init_ns,
            launch,
            failed_init,
            at: now_ns(),
            throttled: self.context.limits.cpu == CpuLimit::Tick,
            next_follows: false,
        }
    }

    /// Starts the process and waits until its runtime asks for the first event. Returns the Init Duration.
    async fn init(&mut self, config: &FunctionConfig) -> Result<u64, Failure> {
        let hidden = self.context.sandboxes.allowed.hidden.clone();
        let view = self.package.view(hidden, self.files.outside());
        let env_vars = env_vars::env_vars(
            config,
            &self.log_stream_name,
            &view.task_root,
            view.tmp.as_deref(),
            self.libraries,
        );
        let program = Program {
            config: config.clone(),
            limits: self.context.limits,
            spin: self.context.spin.clone(),
            path: view.bootstrap,
            folder: self.package.folder.join("task"),
            files: view.files,
            env_vars,
        };
        let prepared = self.prepared.take().map_or_else(|| self.ask_for_sandbox(config), Ok);
        let started = prepared.and_then(|prepared| {
            Process::start(&self.context.sandboxes, prepared, program, self.id)
        });
        let process =
            self.process.insert(started.map_err(|error| Failure::Internal(error.to_string()))?);
        loop {
            match process.step().await {
                Step::Api(Outcome::Ready { at, .. }, _) => {
                    let exec = process.exec().await;
                    return Ok(exec.map_or(0, |exec| at.saturating_sub(exec.at_ns)));
                }
                Step::Api(Outcome::InitFailed { body, error }, reply) => {
                    reply.into_iter().for_each(|reply| reply.send());
                    return Err(Failure::Reported { body, error });
                }
                // No invocation is in flight, so this cannot be an answer to one.
                Step::Api(_, reply) => reply.into_iter().for_each(|reply| reply.send()),
                Step::Ended(end) => return Err(Failure::Ended(end)),
            }
        }
    }

    /// The invoke phase: event, answer, next.
    async fn serve(
        &mut self,
        request: &mut Request,
        config: &FunctionConfig,
        measured: &mut Measured,
        deadline: Instant,
    ) -> Result<(), Failure> {
        let deadline_ms = epoch_ms() + u64::from(config.timeout.seconds()) * 1000;
        if self.process.is_none() {
            let init = timeout_at(deadline, self.init(config)).await;
            init.unwrap_or(Err(Failure::TimedOut))?;
        }
        let process = self.process.as_mut().expect("init has made the process");
        self.timeout.as_mut().reset(deadline);
        process.open_doors().await;
        process.output.begin();
        process.limit_cpu().map_err(|error| Failure::unlimited(&error))?;
        let own_trace = request.invoke.caller.as_ref().and_then(|caller| caller.trace_id());
        let event = NextEvent {
            request_id: request.id.clone(),
            deadline_ms,
            function_arn: env_vars::function_arn(&config.name),
            trace_id: own_trace.map_or_else(trace_id, str::to_owned),
            payload: request.invoke.payload.clone(),
            caller: request.invoke.caller.clone(),
        };
        let now = now_ns();
        if measured.start != Start::SuppressedInit {
            measured.handed_at = now;
        }
        measured.cpu_before_ns = process.hand_over(event, now);
        let answer = async {
            loop {
                match process.step().await {
                    Step::Api(Outcome::Answered { begun_at, ended_at, answer, begun }, reply) => {
                        return Ok((begun_at, ended_at, answer, begun, reply));
                    }
                    Step::Api(Outcome::Begun { content_type }, _) => {
                        request.pass_on(Frame::Head { is_streamed: true, content_type });
                    }
                    Step::Api(Outcome::Part(data), _) => request.pass_on(Frame::Data(data)),
                    Step::Api(_, reply) => reply.into_iter().for_each(|reply| reply.send()),
                    Step::Ended(end) => return Err(Failure::Ended(end)),
                }
            }
        };
        let (begun_at, ended_at, answer, begun, reply) = in_time(&mut self.timeout, answer).await?;
        let whole = answer.whole().filter(|_| !begun && request.frames.is_some());
        measured.answered(begun_at, ended_at, answer);
        // The caller first, then the runtime, which goes on with what no caller waits for.
        if let Some(data) = whole {
            request.pass_on(Frame::Head { is_streamed: false, content_type: None });
            request.pass_on(Frame::Data(data));
        }
        request.end(measured.result());
        reply.into_iter().for_each(|reply| reply.send());
        let next = async {
            loop {
                match process.step().await {
                    Step::Api(Outcome::Ready { runtime_at, at }, _) => return Ok((runtime_at, at)),
                    Step::Api(_, reply) => reply.into_iter().for_each(|reply| reply.send()),
                    Step::Ended(end) => return Err(Failure::Ended(end)),
                }
            }
        };
        let (runtime_at, at) = in_time(&mut self.timeout, next).await?;
        (measured.runtime_ready_at, measured.ready_at) = (Some(runtime_at), Some(at));
        Ok(())
    }
}

/// What an init phase that began at `begun_at` wrote and how it failed, as its log has it.
fn failed_init(
    failure: &Failure,
    begun_at: u64,
    process: Option<&mut Process>,
    config: &FunctionConfig,
) -> String {
    let mut log = process.map_or_else(String::new, |process| {
        process.output.drain();
        process.output.written().init
    });
    failure.end_log(&mut log);
    let init_ns = now_ns().saturating_sub(begun_at);
    let line = failure.init_report(InitPhase::Init, init_ns, config);
    log.push_str(&line.to_string());
    log
}

/// What comes first: the end of `work` or of the time.
async fn in_time<T>(
    timeout: &mut Pin<Box<Sleep>>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        done = work => done,
        () = timeout.as_mut() => Err(Failure::TimedOut),
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.context.spin.cores().leave(self.id);
        // The process first, so that nothing writes into the folder while the guard removes it.
        (self.prepared, self.process) = (None, None);
        if !self.removed {
            self.remove();
        }
    }
}

/// A new X-Ray trace header, not sampled.
fn trace_id() -> String {
    let id = uuid::Uuid::new_v4().simple().to_string();
    let (root, parent) = id.split_at(24);
    let now = epoch_ms() / 1000;
    format!("Root=1-{now:08x}-{root};Parent={parent}{parent};Sampled=0;Lineage=1:{parent}:0")
}
