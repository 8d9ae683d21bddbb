//! What a scenario needs from outside besides the platform: the trait [`Host`].

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use kelvin_lambda::{CaseDescription, FunctionConfig, Invocation, Status};
use kelvin_platform::{FunctionId, FunctionSpec, Gap};

use crate::pipe::PipeFacts;
use crate::runtime::{Client, WantedRuntime};
use crate::service::{self, ServiceChange, ServiceId, StartedService, WantedService};
use crate::suggest;

/// Finds what is to be measured, and keeps what was.
///
/// Calls come in the order of the script, one at a time; closures of `parallel()` call at the same time, from threads of their
/// own.
pub trait Host: Send + Sync {
    /// Finds and builds a variant of a workload, or takes a bootstrap as it is.
    ///
    /// Nothing interrupts it: a host that builds for minutes watches for Ctrl-C itself.
    fn resolve(&self, wanted: &Wanted) -> Result<Resolved, HostError>;

    /// The names of the runtimes that are installed with this client, by the alphabet.
    ///
    /// Nothing interrupts it: a host watches for Ctrl-C itself.
    fn runtimes(&self, _client: Client) -> Result<Vec<String>, HostError> {
        Ok(Vec::new())
    }

    /// Starts a service that functions talk to, which runs until the host ends. Without services of its own, a host refuses.
    fn service(&self, _wanted: &WantedService) -> Result<StartedService, HostError> {
        Err(service::none())
    }

    /// Changes a service, or prepares its state.
    fn change_service(
        &self,
        _service: ServiceId,
        _change: &ServiceChange,
    ) -> Result<(), HostError> {
        Err(service::none())
    }

    /// A function was deployed; its first invocation begins a launch.
    fn deployed(&self, function: FunctionId, deployment: &Deployment);

    /// A function's configuration was changed to this one; [`Host::launch`] follows.
    fn configured(&self, _function: FunctionId, _config: &FunctionConfig) {}

    /// The function's next invocation begins a new launch: it was recycled or configured.
    /// `slot` says where, inside `blocks()`.
    fn launch(&self, function: FunctionId, slot: Option<Slot>);

    /// Checks the answers, which may turn a status into [`Status::WrongAnswer`], and writes.
    /// Returns the invocations as recorded, as many as were given.
    fn record(&self, batch: Batch<'_>) -> Result<Vec<Invocation>, HostError>;

    /// A load begins; the batches that belong to it have its number.
    fn load_begun(&self, _load: &LoadFacts) {}

    /// A load has ended, with so many invocations.
    fn load_ended(&self, _load: u64, _invocations: u64) {}

    /// Times a function's workload without Lambda around it, and writes. Returns the nanoseconds of each iteration.
    ///
    /// Nothing interrupts it: a host watches for Ctrl-C itself. Without a workload at hand, a host refuses.
    fn measure(&self, _wanted: &WantedRung<'_>) -> Result<Vec<u64>, HostError> {
        Err(HostError::new("no workload can be measured here without Lambda around it"))
    }

    /// A function was removed by the script. Those that are left at the end are the host's to remove.
    fn removed(&self, function: FunctionId);

    /// The script has something to say: `note()` and `print()`.
    fn note(&self, text: &str);

    /// The script has found the answer to the question that it asks. Without a place of its own for answers, a host notes it.
    fn answer(&self, text: &str) {
        self.note(text);
    }

    /// The result of a `check()`, an `expect_status()` or a `threshold()`; the last has measured something.
    fn check(&self, name: &str, passed: bool, measure: Option<&Measure>);

    /// The script reads the response, the log or the error message of an invocation that was made now, for the first time.
    fn read(&self, _function: FunctionId, _invocation: &Invocation) -> Result<(), HostError> {
        Ok(())
    }

    /// A chain of functions was run through; its invocations are on record already.
    fn pipe(&self, _pipe: &PipeFacts) -> Result<(), HostError> {
        Ok(())
    }

    /// What the script is about to do.
    fn progress(&self, progress: Progress<'_>);
}

/// What a script asked to deploy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Of what.
    pub source: Source,
    /// Name of the way to build it; `release` unless the script says otherwise.
    pub variant: String,
    /// `PATH` of the function, where the script sets it: the interpreter of a script may be looked for in it.
    pub path: Option<String>,
}

/// Where a function's code comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A workload, by its name.
    Workload(String),
    /// An executable; a relative path is already joined with the script's folder.
    Bootstrap(PathBuf),
    /// A runtime that is not part of the code, like those that AWS manages.
    Runtime(WantedRuntime),
}

/// What a host found.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The executable.
    pub bootstrap: PathBuf,
    /// The workload that it says it is.
    pub workload: Option<String>,
    /// Its cases; the first is the default one. Without cases a function is invoked with `{}`. None of a workload: it was
    /// not built, and any name may be that of a case.
    pub cases: Vec<CaseDescription>,
    /// Environment variables that it gets unless the script sets the same.
    pub env_vars: BTreeMap<String, String>,
    /// Files and folders outside of its package that it reads when it starts: an interpreter and its library.
    pub reads: Vec<PathBuf>,
    /// What it turned out to be, where the script left that open: which runtime, for instance.
    pub variant: Option<String>,
}

/// A function as it was deployed; its name is in `spec.config`.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// Configuration and code.
    pub spec: FunctionSpec,
    /// What the script asked for.
    pub source: Source,
    /// The workload, where it is known.
    pub workload: Option<String>,
    /// Name of the way it was built.
    pub variant: String,
}

