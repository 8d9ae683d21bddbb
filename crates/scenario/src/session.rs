//! One run of a script: its outside, its limits, and what it has done so far.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use kelvin_lambda::{Invocation, PriceTable, Status};
use kelvin_platform::{FunctionId, Gap, PageCache, Platform, PlatformError, PlatformFuture};
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext, Position};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::chance::{Chance, Purpose};
use crate::function::Deployed;
use crate::kept::KeptOf;
use crate::parameters::{self, Parameter};
use crate::tally::Tally;
use crate::threshold::Threshold;
use crate::{
    Batch, Host, HostError, Limits, Measure, NoFolder, OfLoad, Outcome, RunOptions, ScriptFolder,
    Slot, memory, parallel,
};

/// What functions of the language return.
pub(crate) type Raised<T> = Result<T, Box<EvalAltResult>>;

/// How often a loop on the platform looks for the memory that is left.
const INVOCATIONS_BETWEEN_LOOKS: u64 = 1024;

/// A run, shared by all functions of the language.
pub(crate) struct Session {
    pub(crate) outside: Option<Outside>,
    settings: BTreeMap<String, Vec<String>>,
    pub(crate) seed: u64,
    /// For what the script itself draws.
    pub(crate) chance: Mutex<Chance>,
    pub(crate) limits: Limits,
    /// What lies beside the script.
    pub(crate) beside: Arc<dyn ScriptFolder>,
    pub(crate) prices: PriceTable,
    /// Of the command line.
    pub(crate) gap: Option<Gap>,
    pub(crate) page_cache: Option<PageCache>,
    /// How long the script may be evaluated on a nominal platform.
    pub(crate) nominal: Option<Duration>,
    /// Whether the script knows something that was measured.
    pub(crate) has_read: AtomicBool,
    pub(crate) started: Instant,
    pub(crate) memory_at_start: Option<u64>,
    pub(crate) operations: AtomicU64,
    /// Set once the script must not go on.
    pub(crate) over: AtomicBool,
    state: Mutex<State>,
}

/// What a run can reach.
pub(crate) struct Outside {
    pub(crate) platform: Arc<dyn Platform>,
    pub(crate) host: Arc<dyn Host>,
    runtime: Handle,
    pub(crate) stop: watch::Receiver<bool>,
}

/// What a run has done so far.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) halt: Option<(Halt, Option<Call>)>,
    declared: Option<Vec<Parameter>>,
    parameters_known: bool,
    /// The first call that reached outside.
    begun: Option<&'static str>,
    pub(crate) names: BTreeSet<String>,
    /// What functions must know of the services that were started.
    pub(crate) service_env_vars: BTreeMap<String, String>,
    pub(crate) expectations: Vec<Expectation>,
    pub(crate) slot: Option<Slot>,
    pub(crate) calls_of_blocks: u64,
    pub(crate) thresholds: Vec<Threshold>,
    loads: u64,
    loads_of: BTreeMap<FunctionId, u64>,
    loops_of: BTreeMap<FunctionId, u64>,
    /// Of the scenario.
    pub(crate) gap: Option<Gap>,
    pub(crate) page_cache: Option<PageCache>,
    tallies: BTreeMap<FunctionId, Tally>,
    pub(crate) calls_of_event: u64,
    pub(crate) calls_of_template: u64,
    pub(crate) kept: KeptOf,
    /// How long the run would wait so far, of an evaluation.
    pub(crate) waited: Duration,
    pub(crate) outcome: Outcome,
}

impl State {
    /// The number of a new load.
    pub(crate) fn next_load(&mut self) -> u64 {
        self.loads += 1;
        self.loads - 1
    }

    /// The stream of chance of a function's new load: its own, so that loads at the same time do not depend on who is faster.
    pub(crate) fn next_load_of(&mut self, function: FunctionId) -> u64 {
        let loads = self.loads_of.entry(function).or_default();
        *loads += 1;
        (u64::from(function.0) << 32) | (*loads - 1)
    }

    /// The stream of chance of a function's new loop, likewise.
    pub(crate) fn next_loop_of(&mut self, function: FunctionId) -> u64 {
        let loops = self.loops_of.entry(function).or_default();
        *loops += 1;
        (u64::from(function.0) << 32) | (*loops - 1)
    }

    /// What was recorded of a function so far.
    pub(crate) fn tally(&mut self, function: FunctionId) -> &Tally {
        self.tallies.entry(function).or_default()
    }

    /// The `expect_status()` that the running thread, or the one that started it, is in.
    fn expectation(&mut self) -> Option<&mut Expectation> {
        self.expectations.iter_mut().rev().find(|e| parallel::concerns_me(e.thread))
    }
}

/// How invocations were sent.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) case: Option<&'a str>,
    pub(crate) load: Option<OfLoad<'a>>,
    /// What lay between them, in a closed loop.
    pub(crate) gap: Option<Gap>,
}

