//! `kelvin run`.

mod answers;
mod builds;
mod changed;
pub(crate) mod check;
mod dry;
mod finish;
mod go_on;
mod host;
mod kept;
mod launches;
mod limits;
mod noise;
mod recorder;
mod replay;
mod resume;
mod rungs;
mod services;
mod settings;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::{env, fs};

use anyhow::{Context, anyhow};
use kelvin_emulator::{Beside, Emulator, GuardProgram, Options, Scaling, is_on_disk};
use kelvin_lambda::{INIT_TIMEOUT, US_EAST_1};
use kelvin_platform::Platform;
use kelvin_record::RecordError;
use kelvin_scenario::{ErrorKind, RunOptions, ScenarioError, Script};
use tokio::runtime::Runtime;

use crate::alone::Alone;
use crate::cli::{AwakeCores, Format, LimitArgs, RunArgs};
use crate::exit::{Exit, Interrupted};
use crate::progress::{Conditions, Progress};
use crate::run::builds::Builds;
use crate::run::finish::Ending;
use crate::run::go_on::GoOn;
use crate::run::host::RunHost;
use crate::run::kept::Continued;
use crate::run::recorder::Recorder;
use crate::run::replay::Replay;
use crate::run::resume::{Changed, Resumed};
use crate::run::services::Services;
use crate::runtimes::Runtimes;
use crate::signals::Stop;
use crate::{scenario_help, shipped, terminal};

/// The scenario that is run where none is named.
const DEFAULT_SCENARIO: &str = "cold-warm";

/// What was asked for, checked as far as it can be before anything starts.
struct RunConfig {
    script: Script,
    options: RunOptions,
    /// What the run goes on from.
    resumed: Option<Resumed>,
    out: PathBuf,
    format: Format,
    /// The script, if not from this binary.
    script_path: Option<PathBuf>,
    inconclusive: bool,
    go_on: GoOn,
    progress: Progress,
    stop: Stop,
    limits: LimitArgs,
    keep_payloads: bool,
    force: bool,
    /// Drives what the script waits for.
    _runtime: Runtime,
}

impl RunConfig {
    fn new(args: RunArgs) -> anyhow::Result<RunConfig> {
        let runtime = RunConfig::runtime()?;
        let stop = Stop::on_signals().context("failed to watch for signals")?;
        let go_on = GoOn::of(&args);
        let seed = args.seed.unwrap_or_else(drawn_seed).into();
        let mut options = RunConfig::options(&args.settings, seed, &runtime, &stop)?;
        let mut limits = args.limits;
        let mut resumed = args.resume.map(|name| Resumed::open(&name, &args.out)).transpose()?;
        let (script, script_path) = match &mut resumed {
            Some(resumed) => {
                limits = limits::of_record(&resumed.limits, &limits)?;
                options.seed = resumed.seed;
                options.settings = std::mem::take(&mut resumed.settings);
                (resumed.script.clone(), resumed.script_path.take())
            }
            None => {
                let named = args.scenario.as_deref().unwrap_or(DEFAULT_SCENARIO);
                let is_path = !shipped::is_shipped(named);
                (shipped::find(named)?, is_path.then(|| PathBuf::from(named)))
            }
        };
        let keep_payloads =
            args.keep_payloads || resumed.as_ref().is_some_and(|resumed| resumed.keep_payloads);
        options.limits.run_time = args.time_limit.unwrap_or(options.limits.run_time);
        options.gap = limits.gap;
        options.page_cache = limits.page_cache.map(limits::page_cache);
        let interactive = terminal::stderr_is_interactive();
        let progress = Progress::new(Conditions { quiet: args.quiet, interactive });
        Ok(RunConfig {
            script,
            options,
            resumed,
            out: args.out,
            format: args.format,
            script_path,
            inconclusive: args.inconclusive,
            go_on,
            progress,
            stop,
            limits,
            keep_payloads,
            force: args.force,
            _runtime: runtime,
        })
    }

    fn runtime() -> anyhow::Result<Runtime> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        Ok(builder.worker_threads(1).enable_time().build()?)
    }

    fn options(
        typed: &[String],
        seed: u64,
        runtime: &Runtime,
        stop: &Stop,
    ) -> anyhow::Result<RunOptions> {
        let mut options = RunOptions::new(runtime.handle().clone(), stop.watch.clone());
        options.settings = settings::parse(typed)?;
        options.seed = seed;
        options.prices = US_EAST_1();
        Ok(options)
    }
}

pub(crate) fn run(args: RunArgs) -> anyhow::Result<Exit> {
    if args.help {
        return help(args.scenario.as_deref());
    }
    let dry_run = args.dry_run;
    let config = match RunConfig::new(args) {
        Ok(config) => config,
        Err(error) => return shown(error),
    };
    if dry_run { dry::run(&config) } else { measure(config) }
}

/// Of the command, or of the scenario that is named.
fn help(scenario: Option<&str>) -> anyhow::Result<Exit> {
    let text = match scenario {
        None => scenario_help::of_run(),
        Some(named) => {
            let script = shipped::find(named);
            let help = script.and_then(|script| {
                let parameters = script.parameters()?;
                Ok(scenario_help::of(&script, named, &parameters))
            });
            match help {
                Ok(help) => help,
                Err(error) => return shown(error),
            }
        }
    };
    terminal::print(&text)?;
    Ok(Exit::Done)
}

/// An error of a script is shown with its line, any other as usual.
fn shown(error: anyhow::Error) -> anyhow::Result<Exit> {
    let error: ScenarioError = error.downcast()?;
    if error.kind == ErrorKind::Stopped {
        return Err(Interrupted.into());
    }
    terminal::complain(&error.render());
    Ok(Exit::NotCarriedOut)
}

