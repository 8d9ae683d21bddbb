//! One process of an execution environment, with its own Runtime API.

use std::any::Any;
use std::io;
use std::net::TcpListener as StdListener;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kelvin_lambda::{FunctionConfig, Interval, LaunchFacts};
use kelvin_sandbox::{Event, Exec, ExitStatus, Files, Heard, Launch, Network, RUNTIME_API_PORT};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::clock::now_ns;
use crate::cores::Share;
use crate::cpu::CgroupError;
use crate::env_vars;
use crate::init_parts::init_parts;
use crate::output::Output;
use crate::prepared::{Events, Prepared};
use crate::runtime_api::{self, ApiCall, Calls, NextEvent, Outcome, PendingReply, Service};
use crate::sandboxes::Sandboxes;
use crate::spin::Spin;
use crate::watch::{Found, Limits, Watch};

/// The shutdown phase of an environment with internal extensions and no others ("Lambda execution environment lifecycle",
/// developer guide). Without extensions there is none.
const SHUTDOWN: Duration = Duration::from_millis(500);

/// A running bootstrap. Killed, with everything that it started, by [`Process::end`] or when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    id: u64,
    sandboxes: Sandboxes,
    api: Service,
    calls: mpsc::UnboundedReceiver<ApiCall>,
    /// Cloned for the server, once its socket is there.
    calls_to: Calls,
    events: Events,
    pub output: Output,
    /// Set once the process runs.
    watch: Option<Watch>,
    limits: Limits,
    config: FunctionConfig,
    spin: Spin,
    environment: u64,
    network: Network,
    /// How many services have been asked to accept inside, and those that do.
    doors_known: usize,
    doors_pending: usize,
    doors: Vec<Box<dyn Any + Send + Sync>>,
    /// The cores that it was started on.
    share: Share,
    exec: Option<Exec>,
    pid: Option<i32>,
    ended: Option<End>,
    /// Holds the task that accepts connections; it and they end with this process.
    server: JoinSet<()>,
}

/// How long a killed process may take to end.
const KILL_PATIENCE: Duration = Duration::from_secs(5);

/// What is needed to start a process.
#[derive(Debug)]
pub(crate) struct Program {
    pub config: FunctionConfig,
    pub limits: Limits,
    pub spin: Spin,
    pub path: PathBuf,
    pub folder: PathBuf,
    pub files: Option<Files>,
    pub env_vars: Vec<(String, String)>,
}

/// The next thing that happens to a process.
#[derive(Debug)]
pub(crate) enum Step {
    /// A request of the runtime that means something for the invocation. The reply, if any, is still to be sent.
    Api(Outcome, Option<PendingReply>),
    Ended(End),
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Exit(ExitStatus),
    /// It used more than its memory size; it still has to be killed.
    OutOfMemory,
    /// It could not be executed.
    NotStarted(String),
    /// The guard is gone, and all processes with it.
    GuardGone,
}

impl Process {
    /// Opens a Runtime API and asks the guard to start the program in what was prepared for it.
    pub(crate) fn start(
        sandboxes: &Sandboxes,
        mut prepared: Prepared,
        program: Program,
        environment: u64,
    ) -> io::Result<Process> {
        let Prepared { id, network, address, .. } = prepared;
        let (output, output_write) = pipe_with(PipeFlags::CLOEXEC)?;
        let output = Output::new(output)?;
        let (calls_to, calls) = Calls::new();
        let mut server = JoinSet::new();
        if let Some(listener) = prepared.listener.take() {
            let listener = TcpListener::from_std(listener)?;
            server.spawn(runtime_api::serve(listener, calls_to.clone()));
        }
        let mut env_vars = program.env_vars;
        env_vars.push(env_vars::runtime_api(address));
        let share = program.spin.cores().share(environment);
        let launch = Launch {
            id,
            program: program.path,
            env_vars,
            folder: program.folder,
            files: program.files,
            cpus: share.on.clone(),
            visible: share.visible.clone(),
        };
        let mut process = Process {
            id,
            sandboxes: sandboxes.clone(),
            api: Service::new(&program.config),
            calls,
            calls_to,
            events: prepared.take(),
            output,
            watch: None,
            limits: program.limits,
            config: program.config,
            spin: program.spin,
            environment,
            network,
            doors_known: 0,
            doors_pending: 0,
            doors: Vec::new(),
            share,
            exec: None,
            pid: None,
            ended: None,
            server,
        };
        process.ask_for_doors();
        process.sandboxes.guard.launch(launch, output_write);
        Ok(process)
    }

