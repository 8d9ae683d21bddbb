//! The guard as a program of its own, for the tests of this crate; and an emulator that waits to be killed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kelvin_emulator::cpu::CpuLimit;
use kelvin_emulator::{Emulator, GuardProgram, Limits, Options, Scaling};
use kelvin_lambda::{FunctionConfig, INIT_TIMEOUT, Timeout};
use kelvin_platform::{
    FunctionSpec, Gaps, InvokeRequest, LoadEnd, LoadPlan, LoadShape, Network, PageCache, Platform,
};

type Error = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let done = match args.as_slice() {
        [root] => kelvin_emulator::guard::main(root).map_err(Error::from),
        [folder, bootstrap, event] => emulate(folder, bootstrap, &event.to_string_lossy()),
        _ => return ExitCode::from(2),
    };
    if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Sends the event from forty clients, of which none ever gets an answer.
fn emulate(folder: &Path, bootstrap: &Path, event: &str) -> Result<(), Error> {
    let guard = GuardProgram { path: std::env::current_exe()?, args: Vec::new() };
    let emulator = Emulator::start(&Options {
        temporary_folder: folder.to_owned(),
        limits: Limits { cpu: CpuLimit::Tick, memory: true, freeze: true, files: true },
        scaling: Scaling::default(),
        awake_cores: false,
        init_timeout: INIT_TIMEOUT,
        guard,
        hidden: Vec::new(),
        left_out: Vec::new(),
    })?;
    let mut config = FunctionConfig::new("function");
    config.timeout = Timeout::new(900)?;
    let spec = FunctionSpec {
        page_cache: PageCache::Warm,
        // They knock at a port of whoever has started this.
        network: Some(Network::Host),
        ..FunctionSpec::new(config, bootstrap.to_owned())
    };
    let payload = format!("\"{event}\"").into_bytes().into();
    let request = InvokeRequest::new(payload);
    let until = LoadEnd::Invocations(40);
    let plan = LoadPlan {
        requests: vec![request],
        shape: LoadShape::Closed { clients: 40, until, gaps: Gaps::NONE },
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let function = emulator.deploy(spec).await?;
        emulator.load(function, plan, &mut |_| ()).await
    })?;
    Ok(())
}
