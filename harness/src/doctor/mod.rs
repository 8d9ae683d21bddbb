//! `kelvin doctor`: what this machine can enforce and build, and how close the CPU limit comes to AWS
//! and cold starts to those of an empty page cache.

mod as_called;
mod cold;
mod cpu_limit;
mod machine;
pub(crate) mod work;

use std::env;
use std::time::Duration;

use anyhow::Context;
use kelvin_emulator::cpu::CpuLimit;
use kelvin_emulator::{Emulator, GuardProgram, Limits, Options, Scaling};
use kelvin_lambda::{FunctionConfig, INIT_TIMEOUT, Invocation, MemorySize, Status, Timeout};
use kelvin_platform::{FunctionId, FunctionSpec, Gaps, InvokeRequest, PageCache, Platform};
use tokio::runtime::Runtime;

use crate::alone::Alone;
use crate::cli::{DoctorArgs, Mechanism};
use crate::exit::Exit;
use crate::run::temporary_folder;
use crate::signals::Stop;
use crate::terminal;

/// Rounds where none are given, as the help says.
const CPU_LIMIT_ROUNDS: u32 = 3;
const COLD_ROUNDS: u32 = 40;

pub(crate) fn doctor(args: &DoctorArgs) -> anyhow::Result<Exit> {
    if args.cpu_limit || args.as_called || args.cold {
        let stop = Stop::on_signals().context("failed to watch for signals")?;
        let limit = match args.with {
            Mechanism::Tick => CpuLimit::Tick,
            Mechanism::Cgroup => CpuLimit::Cgroup,
        };
        let mut alone = Alone::take(args.force)?;
        return if args.as_called {
            as_called::compare(limit, args.launches, &stop, &mut alone)
        } else if args.cold {
            cold::compare(limit, args.rounds.unwrap_or(COLD_ROUNDS), &stop, &mut alone)
        } else {
            let rounds = args.rounds.unwrap_or(CPU_LIMIT_ROUNDS);
            cpu_limit::compare(limit, rounds, &stop, &mut alone)
        };
    }
    let findings = machine::look();
    terminal::print(&machine::render(&findings))?;
    Ok(Exit::Done)
}

/// What stands over numbers that were measured beside another run.
const NOT_ALONE: &str =
    "NOT ALONE: another run was going on at the same time; these numbers are not to be trusted\n";

/// An emulator with the function that works for as long as it is told.
struct Patient {
    emulator: Emulator,
    runtime: Runtime,
}

impl Patient {
    fn new(limits: Limits) -> anyhow::Result<Patient> {
        let path = env::current_exe().context("failed to find this program")?;
        let options = Options {
            temporary_folder: temporary_folder(),
            limits,
            scaling: Scaling::default(),
            awake_cores: true,
            init_timeout: INIT_TIMEOUT,
            guard: GuardProgram { path, args: vec!["guard".to_owned()] },
            hidden: crate::run::hidden_folders(),
            left_out: Vec::new(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        Ok(Patient { emulator: Emulator::start(&options)?, runtime })
    }

    /// By which the CPU is limited, in the words of `run.json`.
    fn mechanism(&self) -> String {
        let enforcement = self.emulator.describe().enforcement;
        let cpu = enforcement.into_iter().find(|entry| entry.limit == "cpu");
        cpu.and_then(|entry| entry.by).unwrap_or_else(|| "nothing".to_owned())
    }

    /// By what a limit is enforced, and what there is to say of it.
    fn enforcement(&self, limit: &str) -> Option<(Option<String>, Option<String>)> {
        let enforcement = self.emulator.describe().enforcement;
        let entry = enforcement.into_iter().find(|entry| entry.limit == limit)?;
        Some((entry.by, entry.note))
    }

    /// Why a limit is not enforced; `None` if it is.
    fn not_enforced(&self, limit: &str) -> Option<String> {
        let enforcement = self.emulator.describe().enforcement;
        let entry = enforcement.into_iter().find(|entry| entry.limit == limit)?;
        entry.by.is_none().then(|| entry.note.unwrap_or_default())
    }

    fn deploy(&self, memory: MemorySize) -> anyhow::Result<FunctionId> {
        self.deploy_as(format!("work-{}", memory.mb()), memory)
    }

    /// No two functions have one name.
    fn deploy_as(&self, name: String, memory: MemorySize) -> anyhow::Result<FunctionId> {
        let mut config = FunctionConfig::new(name);
        config.memory_size = memory;
        config.timeout = Timeout::new(60)?;
        config.env_vars.insert(work::VARIABLE.to_owned(), "1".to_owned());
        let bootstrap = env::current_exe().context("failed to find this program")?;
        // INIT is not what is compared with AWS.
        let spec =
            FunctionSpec { page_cache: PageCache::Warm, ..FunctionSpec::new(config, bootstrap) };
        Ok(self.runtime.block_on(self.emulator.deploy(spec))?)
    }

    fn recycle(&self, function: FunctionId) -> anyhow::Result<()> {
        Ok(self.runtime.block_on(self.emulator.recycle(function))?)
    }

    fn remove(&self, function: FunctionId) -> anyhow::Result<()> {
        Ok(self.runtime.block_on(self.emulator.remove(function))?)
    }

    fn pause(&self, duration: Duration) -> anyhow::Result<()> {
        Ok(self.runtime.block_on(self.emulator.sleep(duration))?)
    }

    /// From now on the calling thread, which is the only one that drives it, stays away from the cores of functions.
    fn join(&self) {
        self.emulator.beside().join();
    }

    fn invoke(
        &self,
        function: FunctionId,
        work: &work::Work,
        gaps: Gaps,
    ) -> anyhow::Result<Invocation> {
        let payload = serde_json::to_vec(work)?.into();
        let request = InvokeRequest::new(payload);
        Ok(self.runtime.block_on(self.emulator.invoke(function, request, gaps))?)
    }

    /// Ends the function's process, but not its execution environment.
    fn crash(&self, function: FunctionId) -> anyhow::Result<()> {
        let last = work::Work { exit: true, ..work::Work::NONE };
        let invocation = self.invoke(function, &last, Gaps::NONE)?;
        anyhow::ensure!(invocation.status == Status::Crash, "a process that ends is a crash");
        Ok(())
    }

    fn work(&self, function: FunctionId, work: &work::Work) -> anyhow::Result<Invocation> {
        self.work_after(function, work, Gaps::NONE)
    }

    /// The same when the first of these gaps has passed.
    fn work_after(
        &self,
        function: FunctionId,
        work: &work::Work,
        gaps: Gaps,
    ) -> anyhow::Result<Invocation> {
        let invocation = self.invoke(function, work, gaps)?;
        let error =
            invocation.error.as_ref().map(|error| error.message.as_str()).unwrap_or_default();
        anyhow::ensure!(invocation.status == Status::Ok, "the function failed: {error}");
        Ok(invocation)
    }
}