    /// Has the services accept inside that it does not know yet.
    fn ask_for_doors(&mut self) {
        if self.network == Network::Host {
            return;
        }
        for port in self.sandboxes.allowed.doors.ports_after(self.doors_known) {
            self.sandboxes.guard.listen(self.id, port);
            self.doors_known += 1;
            self.doors_pending += 1;
        }
    }

    /// Makes sure that all services that there are accept inside. What was asked for before the start is there by now.
    pub(crate) async fn open_doors(&mut self) {
        if self.doors_known == self.sandboxes.allowed.doors.count() || self.network == Network::Host
        {
            return;
        }
        self.ask_for_doors();
        while self.doors_pending > 0 && self.ended.is_none() {
            let event = self.events.recv().await;
            self.note(event).await;
        }
    }

    /// A socket listens inside of the environment.
    fn serve(&mut self, port: u16, listener: StdListener) {
        if port == RUNTIME_API_PORT {
            if let Ok(listener) = TcpListener::from_std(listener) {
                self.server.spawn(runtime_api::serve(listener, self.calls_to.clone()));
            }
            return;
        }
        self.doors_pending = self.doors_pending.saturating_sub(1);
        self.doors.extend(self.sandboxes.allowed.doors.accept(port, listener));
    }

    /// Waits for the next thing that matters. Cancel safe.
    ///
    /// Requests come before the end of the process, so that an answer counts even if the process exits right after it.
    pub(crate) async fn step(&mut self) -> Step {
        loop {
            tokio::select! {
                biased;
                Some(call) = self.calls.recv() => {
                    if let Some((outcome, reply)) = self.api.take(call) {
                        return Step::Api(outcome, reply);
                    }
                }
                end = ended(&self.ended) => return Step::Ended(end),
                event = self.events.recv() => self.note(event).await,
                () = self.output.fill() => {}
                () = due(&self.watch, &self.spin) => {
                    let found = self.watch.as_mut().map(Watch::look);
                    if found == Some(Found::OutOfMemory) {
                        return Step::Ended(End::OutOfMemory);
                    }
                }
            }
        }
    }

    async fn note(&mut self, heard: Option<Heard>) {
        match heard.map(|heard| (heard.event, heard.fd)) {
            Some((Event::Listening { port, .. }, Some(listener))) => {
                self.serve(port, listener.into());
            }
            Some((Event::Launched { pid, init, exec, .. }, _)) => {
                if exec.no_way_out {
                    self.sandboxes.allowed.no_way_out.fetch_add(1, Ordering::Relaxed);
                }
                (self.exec, self.pid) = (Some(exec), Some(pid));
                self.spin.cores().started(self.environment, pid, &self.share.on);
                let held = self.sandboxes.held(self.id, self.limits);
                self.watch = Some(Watch::new(self.limits, &self.config, pid, init, held));
            }
            Some((Event::LaunchFailed { message, .. }, _)) => {
                self.ended = Some(End::NotStarted(message));
            }
            Some((Event::Exited { status, .. }, _)) => {
                // What the process sent last is on its connections by now; let their tasks read it first.
                for _ in 0..16 {
                    tokio::task::yield_now().await;
                }
                self.ended = Some(End::Exit(status));
            }
            // The service cannot be reached where the function listens itself.
            Some((Event::Listening { .. }, None)) => {
                self.doors_pending = self.doors_pending.saturating_sub(1);
            }
            // Folders are removed under numbers of their own.
            Some((Event::Removed { .. }, _)) => {}
            None => self.ended = Some(End::GuardGone),
        }
    }

    /// How the program was executed; waits until the guard has told. `None` if it never was.
    pub(crate) async fn exec(&mut self) -> Option<Exec> {
        while self.exec.is_none() && self.ended.is_none() {
            let event = self.events.recv().await;
            self.note(event).await;
        }
        self.exec.clone()
    }

    /// Its number, once it runs.
    pub(crate) fn pid(&self) -> Option<i32> {
        self.pid
    }

    /// That files could not be mounted over others, if so.
    pub(crate) fn not_mounted(&self) -> Option<String> {
        let unmounted = self.exec.as_ref()?.unmounted;
        (unmounted > 0).then(|| {
            format!("{unmounted} files could not be mounted over those that everybody has mapped")
        })
    }

