//! An emulator with one function, driven from a test.

use std::path::PathBuf;

use bytes::Bytes;
use kelvin_emulator::cpu::CpuLimit;
use kelvin_emulator::{Emulator, GuardProgram, Limits, Options, StartError};
use kelvin_lambda::{FunctionConfig, Invocation, Start, Status, Timeout};
use kelvin_platform::{FunctionId, FunctionSpec, InvokeRequest, Platform, RepeatPlan};
use tempfile::TempDir;

pub(crate) struct Kit {
    pub emulator: Emulator,
    pub runtime: tokio::runtime::Runtime,
    pub folder: TempDir,
}

/// Without limits: what most tests are about does not depend on them.
pub(crate) fn kit() -> Kit {
    kit_with(Limits { cpu: CpuLimit::Off, memory: false, freeze: false })
}

pub(crate) fn kit_with(limits: Limits) -> Kit {
    try_kit_with(limits).expect("the emulator starts")
}

pub(crate) fn try_kit_with(limits: Limits) -> Result<Kit, StartError> {
    let folder = TempDir::new().expect("a temporary folder");
    let options = Options {
        temporary_folder: folder.path().to_owned(),
        limits,
        guard: GuardProgram {
            path: env!("CARGO_BIN_EXE_kelvin-test-guard").into(),
            args: Vec::new(),
        },
    };
    let emulator = Emulator::start(&options)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(Kit { emulator, runtime: runtime.expect("a runtime"), folder })
}

impl Kit {
    /// Deploys the function that misbehaves on demand.
    pub(crate) fn deploy(&self, change: impl FnOnce(&mut FunctionConfig)) -> FunctionId {
        self.deploy_bootstrap(env!("CARGO_BIN_EXE_kelvin-test-function").into(), change)
    }

    pub(crate) fn deploy_bootstrap(
        &self,
        bootstrap: PathBuf,
        change: impl FnOnce(&mut FunctionConfig),
    ) -> FunctionId {
        let mut config = FunctionConfig::new("function");
        config.timeout = Timeout::new(30).expect("in range");
        change(&mut config);
        let spec = FunctionSpec { config, bootstrap };
        self.runtime.block_on(self.emulator.deploy(spec)).expect("the function can be deployed")
    }

    /// Invokes with the JSON string `what`.
    pub(crate) fn invoke(&self, function: FunctionId, what: &str) -> Invocation {
        let request = InvokeRequest { payload: Bytes::from(format!("\"{what}\"")), log_tail: true };
        self.runtime.block_on(self.emulator.invoke(function, request)).expect("the emulator works")
    }

    pub(crate) fn repeat(
        &self,
        function: FunctionId,
        what: &str,
        invocations: u64,
    ) -> Vec<Invocation> {
        let request =
            InvokeRequest { payload: Bytes::from(format!("\"{what}\"")), log_tail: false };
        let mut all = Vec::new();
        let mut sink = |batch| all.extend(batch);
        let repeated =
            self.emulator.repeat(function, RepeatPlan { request, invocations }, &mut sink);
        self.runtime.block_on(repeated).expect("the emulator works");
        all
    }

    pub(crate) fn recycle(&self, function: FunctionId) {
        self.runtime.block_on(self.emulator.recycle(function)).expect("the emulator works");
    }
}

/// Status, start and response of an invocation, for comparison.
pub(crate) fn seen(invocation: &Invocation) -> (Status, Start, String) {
    let response = String::from_utf8_lossy(&invocation.response);
    let response = response.replace(&invocation.request_id, "ID");
    (invocation.status, invocation.start, response)
}
