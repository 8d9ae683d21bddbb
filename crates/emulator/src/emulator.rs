//! The emulator as a platform.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use kelvin_lambda::{Invocation, PlatformFacts};
use kelvin_platform::{
    ConfigChange, FunctionId, FunctionSpec, Gaps, InvokeRequest, LoadPlan, Platform, PlatformError,
    PlatformFuture, RepeatPlan, Sink,
};
use kelvin_sandbox::{Cpu, GuardProgram, Part, Started, with_cause};
use tokio::sync::{mpsc, oneshot};

use crate::StartError;
use crate::awake::AwakeCores;
use crate::cores::{Beside, Cores};
use crate::cpu::CpuLimit;
use crate::deployable::{Copies, Deployable, Surroundings};
use crate::doors::Doors;
use crate::facts::{Mechanisms, enforcement, unavailable};
use crate::frame::Frame;
use crate::function::Command;
use crate::load;
use crate::page_cache::{Images, PageCaches};
use crate::sandboxes::Allowed;
use crate::scaling::Scaling;
use crate::serving::{Ask, Place, serve};
use crate::shown::hidden;
use crate::spin::Spin;
use crate::starts::Starts;
use crate::watch::Limits;

/// How to start an emulator.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where execution environments get their folders, usually `/tmp`.
    pub temporary_folder: PathBuf,
    /// What is enforced.
    pub limits: Limits,
    /// How many environments there may be, and how long they may be idle.
    pub scaling: Scaling,
    /// Whether to keep idle cores from sleeping while an invocation is in flight, where this machine allows it;
    /// [`Platform::describe`] says whether it does.
    pub awake_cores: bool,
    /// How long an init phase may take; [`kelvin_lambda::INIT_TIMEOUT`] is Lambda's own.
    pub init_timeout: Duration,
    /// What runs as the guard process.
    pub guard: GuardProgram,
    /// Folders of this machine that functions do not see, besides those of its users: that of the person who measures, say.
    pub hidden: Vec<PathBuf>,
    /// Folders that are in no package, wherever they lie: that of the results, say.
    pub left_out: Vec<PathBuf>,
}

/// An embedded AWS Lambda.
///
/// When it is dropped, every process that it started, and every folder and cgroup that it made, is gone.
#[derive(Debug)]
pub struct Emulator {
    /// Taken at the end, which ends the serving thread.
    asks: Option<mpsc::UnboundedSender<Ask>>,
    thread: Option<JoinHandle<()>>,
    guard: Child,
    spin: Spin,
    limits: Limits,
    scaling: Scaling,
    mechanisms: Mechanisms,
    /// About idle cores.
    wakefulness: String,
    root: PathBuf,
    /// Folders that are in no package.
    left_out: Vec<PathBuf>,
    copies: Copies,
}

impl Emulator {
    /// Starts the guard process and the serving thread.
    pub fn start(options: &Options) -> Result<Emulator, StartError> {
        let root =
            options.temporary_folder.join(format!("kelvin-{}", uuid::Uuid::new_v4().simple()));
        let one_at_a_time = one_at_a_time(options.limits.cpu);
        let cpu = if options.limits.cpu == CpuLimit::Cgroup { Cpu::Quota } else { Cpu::Free };
        let Started { child, socket, edge, cpu, freezer, no_pids } =
            Started::start(&options.guard, &root, cpu)?;
        drop(one_at_a_time);
        // After the guard was started, which must know what functions are to inherit.
        kelvin_sandbox::raise_open_files();
        let mut limits = options.limits;
        limits.files &= edge.has(Part::Files);
        let hidden = hidden(options.hidden.iter().chain([&root]));
        let doors = Doors::default();
        let (left, no_way_out) = (AtomicU64::new(0), AtomicU64::new(0));
        let allowed =
            Arc::new(Allowed { edge, cpu, freezer, no_pids, doors, hidden, left, no_way_out });
        // Counts the cores of the affinity mask, and no more than the CPU quota of this process's cgroup allows.
        let at_once = std::thread::available_parallelism().map_or(1, usize::from);
        let cores = Cores::of_this_thread(at_once);
        let (awake, wakefulness) = keep_awake(options.awake_cores);
        let spin = Spin::new(cores, awake);
        let (asks, inbox) = mpsc::unbounded_channel();
        let images = if limits.files { Images::Mounted } else { Images::InPlace };
        let page_caches = PageCaches::new(&root.join("start"), images);
        let why_warm = page_caches.why_warm().map(str::to_owned);
        let mechanisms = Mechanisms { allowed: Arc::clone(&allowed), why_warm };
        let place = Place {
            root: root.clone(),
            allowed,
            limits,
            scaling: options.scaling,
            init_timeout: options.init_timeout,
            page_caches,
        };
        let served = (place, spin.clone());
        let thread = std::thread::Builder::new()
            .name("kelvin-serving".to_owned())
            .spawn(move || {
                let (place, spin) = served;
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                if let Ok(runtime) = runtime {
                    runtime.block_on(serve(socket, place, spin, inbox));
                }
            })
            .map_err(StartError::Thread)?;
        Ok(Emulator {
            asks: Some(asks),
            thread: Some(thread),
            guard: child,
            spin,
            limits,
            scaling: options.scaling,
            mechanisms,
            wakefulness,
            left_out: left_out(&options.left_out, &root),
            copies: Copies::new(root.join("packages")),
            root,
        })
    }