/// An `expect_status()` that is being evaluated.
pub(crate) struct Expectation {
    pub(crate) status: Status,
    pub(crate) met: bool,
    /// On which it was called.
    pub(crate) thread: ThreadId,
}

/// A call of a function of the language.
pub(crate) struct Call {
    pub(crate) function: String,
    /// The module that it is in, as the interpreter has it, which does not know where closures come from.
    pub(crate) module: Option<String>,
    pub(crate) position: Position,
}

/// Why a function of the language fails.
pub(crate) enum Fault {
    /// The script is wrong; it may catch this.
    Mistake(String),
    /// The run ends; no script can catch this.
    Halt(Halt),
    /// Only the parameters were wanted, and they are declared or will not be.
    ParametersKnown,
    /// Another closure of `parallel()` has failed; this one ends, and the script may go on.
    BesideFailed,
}

/// Why a run ends early.
pub(crate) enum Halt {
    Stopped,
    Deadline,
    /// It would wait longer than a run may be.
    TooLong {
        limit: Duration,
    },
    Operations,
    Memory,
    /// More of an evaluation than is counted.
    Uncounted,
    Settings(String),
    Platform {
        action: String,
        error: PlatformError,
    },
    Host(HostError),
}

impl From<String> for Fault {
    fn from(message: String) -> Fault {
        Fault::Mistake(message)
    }
}

impl From<Halt> for Fault {
    fn from(halt: Halt) -> Fault {
        Fault::Halt(halt)
    }
}

impl From<HostError> for Fault {
    fn from(error: HostError) -> Fault {
        Fault::Halt(Halt::Host(error))
    }
}

impl Session {
    /// A run on a platform.
    pub(crate) fn new(
        options: RunOptions,
        platform: Arc<dyn Platform>,
        host: Arc<dyn Host>,
        beside: Arc<dyn ScriptFolder>,
    ) -> Session {
        let RunOptions { settings, seed, limits, prices, gap, page_cache, runtime, stop, nominal } =
            options;
        let outside = Some(Outside { platform, host, runtime, stop });
        let chance = Mutex::new(Chance::new(seed, Purpose::Script, 0));
        Session {
            outside,
            settings,
            seed,
            chance,
            beside,
            prices,
            gap,
            page_cache,
            nominal,
            ..Session::without_outside(limits)
        }
    }

