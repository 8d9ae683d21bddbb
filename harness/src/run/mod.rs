//! `kelvin run`.

mod answers;
mod builds;
mod dry;
mod host;
mod limits;
mod recorder;
mod rungs;
mod services;
mod settings;

use std::path::PathBuf;
use std::sync::Arc;
use std::{env, fs};

use anyhow::{Context, anyhow};
use kelvin_emulator::{Emulator, GuardProgram, Limits, Options, Scaling};
use kelvin_lambda::{INIT_TIMEOUT, US_EAST_1};
use kelvin_platform::Platform;
use kelvin_record::{RunStatus, Summary};
use kelvin_report::summarise;
use kelvin_scenario::{ErrorKind, RunOptions, ScenarioError, Script};
use tokio::runtime::Runtime;

use crate::cli::{Format, RunArgs};
use crate::exit::Exit;
use crate::progress::{Conditions, Progress};
use crate::run::builds::Builds;
use crate::run::host::RunHost;
use crate::run::recorder::Recorder;
use crate::run::services::Services;
use crate::signals::Stop;
use crate::{report, shipped, terminal};

/// What was asked for, checked as far as it can be before anything starts.
struct RunConfig {
    script: Script,
    options: RunOptions,
    out: PathBuf,
    format: Format,
    progress: Progress,
    stop: Stop,
    limits: Limits,
    scaling: Scaling,
    require: Vec<String>,
    /// Drives what the script waits for.
    _runtime: Runtime,
}

impl RunConfig {
    fn new(args: RunArgs) -> anyhow::Result<RunConfig> {
        let script = shipped::find(&args.scenario)?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build()?;
        let stop = Stop::on_signals().context("failed to watch for signals")?;
        let mut options = RunOptions::new(runtime.handle().clone(), stop.watch.clone());
        options.settings = settings::parse(&args.settings)?;
        options.seed = u64::from(args.seed.unwrap_or_else(drawn_seed));
        options.folder = env::current_dir().context("failed to find the current folder")?;
        options.prices = US_EAST_1();
        let interactive = terminal::stderr_is_interactive();
        let progress = Progress::new(Conditions { quiet: args.quiet, interactive });
        let scaling = limits::scaling(&args.limits, options.seed);
        Ok(RunConfig {
            script,
            options,
            out: args.out,
            format: args.format,
            progress,
            stop,
            limits: limits::wanted(&args.limits),
            scaling,
            require: args.limits.require,
            _runtime: runtime,
        })
    }
}

pub(crate) fn run(args: RunArgs) -> anyhow::Result<Exit> {
    let dry_run = args.dry_run;
    let config = match RunConfig::new(args) {
        Ok(config) => config,
        Err(error) => return shown(error),
    };
    if dry_run { dry::run(&config) } else { measure(config) }
}

/// An error of a script is shown with its line, any other as usual.
fn shown(error: anyhow::Error) -> anyhow::Result<Exit> {
    let error: ScenarioError = error.downcast()?;
    terminal::complain(&error.render());
    Ok(Exit::NotCarriedOut)
}

fn measure(config: RunConfig) -> anyhow::Result<Exit> {
    // At once, and not when the first workload has been built.
    fs::create_dir_all(&config.out).with_context(|| {
        format!("failed to make the folder {} for results", config.out.display())
    })?;
    let RunConfig {
        script,
        options,
        out,
        format,
        progress,
        stop,
        limits,
        scaling,
        require,
        _runtime,
    } = config;
    let settings = match script.parameters() {
        Ok(parameters) => settings::effective(&parameters, &options.settings),
        Err(error) => return shown(error.into()),
    };
    let emulator = Arc::new(Emulator::start(&emulator_options(limits, scaling)?)?);
    limits::check(&require, &emulator.describe())?;
    let recorder = Recorder::new(&out, &script, options.seed, settings, &*emulator);
    let builds = Builds::new(options.folder.clone(), stop.clone());
    let services = Services::new(&options, emulator.folder());
    let host = Arc::new(RunHost::new(builds, recorder, services, progress));
    let ended =
        script.run(options, Arc::clone(&emulator) as Arc<dyn Platform>, Arc::clone(&host) as _);
    let platform = emulator.describe();
    // First of all nothing may be left running, whatever becomes of the records.
    drop(emulator);
    let host =
        Arc::into_inner(host).ok_or_else(|| anyhow!("the script still runs after its end"))?;
    finish(host, ended.map(drop), platform, format)
}

/// Completes the records and prints what there is to say.
fn finish(
    host: RunHost,
    ended: Result<(), ScenarioError>,
    platform: kelvin_lambda::PlatformFacts,
    format: Format,
) -> anyhow::Result<Exit> {
    let (recorder, progress) = host.into_parts();
    progress.finish();
    let error = ended.err();
    let stopped = error.as_ref().is_some_and(|error| error.kind == ErrorKind::Stopped);
    let status = match &error {
        Some(_) if stopped => Some(RunStatus::Interrupted),
        Some(_) => Some(RunStatus::Failed),
        None => None,
    };
    let message = error.as_ref().filter(|_| !stopped).map(ToString::to_string);
    let finished = recorder.finish(platform, status, message, summarise)?;
    let status = match &finished {
        Some(finished) => {
            print(&finished.run, &finished.summary, format)?;
            Some(finished.run.record.status)
        }
        None => None,
    };
    if stopped {
        terminal::complain("interrupted");
    } else if let Some(error) = &error {
        terminal::complain(&error.render());
    } else if finished.is_none() {
        terminal::complain("the scenario deployed no function: there is nothing to report");
    }
    if let Some(finished) = &finished {
        terminal::complain(&format!("recorded in {}", finished.directory.display()));
    }
    Ok(match status {
        _ if error.is_some() => Exit::NotCarriedOut,
        Some(RunStatus::InvocationsFailed) => Exit::InvocationsFailed,
        Some(RunStatus::ChecksFailed) => Exit::CheckFailed,
        _ => Exit::Done,
    })
}

fn print(run: &kelvin_record::Run, summary: &Summary, format: Format) -> anyhow::Result<()> {
    if run.invocations.is_empty() && run.incomplete == 0 && format == Format::Text {
        return Ok(());
    }
    report::print(run, summary, format)
}

fn emulator_options(limits: Limits, scaling: Scaling) -> anyhow::Result<Options> {
    let path =
        env::current_exe().context("failed to find this program, which is also the guard")?;
    Ok(Options {
        temporary_folder: env::temp_dir(),
        limits,
        scaling,
        init_timeout: INIT_TIMEOUT,
        guard: GuardProgram { path, args: vec!["guard".to_owned()] },
    })
}

fn drawn_seed() -> u32 {
    let random = uuid::Uuid::new_v4();
    random.as_fields().0
}