    /// The folder of everything that must not outlive the emulator: however this process ends, the guard removes it.
    pub fn folder(&self) -> &Path {
        &self.root
    }

    /// Folders that are in no package of this emulator, without links in their paths.
    pub fn left_out(&self) -> &[PathBuf] {
        &self.left_out
    }

    /// What threads of the harness stay away from functions by.
    pub fn beside(&self) -> Beside {
        self.spin.cores().beside()
    }

    /// By which services of the harness let themselves be reached in a network of its own.
    pub fn doors(&self) -> Doors {
        self.mechanisms.allowed.doors.clone()
    }

    /// Invokes at once, and passes the response on part by part while it arrives: a streamed one as the function writes it.
    ///
    /// Returns when the execution environment is ready for the next invocation, which is later than the last part; and without
    /// an invocation where the environment has ended before it took the request. The receiver may be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`PlatformError::NoSuchFunction`] for a function that has been removed, [`PlatformError::Stopped`] when the emulator
    /// ends meanwhile, [`PlatformError::Io`] where no execution environment can be made.
    pub async fn invoke_with_frames(
        &self,
        function: FunctionId,
        request: InvokeRequest,
        frames: mpsc::UnboundedSender<Frame>,
    ) -> Result<Option<Invocation>, PlatformError> {
        let plan = RepeatPlan { request, invocations: 1, gaps: Gaps::NONE };
        Ok(self.call(function, plan, Some(frames)).await?.pop())
    }

    fn ask(&self, ask: Ask) -> Result<(), PlatformError> {
        let asks = self.asks.as_ref().ok_or(PlatformError::Stopped)?;
        asks.send(ask).map_err(|_| PlatformError::Stopped)
    }

    async fn command(
        &self,
        function: FunctionId,
        command: impl FnOnce(oneshot::Sender<Result<(), PlatformError>>) -> Command,
    ) -> Result<(), PlatformError> {
        let (done, result) = oneshot::channel();
        self.ask(Ask::Command { function, command: command(done) })?;
        result.await.unwrap_or(Err(PlatformError::NoSuchFunction { id: function.0 }))
    }

    async fn call(
        &self,
        function: FunctionId,
        plan: RepeatPlan,
        frames: Option<mpsc::UnboundedSender<Frame>>,
    ) -> Result<Vec<Invocation>, PlatformError> {
        let (done, batch) = oneshot::channel();
        self.ask(Ask::Call { function, plan, frames, done })?;
        batch.await.unwrap_or(Err(PlatformError::Stopped))
    }
}

impl Platform for Emulator {
    fn describe(&self) -> PlatformFacts {
        let mut notes = vec![self.wakefulness.clone()];
        if self.spin.cores().at_once() < 2 {
            notes.push(
                "the serving thread sleeps between events, because this process may use only one core; latencies are longer than with two"
                    .to_owned(),
            );
        } else if self.spin.blocked() > 0 {
            notes.push(format!(
                "{} invocations were served by a sleeping thread, because no core was free; their latencies are longer",
                self.spin.blocked()
            ));
        }
        let left = self.mechanisms.allowed.left.load(Ordering::Relaxed);
        if left > 0 {
            notes.push(format!(
                "{left} execution environments did not end within 5 s of being killed, because a process waits for a device"
            ));
        }
        let no_way_out = self.mechanisms.allowed.no_way_out.load(Ordering::Relaxed);
        if no_way_out > 0 {
            let why = self.mechanisms.allowed.edge.why_not(Part::Outside);
            let why = why.unwrap_or("pasta gave their network no route");
            notes.push(format!(
                "{no_way_out} execution environments could not reach the outside world, which was asked for: {why}"
            ));
        }
        PlatformFacts {
            name: "emulator".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            enforcement: enforcement(
                self.limits,
                self.scaling,
                &self.mechanisms,
                self.spin.cores(),
            ),
            unavailable: unavailable(self.limits),
            notes,
        }
    }