    /// A run that ends as soon as the script has declared its parameters, or wants to reach outside.
    pub(crate) fn without_outside(limits: Limits) -> Session {
        Session {
            outside: None,
            settings: BTreeMap::new(),
            seed: 0,
            chance: Mutex::new(Chance::new(0, Purpose::Script, 0)),
            limits,
            beside: Arc::new(NoFolder),
            prices: kelvin_lambda::US_EAST_1(),
            gap: None,
            page_cache: None,
            nominal: None,
            has_read: AtomicBool::new(false),
            started: Instant::now(),
            memory_at_start: memory::resident_bytes(),
            operations: AtomicU64::new(0),
            over: AtomicBool::new(false),
            state: Mutex::new(State::default()),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the state")
    }

    /// How often there was such a call before.
    pub(crate) fn count(&self, counter: fn(&mut State) -> &mut u64) -> u64 {
        let mut state = self.state();
        let counter = counter(&mut state);
        *counter += 1;
        *counter - 1
    }

    /// The platform's name; empty while only parameters are read.
    pub(crate) fn platform_name(&self) -> String {
        self.outside.as_ref().map(|outside| outside.platform.describe().name).unwrap_or_default()
    }

    /// What `call` needs to reach outside. From here on it is too late for `params()`.
    pub(crate) fn outside(&self, call: &'static str) -> Result<&Outside, Fault> {
        let outside = self.outside.as_ref().ok_or(Fault::ParametersKnown)?;
        let mut state = self.state();
        state.begun.get_or_insert(call);
        if state.declared.is_none() {
            self.refuse_unused_settings()?;
        }
        Ok(outside)
    }

    /// The host for what has no effect on the run.
    pub(crate) fn listener(&self) -> Option<&dyn Host> {
        self.outside.as_ref().map(|outside| &*outside.host)
    }

    /// `params()`.
    pub(crate) fn declare(&self, declaration: Map) -> Result<Map, Fault> {
        let (parameters, defaults) =
            parameters::declare(declaration).map_err(|e| format!("params: {e}"))?;
        let mut state = self.state();
        if state.declared.is_some() {
            return Err("params() can be called only once".to_owned().into());
        }
        if let Some(call) = state.begun {
            return Err(format!("params() must come before {call}()").into());
        }
        let values = parameters::apply(defaults, &parameters, &self.settings);
        state.declared = Some(parameters);
        if self.outside.is_none() {
            return Err(Fault::ParametersKnown);
        }
        values.map_err(|message| Halt::Settings(message).into())
    }

    /// What `params()` declared; empty if it was not called.
    pub(crate) fn parameters(&self) -> Vec<Parameter> {
        self.state().declared.clone().unwrap_or_default()
    }

    /// Whether the script was ended because all is known that its parameters can be.
    pub(crate) fn parameters_known(&self) -> bool {
        self.state().parameters_known
    }

    /// What is left to check after the last line of the script.
    pub(crate) fn finish(&self) -> Result<Outcome, Halt> {
        if self.state().declared.is_none() {
            self.refuse_unused_settings()?;
        }
        self.decide_thresholds();
        Ok(self.state().outcome)
    }

    fn refuse_unused_settings(&self) -> Result<(), Halt> {
        match self.settings.keys().next() {
            Some(name) => Err(Halt::Settings(format!(
                "unknown setting \"{name}\": the scenario declares no parameters with params()"
            ))),
            None => Ok(()),
        }
    }

    /// Turns a fault of the function that was called into an error of the interpreter.
    ///
    /// The place of a halt is kept, because the interpreter tells only that of the outermost closure; and it is marked, so
    /// that a script that catches it within `map()` and the like, where that can be done, comes no further.
    pub(crate) fn raise(&self, ctx: &NativeCallContext<'_>, fault: Fault) -> Box<EvalAltResult> {
        let position = ctx.call_position();
        match fault {
            Fault::Mistake(message) => {
                return Box::new(EvalAltResult::ErrorRuntime(message.into(), position));
            }
            Fault::Halt(halt) => {
                let module = ctx.call_source().map(str::to_owned);
                let call = Call { function: ctx.fn_name().to_owned(), module, position };
                self.state().halt.get_or_insert((halt, Some(call)));
            }
            Fault::ParametersKnown => self.state().parameters_known = true,
            Fault::BesideFailed => {
                return Box::new(EvalAltResult::ErrorTerminated(Dynamic::UNIT, position));
            }
        }
        self.over.store(true, Ordering::Relaxed);
        Box::new(EvalAltResult::ErrorTerminated(Dynamic::UNIT, position))
    }

    /// Why and where the run ended, if it was ended.
    pub(crate) fn take_halt(&self) -> Option<(Halt, Option<Call>)> {
        self.state().halt.take()
    }
}

impl Session {
    /// Waits for the platform, or for what ends the run, whichever is first.
    pub(crate) fn wait<T>(
        &self,
        outside: &Outside,
        action: impl FnOnce() -> String,
        work: PlatformFuture<'_, T>,
    ) -> Result<T, Fault> {
        self.go_on()?;
        let mut stop = outside.stop.clone();
        let left = self.may_take().saturating_sub(self.started.elapsed());
        let beside_failed = parallel::ended();
        let done = outside.runtime.block_on(async {
            tokio::select! {
                biased;
                () = stopped(&mut stop) => Err(Fault::from(Halt::Stopped)),
                () = tokio::time::sleep(left) => {
                    Err(if self.nominal.is_some() { Halt::Uncounted } else { Halt::Deadline }.into())
                }
                () = beside_failed => Err(Fault::BesideFailed),
                done = work => Ok(done),
            }
        });
        done?.map_err(|error| Halt::Platform { action: action(), error }.into())
    }

    /// Hands invocations to the host and counts what it made of them.
    pub(crate) fn record(
        &self,
        f: &Deployed,
        sent: Sent<'_>,
        invocations: Vec<Invocation>,
    ) -> Result<Vec<Invocation>, HostError> {
        let Sent { case, load, gap } = sent;
        let expected = self.state().expectation().map(|expectation| expectation.status);
        let Some(host) = self.listener() else {
            return Ok(invocations);
        };
        let function = f.id;
        let recorded = host.record(Batch { function, case, invocations, expected, load, gap })?;
        let cost_usd = self.price_of(f);
        let mut state = self.state();
        state.tallies.entry(function).or_default().add(&recorded, load.is_some(), cost_usd);
        let before = state.outcome.invocations;
        for invocation in &recorded {
            let (status, times) = (invocation.status, invocation.times());
            state.outcome.invocations = state.outcome.invocations.saturating_add(times);
            state.outcome.failed += u64::from(status != Status::Ok);
            let allowed = load.is_some_and(|load| load.allowed.contains(&status));
            let declared = Some(status) == expected || allowed;
            state.outcome.unexpected += u64::from(status != Status::Ok && !declared);
            if let Some(expectation) = state.expectation() {
                expectation.met |= status == expectation.status;
            }
        }
        let look = state.outcome.invocations / INVOCATIONS_BETWEEN_LOOKS;
        drop(state);
        if look != before / INVOCATIONS_BETWEEN_LOOKS && self.has_too_much_memory() {
            return Err(HostError::new(self.too_much_memory()));
        }
        Ok(recorded)
    }

    /// Hands the result of a check to the host and counts it.
    pub(crate) fn check(
        &self,
        outside: &Outside,
        name: &str,
        passed: bool,
        measure: Option<&Measure>,
    ) {
        outside.host.check(name, passed, measure);
        let mut state = self.state();
        state.outcome.checks += 1;
        state.outcome.failed_checks += u64::from(!passed);
    }
}

/// Completes when the user wants to stop, and never if nobody can say so any more.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}
