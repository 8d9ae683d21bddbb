//! Arguments, as they are typed.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anstream::ColorChoice;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use kelvin_platform::Gap;
use kelvin_services::{Errors, Latency, ServiceKind};

use crate::exit;

/// Where runs are, if nobody says otherwise.
pub(crate) const RESULTS: &str = "kelvin-results";

/// Measures AWS Lambda functions from cold to warm.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = exit::help())]
pub(crate) struct Cli {
    /// When to use colours; NO_COLOR is respected
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a scenario: build workloads, deploy and invoke them, print what it took
    Run(RunArgs),
    /// Evaluate scenarios without building or starting anything but interpreters, which are asked what they have, and say what
    /// they would do
    Check(CheckArgs),
    /// List workloads, scenarios or runs
    List(ListArgs),
    /// Print the result of a run again, from its records
    Report(ReportArgs),
    /// Explain what a report says in a word, and what was enforced in a run
    Explain(ExplainArgs),
    /// Say whether one function is faster than another, of recorded runs: paired by block in one run, or of two runs
    Compare(CompareArgs),
    /// Say what this machine can enforce and build, and what is missing
    Doctor(DoctorArgs),
    /// Run the services that functions talk to until Ctrl-C, and print where they are
    Services(ServicesArgs),
    /// Install, list and remove AWS's runtime interface clients, in which functions in Python and Node.js run
    Runtimes {
        #[command(subcommand)]
        command: RuntimesCommand,
    },
    /// Start and end the processes of the emulator
    #[command(hide = true)]
    Guard { root: PathBuf },
}

/// Its own help says what is in the scenario that is named, so clap's is not there.
#[derive(Debug, Args)]
#[command(disable_help_flag = true, after_help = exit::help())]
pub(crate) struct RunArgs {
    /// A shipped scenario, or the path of a script; `kelvin list scenarios` lists them [default: cold-warm]
    #[arg(value_name = "FILE.rhai|NAME")]
    pub scenario: Option<String>,
    /// Set a parameter of the scenario; lists are separated by commas
    #[arg(long = "set", value_name = "KEY=VALUE[,VALUE…]")]
    pub settings: Vec<String>,
    /// Order of launches and payloads; without it, one is drawn and recorded
    #[arg(long, value_name = "N")]
    pub seed: Option<u32>,
    /// Folder that gets the run's own folder
    #[arg(long, default_value = RESULTS, value_name = "DIR")]
    pub out: PathBuf,
    /// Evaluate the script without starting anything but interpreters, which are asked what they have; print launches,
    /// invocations, time and cost
    #[arg(long)]
    pub dry_run: bool,
    /// How long the run may take, such as 90m or 3h [default: 1h]
    #[arg(long, value_name = "TIME", value_parser = time_limit)]
    pub time_limit: Option<Duration>,
    /// Go on from a run that was interrupted, in a new folder: a folder, the beginning of an id, or `latest`
    #[arg(long, value_name = "RUN", conflicts_with_all = ["scenario", "settings", "seed", "dry_run"])]
    pub resume: Option<String>,
    /// Run although another run is going on on this machine; the record says so
    #[arg(long)]
    pub force: bool,
    /// Keep event and response of the first failure of each kind in the run's folder; without it, only what messages and logs
    /// of failures quote
    #[arg(long)]
    pub keep_payloads: bool,
    #[command(flatten)]
    pub limits: LimitArgs,
    /// How to print the result
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Exit with 5 and not with 3 where checks are undecided and none failed
    #[arg(long)]
    pub inconclusive: bool,
    /// Print no progress
    #[arg(long, short)]
    pub quiet: bool,
    /// Print help: of the scenario and its parameters, where one is named
    #[arg(long, short)]
    pub help: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Shipped scenarios, or paths of scripts
    #[arg(required = true, value_name = "FILE.rhai|NAME")]
    pub scenarios: Vec<String>,
    /// Set a parameter of each of them; lists are separated by commas
    #[arg(long = "set", value_name = "KEY=VALUE[,VALUE…]")]
    pub settings: Vec<String>,
    /// Order of launches and payloads
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub seed: u32,
    /// How long a run may take, such as 90m or 3h [default: 1h]
    #[arg(long, value_name = "TIME", value_parser = time_limit)]
    pub time_limit: Option<Duration>,
}

fn time_limit(text: &str) -> Result<Duration, String> {
    let time = kelvin_scenario::parse_duration(text).filter(|time| !time.is_zero());
    time.ok_or_else(|| "expected a time such as 90m or 3h".to_owned())
}