    fn deploy(&self, spec: FunctionSpec) -> PlatformFuture<'_, FunctionId> {
        Box::pin(async move {
            let name = spec.config.name.clone();
            spec.config
                .validate()
                .map_err(|source| PlatformError::InvalidConfig { name: name.clone(), source })?;
            let around = Surroundings {
                path: spec.config.env_vars.get("PATH").map(String::as_str),
                left_out: &self.left_out,
            };
            let code = Deployable::look(&spec.bootstrap, around);
            let code = code.and_then(|found| found.code(&self.copies)).map_err(|source| {
                PlatformError::Bootstrap { name, path: spec.bootstrap.clone(), source }
            })?;
            let starts = Starts::of(code, &spec.config, &spec.reads);
            let (done, id) = oneshot::channel();
            self.ask(Ask::Deploy { spec, starts, done })?;
            id.await.unwrap_or(Err(PlatformError::Stopped))
        })
    }

    fn configure(&self, function: FunctionId, change: ConfigChange) -> PlatformFuture<'_, ()> {
        Box::pin(self.command(function, |done| Command::Configure { change, done }))
    }

    fn recycle(&self, function: FunctionId) -> PlatformFuture<'_, ()> {
        Box::pin(self.command(function, |done| Command::Recycle { done }))
    }

    fn invoke(
        &self,
        function: FunctionId,
        request: InvokeRequest,
        gaps: Gaps,
    ) -> PlatformFuture<'_, Invocation> {
        Box::pin(async move {
            let plan = RepeatPlan { request, invocations: 1, gaps };
            loop {
                // The environment may have ended in the gap, before the request was sent.
                if let Some(invocation) = self.call(function, plan.clone(), None).await?.pop() {
                    return Ok(invocation);
                }
            }
        })
    }

    fn repeat<'a>(
        &'a self,
        function: FunctionId,
        mut plan: RepeatPlan,
        sink: &'a mut Sink<'_>,
    ) -> PlatformFuture<'a, ()> {
        Box::pin(async move {
            while plan.invocations > 0 {
                let batch = self.call(function, plan.clone(), None).await?;
                plan.invocations -= batch.len() as u64;
                plan.gaps = plan.gaps.after(batch.len() as u64);
                // It is empty where the environment has ended in the gap.
                if !batch.is_empty() {
                    sink(batch);
                }
            }
            Ok(())
        })
    }

    fn load<'a>(
        &'a self,
        function: FunctionId,
        plan: LoadPlan,
        sink: &'a mut Sink<'_>,
    ) -> PlatformFuture<'a, ()> {
        Box::pin(async move {
            load::check(&plan)?;
            let (batches_to, mut batches) = mpsc::unbounded_channel();
            let (done, whole) = oneshot::channel();
            let results = load::Results { batches: batches_to, done };
            self.ask(Ask::Load { function, plan, results })?;
            while let Some(batch) = batches.recv().await {
                sink(batch?);
            }
            // Without this, what has been lost with the serving thread would look like the end.
            whole.await.map_err(|_| PlatformError::Stopped)
        })
    }

    fn sleep(&self, duration: Duration) -> PlatformFuture<'_, ()> {
        Box::pin(async move {
            tokio::time::sleep(duration).await;
            Ok(())
        })
    }

    fn remove(&self, function: FunctionId) -> PlatformFuture<'_, ()> {
        Box::pin(self.command(function, |done| Command::Remove { done }))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _one_at_a_time = one_at_a_time(self.limits.cpu);
        self.asks = None;
        if let Some(thread) = self.thread.take() {
            // A panic over there has been printed already; what matters here is that the guard's socket is closed.
            thread.join().ok();
        }
        self.guard.wait().ok();
    }
}

/// Emulators of one process take turns at their beginning and end where they move it between cgroups.
fn one_at_a_time(limit: CpuLimit) -> Option<MutexGuard<'static, ()>> {
    static TURN: Mutex<()> = Mutex::new(());
    (limit == CpuLimit::Cgroup).then(|| TURN.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The means to keep cores awake, if they are wanted and there are any, and what to tell of it.
fn keep_awake(wanted: bool) -> (Option<AwakeCores>, String) {
    if !wanted {
        return (None, "idle cores may sleep while an invocation is in flight".to_owned());
    }
    match AwakeCores::open() {
        Ok(awake) => {
            let note = format!(
                "idle cores stay in the state {} while an invocation is in flight (/dev/cpu_dma_latency)",
                awake.state()
            );
            (Some(awake), note)
        }
        Err(error) => {
            let why = with_cause(&error);
            let note = format!(
                "idle cores may sleep while an invocation is in flight, which makes latencies longer and less even: {why}"
            );
            (None, note)
        }
    }
}

/// Without links in their paths; the emulator's own files are no part of a package either.
fn left_out(folders: &[PathBuf], root: &Path) -> Vec<PathBuf> {
    let folders = folders.iter().map(PathBuf::as_path).chain([root]);
    folders.filter_map(|folder| folder.canonicalize().ok()).collect()
}