fn measure(config: RunConfig) -> anyhow::Result<Exit> {
    // What is resumed has waited for a part of it already.
    if config.resumed.is_none()
        && let Err(error) = dry::look_ahead(&config.script, &config.options)
    {
        return shown(error.into());
    }
    // At once, and not when the first workload has been built.
    fs::create_dir_all(&config.out).with_context(|| {
        format!("failed to make the folder {} for results", config.out.display())
    })?;
    let settings = match config.script.parameters() {
        Ok(parameters) => settings::effective(&parameters, &config.options.settings),
        Err(error) => return shown(error.into()),
    };
    let mut alone = Alone::take(config.force)?;
    let RunConfig {
        script,
        script_path,
        options,
        resumed,
        out,
        progress,
        stop,
        limits,
        keep_payloads,
        _runtime,
        ..
    } = config;
    let ending =
        Ending { format: config.format, inconclusive: config.inconclusive, go_on: config.go_on };
    let scaling = limits::scaling(&limits, options.seed);
    let emulator = Arc::new(Emulator::start(&Options {
        left_out: vec![out.clone()],
        ..emulator_options(&limits, scaling)?
    })?);
    limits::check(&limits.require, &emulator.describe())?;
    let beside = emulator.beside();
    keep_beside(&beside, &options.runtime);
    let mut recorder = Recorder::new(&out, &script, options.seed, settings, &*emulator);
    recorder.set_script_path(script_path.as_deref());
    recorder.set_limits(limits::to_record(&limits));
    if keep_payloads {
        recorder.keep_payloads();
    }
    recorder.set_other_runs(alone.others());
    let builds = Builds::new(current_folder()?, emulator.left_out().to_vec(), stop.clone());
    let runtimes = Runtimes::new(emulator.folder(), emulator.left_out().to_vec());
    let services = Services::new(&options, emulator.folder(), emulator.doors());
    let mut rungs = BTreeMap::new();
    let mut replay = None;
    if let Some(resumed) = resumed {
        resumed.check_platform(&emulator.describe())?;
        let Resumed {
            run_id,
            changed,
            continued: Continued { kept, answers, rungs: kept_rungs, offset_ns },
            ..
        } = resumed;
        if let Some(Changed { message, is_known }) = changed {
            progress.say(&message);
            if is_known {
                recorder.note(&message);
            }
        }
        let launches = kept.launches.len();
        progress.busy(format!("going on from run {run_id}, launches on record: {launches}"));
        rungs = kept_rungs;
        replay = Some(Arc::new(Replay::new(Arc::clone(&emulator) as _, &kept.functions, answers)));
        recorder.resume(run_id, kept, offset_ns);
    }
    let on: Arc<dyn Platform> = match &replay {
        Some(replay) => Arc::clone(replay) as _,
        None => Arc::clone(&emulator) as _,
    };
    let host = RunHost::new(builds, runtimes, recorder, services, progress, beside.clone());
    let host = host.with_rungs(rungs);
    let host = Arc::new(host);
    let ended = script.run(options, on, Arc::clone(&host) as _).map(drop);
    let ended = ended.and_then(|()| replay.as_ref().map_or(Ok(()), |replay| replay.check_end()));
    let platform = emulator.describe();
    // First of all nothing may be left running, whatever becomes of the records.
    drop(replay);
    drop(emulator);
    let host =
        Arc::into_inner(host).ok_or_else(|| anyhow!("the script still runs after its end"))?;
    let (mut recorder, progress, lost) = host.into_parts();
    progress.finish();
    let ended = ended.and(lost.map_or(Ok(()), |error| Err(not_recorded(error))));
    recorder.set_other_runs(alone.others());
    finish::finish(recorder, ended, platform, &ending)
}

/// Keeps the threads of this program that are awake in a run away from the cores of functions: this one, on which the script
/// runs and records are written, and that of the runtime.
fn keep_beside(beside: &Beside, runtime: &tokio::runtime::Handle) {
    let of_runtime = beside.clone();
    runtime.block_on(runtime.spawn(async move { of_runtime.join() })).ok();
    beside.join();
}

fn not_recorded(error: RecordError) -> ScenarioError {
    let message = "failed to record the run".to_owned();
    ScenarioError { kind: ErrorKind::Host, message, place: None, cause: Some(Box::new(error)) }
}

fn emulator_options(args: &LimitArgs, scaling: Scaling) -> anyhow::Result<Options> {
    let path =
        env::current_exe().context("failed to find this program, which is also the guard")?;
    Ok(Options {
        temporary_folder: temporary_folder(),
        limits: limits::wanted(args),
        scaling,
        awake_cores: args.awake_cores.unwrap_or_default() == AwakeCores::Auto,
        init_timeout: INIT_TIMEOUT,
        guard: GuardProgram { path, args: vec!["guard".to_owned()] },
        hidden: hidden_folders(),
        left_out: Vec::new(),
    })
}

/// What functions must not see besides the folders of this machine's users: theirs who measures, and where they are.
pub(crate) fn hidden_folders() -> Vec<PathBuf> {
    env::home_dir().into_iter().chain(env::current_dir()).collect()
}

/// In which workspaces are looked for.
fn current_folder() -> anyhow::Result<PathBuf> {
    env::current_dir().context("failed to find the current folder")
}

/// Where environments have their folders: on a disk if there is one, as nothing that is in memory can leave the page cache.
pub(crate) fn temporary_folder() -> PathBuf {
    let candidates = [env::temp_dir(), PathBuf::from("/var/tmp")];
    let on_disk = candidates.into_iter().find(|folder| is_on_disk(folder).unwrap_or(false));
    on_disk.unwrap_or_else(env::temp_dir)
}

fn drawn_seed() -> u32 {
    let random = uuid::Uuid::new_v4();
    random.as_fields().0
}