impl Deployment {
    /// The function's name.
    pub fn name(&self) -> &str {
        &self.spec.config.name
    }
}

/// A place in the plan of `blocks()`, both counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Which block.
    pub block: u64,
    /// Which turn within the block.
    pub position: u64,
}

/// Invocations of one function and one case, in the order in which they were made.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    /// Whose.
    pub function: FunctionId,
    /// Name of the case; `None` for an event that the script made itself, where any answer is right.
    pub case: Option<&'a str>,
    /// As the platform reported them.
    pub invocations: Vec<Invocation>,
    /// The status that the script declared with `expect_status()`; a failure of this kind is as it should be.
    pub expected: Option<Status>,
    /// The load that they are part of.
    pub load: Option<OfLoad<'a>>,
    /// What lay before each of them that followed another one; `None` in an open loop.
    pub gap: Option<Gap>,
}

/// What a threshold was decided by.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// What was measured; `None` if the sample was too small.
    pub value: Option<f64>,
    /// Its 95 % interval, where there is one.
    pub ci95: Option<[f64; 2]>,
    /// What it had to be below, or above.
    pub limit: f64,
    /// Which of the two.
    pub side: Side,
    /// Of both numbers: `ms`, `usd_per_million` or `share`.
    pub unit: &'static str,
    /// Of how many invocations.
    pub n: Option<u64>,
    /// Of how many launches; `None` where launches play no part, as in loads and shares.
    pub launches: Option<u64>,
    /// Whether what was measured says neither that it holds nor that it does not. The check has not passed then.
    pub undecided: bool,
    /// Why it is undecided, and what would decide it where that is known.
    pub reason: Option<String>,
}

/// What a batch is of, if it is of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfLoad<'a> {
    /// Counted from 0 within the run.
    pub number: u64,
    /// How its invocations may end without failing the run.
    pub allowed: &'a [Status],
}

impl Batch<'_> {
    /// Whether the script has declared that an invocation may end like this.
    pub fn may_end(&self, status: Status) -> bool {
        self.expected == Some(status)
            || self.load.is_some_and(|load| load.allowed.contains(&status))
    }
}

/// Where a number has to be to be good; not on the limit itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Of a limit.
    Below,
    /// Of a limit.
    Above,
}

/// A load that a script puts on a function.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadFacts {
    /// Counted from 0 within the run.
    pub number: u64,
    /// Whose.
    pub function: FunctionId,
    /// When its requests are sent.
    pub shape: LoadKind,
    /// How many there will be; `None` of a closed loop that the time is the limit of.
    pub planned: Option<u64>,
    /// How long it will last; `None` where the number of requests is the limit.
    pub lasts: Option<Duration>,
    /// Where, inside `blocks()`.
    pub slot: Option<Slot>,
}

/// When the requests of a load are sent, for people.
#[derive(Clone, Debug, PartialEq)]
pub enum LoadKind {
    /// When they are due.
    Open {
        /// How they are spread: `constant`, `poisson`, `ramp`, `phases` or `trace`.
        arrivals: &'static str,
        /// How many are due in a second, on average; `None` if there are too few to tell.
        per_second: Option<f64>,
        /// Where they are from: the file, and in brackets the function that it has them of.
        trace: Option<String>,
    },
    /// When there is the response to the one before.
    Closed {
        /// Each for itself.
        clients: u32,
        /// What lies between a client's response and its next request.
        gap: Gap,
    },
}

/// What `f.measure()` asked for.
#[derive(Clone, Debug)]
pub struct WantedRung<'a> {
    /// Whose bootstrap.
    pub function: FunctionId,
    /// With its environment variables.
    pub config: &'a FunctionConfig,
    /// How much of an invocation: `compute` or `serde`.
    pub rung: &'a str,
    /// Name of the case; `None` for a function without cases.
    pub case: Option<&'a str>,
    /// How often; at least once.
    pub iterations: u32,
    /// Where, inside `blocks()`.
    pub slot: Option<Slot>,
}

/// What a scenario is about to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Progress<'a> {
    /// To have code built and a function created.
    Deploying {
        /// Of the function.
        name: &'a str,
        /// What it is made of.
        wanted: &'a Wanted,
    },
    /// To give one function its turn in a block.
    Turn {
        /// Which block and which turn.
        slot: Slot,
        /// How many blocks there are.
        blocks: u64,
        /// How many turns a block has.
        positions: u64,
        /// Of the function.
        name: &'a str,
    },
    /// To invoke in a loop.
    Repeating {
        /// Of the function.
        name: &'a str,
        /// How often.
        invocations: u64,
    },
    /// To put a function under load.
    Loading {
        /// Of the function.
        name: &'a str,
        /// How many requests, if that is known.
        planned: Option<u64>,
    },
    /// To let time pass.
    Pausing {
        /// How long.
        duration: Duration,
    },
}

/// The host could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct HostError {
    /// What is wrong, as a fragment in lower case, with what to do about it.
    pub message: String,
    /// Why.
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl HostError {
    /// An error without a cause.
    pub fn new(message: impl Into<String>) -> HostError {
        HostError { message: message.into(), source: None }
    }

    /// `unknown workload "jsn"; did you mean "json"? known: hello, json`.
    pub fn unknown<'a>(
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str> + Clone,
    ) -> HostError {
        HostError::new(suggest::unknown(what, name, known))
    }

    /// An error with its cause.
    pub fn because(
        message: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> HostError {
        HostError { message: message.into(), source: Some(source.into()) }
    }
}
