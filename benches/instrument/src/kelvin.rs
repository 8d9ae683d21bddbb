//! Kelvin's emulator as a contestant.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use bytes::Bytes;
use kelvin_emulator::cpu::CpuLimit;
use kelvin_emulator::{Emulator, GuardProgram, Limits, Options, Scaling};
use kelvin_lambda::{FunctionConfig, Invocation, MemorySize, Status, Timeout};
use kelvin_platform::{
    FunctionId, FunctionSpec, Gaps, InvokeRequest, LoadPlan, LoadShape, PageCache, Platform,
    RepeatPlan,
};

use crate::contest::{Contestant, Role};
use crate::{ANSWER, EVENT};

/// The first argument of this program when it runs as the emulator's guard.
pub(crate) const GUARD: &str = "guard";

/// Nothing is enforced.
pub(crate) const NONE: Limits =
    Limits { cpu: CpuLimit::Off, memory: false, freeze: false, files: false };
/// Processes are stopped between invocations.
pub(crate) const FREEZE: Limits = Limits { freeze: true, ..NONE };
/// Everything is enforced.
pub(crate) const ALL: Limits =
    Limits { cpu: CpuLimit::Tick, memory: true, freeze: true, files: true };

/// An emulator with one function.
#[derive(Debug)]
pub(crate) struct Kelvin {
    emulator: Emulator,
    runtime: tokio::runtime::Runtime,
    function: FunctionId,
}

impl Kelvin {
    /// Deploys the bootstrap with 1,769 MB, one vCPU.
    pub(crate) fn start(bootstrap: &Path, limits: Limits) -> anyhow::Result<Kelvin> {
        Kelvin::start_with(bootstrap, limits, true)
    }

    /// `awake_cores` is whether idle cores are kept from sleeping.
    pub(crate) fn start_with(
        bootstrap: &Path,
        limits: Limits,
        awake_cores: bool,
    ) -> anyhow::Result<Kelvin> {
        Kelvin::start_scaled(bootstrap, limits, awake_cores, Scaling::default())
    }

    /// `scaling` is when environments come and go.
    pub(crate) fn start_scaled(
        bootstrap: &Path,
        limits: Limits,
        awake_cores: bool,
        scaling: Scaling,
    ) -> anyhow::Result<Kelvin> {
        let path = std::env::current_exe()?;
        let emulator = Emulator::start(&Options {
            temporary_folder: std::env::temp_dir(),
            limits,
            scaling,
            awake_cores,
            init_timeout: kelvin_lambda::INIT_TIMEOUT,
            guard: GuardProgram { path, args: vec![GUARD.to_owned()] },
            hidden: Vec::new(),
            left_out: Vec::new(),
        })?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut config = FunctionConfig::new("hello");
        config.memory_size = MemorySize::ONE_VCPU;
        config.timeout = Timeout::new(30)?;
        let spec = FunctionSpec {
            page_cache: PageCache::Warm,
            ..FunctionSpec::new(config, bootstrap.to_owned())
        };
        let function = runtime.block_on(emulator.deploy(spec)).context("deploy")?;
        Ok(Kelvin { emulator, runtime, function })
    }

    /// Invokes in the emulator's native loop. `each` gets every invocation, all of which have succeeded.
    pub(crate) fn repeat(
        &self,
        invocations: u64,
        each: impl FnMut(&Invocation) + Send,
    ) -> anyhow::Result<()> {
        self.repeat_with(invocations, Gaps::NONE, each)
    }

    /// The same with a gap before each.
    pub(crate) fn repeat_with(
        &self,
        invocations: u64,
        gaps: Gaps,
        mut each: impl FnMut(&Invocation) + Send,
    ) -> anyhow::Result<()> {
        let mut first_wrong = None;
        let mut sink = |batch: Vec<Invocation>| {
            for invocation in batch {
                if invocation.status == Status::Ok && invocation.response == ANSWER {
                    each(&invocation);
                } else {
                    first_wrong.get_or_insert(invocation);
                }
            }
        };
        let plan = RepeatPlan { request: request(), invocations, gaps };
        let repeated = self.emulator.repeat(self.function, plan, &mut sink);
        self.runtime.block_on(repeated)?;
        ensure!(first_wrong.is_none(), "an invocation failed: {first_wrong:?}");
        Ok(())
    }

    /// Puts the function under load. `each` gets every invocation, good or failed.
    pub(crate) fn load(
        &self,
        requests: Vec<InvokeRequest>,
        shape: LoadShape,
        mut each: impl FnMut(&Invocation) + Send,
    ) -> anyhow::Result<()> {
        let mut sink = |batch: Vec<Invocation>| batch.iter().for_each(&mut each);
        let load = self.emulator.load(self.function, LoadPlan { requests, shape }, &mut sink);
        self.runtime.block_on(load)?;
        Ok(())
    }

    /// Invokes once, after a pause, as a script does that pauses.
    pub(crate) fn invoke_after(&self, pause: Duration) -> anyhow::Result<Invocation> {
        let invoked = async {
            if !pause.is_zero() {
                self.emulator.sleep(pause).await?;
            }
            self.emulator.invoke(self.function, request(), Gaps::NONE).await
        };
        let invocation = self.runtime.block_on(invoked)?;
        ensure!(invocation.status == Status::Ok, "an invocation failed: {invocation:?}");
        Ok(invocation)
    }

    /// From now on the calling thread stays away from the cores of functions, as the threads of `kelvin run` do.
    pub(crate) fn join(&self) {
        self.emulator.beside().join();
    }

    /// Holds the files of its environments.
    pub(crate) fn folder(&self) -> &Path {
        self.emulator.folder()
    }

    /// The first invocation of a new execution environment.
    pub(crate) fn cold(&self) -> anyhow::Result<Invocation> {
        self.runtime.block_on(self.emulator.recycle(self.function))?;
        let invoked = self.emulator.invoke(self.function, request(), Gaps::NONE);
        let invocation = self.runtime.block_on(invoked)?;
        ensure!(invocation.status == Status::Ok, "a cold start failed: {invocation:?}");
        Ok(invocation)
    }
}

pub(crate) fn request() -> InvokeRequest {
    InvokeRequest::new(Bytes::from_static(EVENT))
}

impl Contestant for Kelvin {
    fn role(&self) -> Role {
        Role::Kelvin
    }

    fn repeat(&mut self, invocations: u64, latencies: &mut Vec<u64>) -> anyhow::Result<()> {
        Kelvin::repeat(self, invocations, |invocation| {
            latencies.push(invocation.timing.latency_ns);
        })
    }
}