    /// What is known of the launch, whose init phase of `init_ns` has just ended.
    pub(crate) fn launch_facts(&mut self, init_ns: u64) -> LaunchFacts {
        let Share { on, visible, serving } = self.share.clone();
        let cpu_ns = self.cpu_ns();
        let Some((pid, exec)) = self.pid.zip(self.exec.clone()) else {
            return LaunchFacts::default();
        };
        let cpu_ns = cpu_ns.map(|cpu_ns| cpu_ns.saturating_sub(exec.cpu_ns));
        LaunchFacts {
            visible_cpus: Some(if exec.sees { visible.len() } else { on.len() }),
            cpus: on,
            serving_cpu: serving,
            init: init_parts(pid, init_ns, cpu_ns),
            page_cache: None,
        }
    }

    /// Ends the full speed of INIT. Must come before the first event; does nothing after it.
    pub(crate) fn limit_cpu(&mut self) -> Result<(), CgroupError> {
        self.watch.as_mut().map_or(Ok(()), Watch::limit_cpu)
    }

    /// Thaws the process and hands an event to the runtime, which must be ready. Returns the CPU time so far.
    pub(crate) fn hand_over(&mut self, event: NextEvent, now: u64) -> Option<u64> {
        let cpu_ns = self.watch.as_mut().and_then(|watch| watch.begin(now));
        self.api.hand_over(event, now);
        cpu_ns
    }

    /// The invocation is complete: freezes the process.
    pub(crate) fn freeze(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.end();
        }
    }

    /// Nobody needs the process for now: freezes it with all that it has started.
    pub(crate) fn rest(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.rest();
        }
    }

    /// When the process was held back by its CPU limit in this invocation.
    pub(crate) fn holds(&self) -> &[Interval] {
        self.watch.as_ref().map_or(&[], Watch::holds)
    }

    /// How long it was held back in this invocation, where only a total is known.
    pub(crate) fn throttled_total_ns(&self) -> Option<u64> {
        self.watch.as_ref()?.throttled_total_ns()
    }

    /// CPU time of the process and its known descendants so far.
    pub(crate) fn cpu_ns(&mut self) -> Option<u64> {
        self.watch.as_mut()?.cpu_ns()
    }

    /// The most memory so far, up to a millisecond ago if the next invocation follows at once.
    pub(crate) fn peak_bytes(&mut self, next_follows: bool) -> Option<u64> {
        self.watch.as_mut()?.peak_bytes(next_follows)
    }

    /// What an extension has reported before the process ended.
    pub(crate) fn extension_error(&self) -> Option<&'static str> {
        self.api.extension_error()
    }

    /// Ends the process in good order: where an extension has registered, it is thawed, gets SIGTERM, and has the time of the
    /// shutdown phase before it is killed.
    pub(crate) async fn shut_down(mut self) {
        let group = self.pid.and_then(Pid::from_raw).filter(|_| self.ended.is_none());
        if let Some(group) = group.filter(|_| self.api.has_extensions()) {
            if let Some(watch) = &mut self.watch {
                watch.begin(now_ns());
            }
            // To the group, as AWS's own emulator does it: a bootstrap may be a script that waits for the runtime.
            kill_process_group(group, Signal::TERM).ok();
            timeout(SHUTDOWN, self.run_to_its_end()).await.ok();
        }
        self.end().await;
    }

    async fn run_to_its_end(&mut self) {
        loop {
            match self.step().await {
                Step::Api(_, reply) => reply.into_iter().for_each(|reply| reply.send()),
                Step::Ended(_) => return,
            }
        }
    }

    /// Kills the process and everything that it started, and waits for its end.
    ///
    /// A process that waits for a device cannot be killed: after [`KILL_PATIENCE`] it is left to the guard, which is counted.
    pub(crate) async fn end(self) {
        self.end_within(KILL_PATIENCE).await;
    }

    async fn end_within(mut self, patience: Duration) {
        self.sandboxes.guard.kill(self.id);
        let ended = async {
            while self.ended.is_none() {
                let event = self.events.recv().await;
                self.note(event).await;
            }
        };
        if timeout(patience, ended).await.is_err() {
            self.sandboxes.left_alone();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ended.is_none() {
            self.sandboxes.guard.kill(self.id);
        }
    }
}

async fn due(watch: &Option<Watch>, spin: &Spin) {
    match watch {
        Some(watch) => watch.due(spin).await,
        None => std::future::pending().await,
    }
}

async fn ended(ended: &Option<End>) -> End {
    match ended {
        Some(end) => end.clone(),
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