/// What is enforced. What is not given is as in the run that is resumed, or the default.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub(crate) struct LimitArgs {
    /// How to give a function memory/1769 of a core after INIT [default: auto]
    #[arg(long, value_enum, value_name = "HOW")]
    pub cpu_limit: Option<CpuLimit>,
    /// End environments that use more than their memory size [default: on]
    #[arg(long, value_enum)]
    pub memory_limit: Option<Switch>,
    /// Stop functions between invocations [default: on]
    #[arg(long, value_enum)]
    pub freeze: Option<Switch>,
    /// Whether functions have a /tmp and a /var/task of their own, /tmp with the size of the ephemeral storage [default: auto]
    #[arg(long, value_enum, value_name = "WHEN")]
    pub private_files: Option<PrivateFiles>,
    /// Whether to keep idle cores from sleeping while an invocation is in flight [default: auto]
    #[arg(long, value_enum, value_name = "WHEN")]
    pub awake_cores: Option<AwakeCores>,
    /// Invocations at once, of all functions together, before requests are throttled [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub concurrency: Option<u32>,
    /// When an idle environment ends: aws (as was published for Lambda, mostly after 5 to 6 minutes), never, or after a time
    /// [default: aws]
    #[arg(long, value_name = "aws|never|TIME")]
    pub idle_expiry: Option<IdleExpiry>,
    /// How long an environment cannot be used again after an invocation of a load: aws (as was measured on Lambda, 4 to 9 ms),
    /// none, or a time [default: aws]
    #[arg(long, value_name = "aws|none|TIME")]
    pub release_delay: Option<ReleaseDelay>,
    /// What lies between two invocations one after another: as-called (the published gap of callers of Lambda), none (a saturated
    /// function), a time, or "p50=17ms p99=50ms" [default: as the scenario has it, else as-called]
    #[arg(long, value_name = "GAP", value_parser = kelvin_scenario::parse_gap)]
    pub gap: Option<Gap>,
    /// Whether cold starts find their files in this machine's page cache [default: as the scenario has it, else cold]
    #[arg(long, value_enum, value_name = "WHAT")]
    pub page_cache: Option<PageCache>,
    /// Refuse to run unless these limits are enforced, separated by commas: cpu, memory, freeze, …
    #[arg(long, value_name = "LIMIT,…", value_delimiter = ',')]
    pub require: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum CpuLimit {
    /// The best that this machine offers without privileges: tick
    #[default]
    Auto,
    /// AWS's accounts, kept by stopping and continuing the processes
    Tick,
    /// A quota that the kernel keeps; needs a cgroup that may be written, see `kelvin doctor`
    Cgroup,
    /// Every function runs at full speed
    Off,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PrivateFiles {
    /// Where this machine allows mount namespaces
    #[default]
    Auto,
    /// Functions see this machine's files, and are told other folders
    Off,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum AwakeCores {
    /// Where /dev/cpu_dma_latency may be written
    #[default]
    Auto,
    /// They sleep as this machine has it
    Off,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    #[default]
    On,
    Off,
}

/// When an idle environment ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum IdleExpiry {
    #[default]
    Aws,
    Never,
    After(Duration),
}

impl fmt::Display for IdleExpiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IdleExpiry::Aws => f.write_str("aws"),
            IdleExpiry::Never => f.write_str("never"),
            IdleExpiry::After(lifetime) => write!(f, "{}s", lifetime.as_secs_f64()),
        }
    }
}

impl FromStr for IdleExpiry {
    type Err = String;

    fn from_str(text: &str) -> Result<IdleExpiry, String> {
        match text {
            "aws" => Ok(IdleExpiry::Aws),
            "never" => Ok(IdleExpiry::Never),
            time => {
                let time = kelvin_scenario::parse_duration(time);
                let wanted = "expected aws, never, or a time such as 90s or 5m";
                time.map(IdleExpiry::After).ok_or_else(|| wanted.to_owned())
            }
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PageCache {
    /// Everything is read from the disk, as in a new microVM
    #[default]
    Cold,
    /// Nothing is
    Warm,
}

/// How long an environment cannot be used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ReleaseDelay {
    #[default]
    Aws,
    None,
    After(Duration),
}

impl fmt::Display for ReleaseDelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReleaseDelay::Aws => f.write_str("aws"),
            ReleaseDelay::None => f.write_str("none"),
            ReleaseDelay::After(delay) => write!(f, "{}ms", delay.as_secs_f64() * 1e3),
        }
    }
}

impl FromStr for ReleaseDelay {
    type Err = String;

    fn from_str(text: &str) -> Result<ReleaseDelay, String> {
        match text {
            "aws" => Ok(ReleaseDelay::Aws),
            "none" => Ok(ReleaseDelay::None),
            time => {
                let time = kelvin_scenario::parse_duration(time);
                let wanted = "expected aws, none, or a time such as 5ms";
                time.map(ReleaseDelay::After).ok_or_else(|| wanted.to_owned())
            }
        }
    }
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("comparison").args(["cpu_limit", "as_called", "cold"])))]
pub(crate) struct DoctorArgs {
    /// Compare the CPU limit with measurements published for AWS; takes minutes
    #[arg(long)]
    pub cpu_limit: bool,
    /// Replay invocations published for AWS as they were called, and compare how long they take; takes about 9 minutes
    #[arg(long)]
    pub as_called: bool,
    /// Compare cold starts with starts after this machine's page cache was dropped, which needs root: without it, only print them
    #[arg(long)]
    pub cold: bool,
    /// Which mechanism to compare
    #[arg(long, value_enum, default_value_t, value_name = "HOW", requires = "comparison")]
    pub with: Mechanism,
    /// Measure although another run is going on on this machine
    #[arg(long, requires = "comparison")]
    pub force: bool,
    /// How many launches of each function to replay, of the 40 that are published
    #[arg(long, default_value_t = 16, value_name = "N", value_parser = launches, requires = "as_called")]
    pub launches: usize,
    /// How often to measure each memory size, five invocations each time [default: 3], or start each program [default: 40]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: Option<u32>,
}

fn launches(text: &str) -> Result<usize, String> {
    let launches = text.parse().ok().filter(|launches| (1..=40).contains(launches));
    launches.ok_or_else(|| "not a number from 1 to 40".to_owned())
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mechanism {
    /// Of `--cpu-limit tick`
    #[default]
    Tick,
    /// Of `--cpu-limit cgroup`
    Cgroup,
}

#[derive(Debug, Args)]
pub(crate) struct ServicesArgs {
    /// s3, dynamodb, http; all of them unless some are named
    #[arg(value_name = "SERVICE")]
    pub services: Vec<ServiceKind>,
    /// How long each request waits: 4ms, "p50=4ms p99=20ms", or same-zone for published figures
    #[arg(long, default_value_t, value_name = "LATENCY")]
    pub latency: Latency,
    /// Which share of requests fails: 1%, or "error=1% throttle=2% reset=1% refuse=1%"
    #[arg(long, default_value_t, value_name = "SHARES")]
    pub errors: Errors,
    /// Keep state here; without it, state goes with the services
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Decides how long each request waits and which fail
    #[arg(long, default_value_t, value_name = "N")]
    pub seed: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RuntimesCommand {
    /// Install a client by pip or npm into a cache of Kelvin's own: KELVIN_RUNTIMES, or kelvin/runtimes in the user's cache
    Install {
        /// python, nodejs, or a version as in python3.13 and nodejs22.x
        #[arg(required = true, value_name = "RUNTIME")]
        runtimes: Vec<String>,
    },
    /// List what is installed
    List,
    /// Remove what was installed
    Remove {
        /// python, nodejs, or a version as in python3.13 and nodejs22.x
        #[arg(required = true, value_name = "RUNTIME")]
        runtimes: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// What to list
    #[arg(value_enum)]
    pub what: Listed,
    /// Folder of the runs
    #[arg(long, default_value = RESULTS, value_name = "DIR")]
    pub out: PathBuf,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// What to explain: an entry of the list that is printed without it, or the heading of a column
    #[arg(value_name = "TOPIC")]
    pub topic: Option<String>,
    /// Of `enforced`: the folder of a run, the beginning of its id, or `latest`
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Folder in which ids are looked up
    #[arg(long, default_value = RESULTS, value_name = "DIR")]
    pub out: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Listed {
    /// Packages of this cargo workspace with `[package.metadata.kelvin]`
    Workloads,
    /// Scenarios that come with kelvin, and their parameters
    Scenarios,
    /// Recorded runs
    Runs,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The folder of a run, the beginning of its id, or `latest`
    #[arg(default_value = "latest", value_name = "RUN")]
    pub run: String,
    /// Folder in which ids are looked up
    #[arg(long, default_value = RESULTS, value_name = "DIR")]
    pub out: PathBuf,
    /// Print where the time goes instead: the mean invocation part by part
    #[arg(long)]
    pub ladder: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t, conflicts_with = "splice")]
    pub format: Format,
    /// Put the result as Markdown between the markers `<!-- kelvin:begin -->` and `<!-- kelvin:end -->` of a file
    #[arg(long, value_name = "FILE.md")]
    pub splice: Option<PathBuf>,
    /// Use the markers `<!-- kelvin:begin NAME -->` and `<!-- kelvin:end -->` instead, where a file has several tables
    #[arg(long, value_name = "NAME", requires = "splice")]
    pub markers: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// A run (a folder, the beginning of an id, or `latest`); with --run, a function of it
    #[arg(value_name = "BASELINE")]
    pub baseline: String,
    /// Another run; with --run, another function
    #[arg(value_name = "CANDIDATE")]
    pub candidate: String,
    /// Compare two functions of this run, which are paired by block
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// Folder in which ids are looked up
    #[arg(long, default_value = "kelvin-results", value_name = "DIR")]
    pub out: PathBuf,
    /// Print each step on the way to a verdict, with what was found and what is demanded
    #[arg(long)]
    pub explain: bool,
    /// Exit with 3 if anything is worse, or with 5 if anything cannot be told, separated by commas
    #[arg(long, value_enum, value_name = "VERDICT,…", value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,
}

/// A verdict that a comparison is to fail on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Worse by more than the threshold
    Regression,
    /// Neither worse nor better nor the same
    Inconclusive,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables for people
    #[default]
    Text,
    /// `summary.json`, or another document with the same in it
    Json,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// Even into a file
    Always,
    /// Not at all
    Never,
}

impl Color {
    /// Decides for everything that this process prints.
    pub(crate) fn write_global(self) {
        match self {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
        .write_global();
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn cli_is_valid() {
        Cli::command().debug_assert();
    }
}
