//! `run.json`: who measured what, where, with which settings.

use std::collections::BTreeMap;

use kelvin_lambda::{
    Architecture, EphemeralStorage, MemorySize, PlatformFacts, PriceTable, Timeout,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::schema::{ArchitectureSchema, PlatformFactsSchema, PriceTableSchema};
use crate::{HostRecord, RunId};

/// Of every file of a run. A reader accepts this version and older ones; a new field does not raise it.
pub const SCHEMA_VERSION: u32 = 1;

/// The document `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// Always `kelvin/run`.
    pub schema: String,
    /// Version of this schema, 1 at the time of writing.
    pub schema_version: u32,
    /// Also the folder's name.
    pub run_id: RunId,
    /// `running` until the run is over.
    pub status: RunStatus,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC; `null` until the run is over.
    pub finished_at: Option<String>,
    /// Which program made it.
    pub tool: ToolRecord,
    /// The command line.
    pub argv: Vec<String>,
    /// The run that this one goes on from. What was on record there stands at the beginning of this one's files, and offsets
    /// count from the beginning of the first such run, without the time between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_from: Option<RunId>,
    /// How many other runs were going on on this machine at the same time, at any time, because they were forced to. The
    /// numbers of such a run are not to be trusted.
    #[serde(default)]
    pub other_runs: u32,
    /// The script and what it was given.
    pub scenario: ScenarioRecord,
    /// The machine.
    pub host: HostRecord,
    /// Where functions ran, and what was enforced there.
    #[schemars(with = "PlatformFactsSchema")]
    pub platform: PlatformFacts,
    /// Whether the events and responses of the first failure of each kind are in the folder `payloads`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep_payloads: bool,
    /// The options that decide what is enforced, by their names on the command line, defaults included.
    #[serde(default)]
    pub limits: BTreeMap<String, String>,
    /// Whose durations are billed.
    pub billing: Billing,
    /// In the order of deployment: launches name a function by its index here.
    pub functions: Vec<FunctionRecord>,
    /// What functions could talk to, in the order of time. A service whose latency or errors are changed appears again.
    #[serde(default)]
    pub services: Vec<ServiceRecord>,
    /// What costs are computed with.
    #[schemars(with = "PriceTableSchema")]
    pub price_table: PriceTable,
    /// How much was recorded; readers compare.
    pub recorded: Recorded,
    /// The files of records by their names, each with its size in bytes when the run ended.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, u64>,
    /// What the script checked.
    pub checks: Vec<CheckRecord>,
    /// What the script noted.
    pub notes: Vec<String>,
    /// What the script answered to the question that it asks.
    #[serde(default)]
    pub answers: Vec<String>,
    /// Fields that are `null` in this run, each with the reason.
    pub unavailable: BTreeMap<String, String>,
    /// Why the run could not be carried out to its end.
    pub error: Option<String>,
}

impl RunRecord {
    /// The value of the field `schema`.
    pub const SCHEMA: &'static str = "kelvin/run";
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// It has not ended, or its program was killed.
    Running,
    /// As the script wanted.
    Ok,
    /// To its end, but a check of the script failed.
    ChecksFailed,
    /// To its end, but invocations failed that were not expected to, or answered wrongly.
    InvocationsFailed,
    /// It could not be carried out; the field `error` says why.
    Failed,
    /// The user ended it.
    Interrupted,
    /// It has ended, and records of it are missing. Readers say so; in `run.json` it never is.
    Damaged,
}

impl RunStatus {
    /// Its name in records.
    pub fn as_str(self) -> &'static str {
        match self {
            RunStatus::Running => "running",
            RunStatus::Ok => "ok",
            RunStatus::ChecksFailed => "checks_failed",
            RunStatus::InvocationsFailed => "invocations_failed",
            RunStatus::Failed => "failed",
            RunStatus::Interrupted => "interrupted",
            RunStatus::Damaged => "damaged",
        }
    }

    /// Whether the script may have more to measure, so that the run can be resumed.
    pub fn can_be_resumed(self) -> bool {
        match self {
            RunStatus::Running | RunStatus::Failed | RunStatus::Interrupted => true,
            RunStatus::Ok
            | RunStatus::ChecksFailed
            | RunStatus::InvocationsFailed
            | RunStatus::Damaged => false,
        }
    }
}

/// Whose durations are billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Billing {
    /// This platform's own, by AWS's rules: an estimate for its CPU. INIT is all there is of a cold start.
    Estimated,
    /// AWS's, as its REPORT lines say.
    Reported,
}

/// The program that made a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolRecord {
    /// `kelvin`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The commit it was built from, where known.
    pub git: Option<String>,
}

/// The script of a run; its text is in `scenario.rhai`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioRecord {
    /// Its name.
    pub name: String,
    /// Where the script was, as on the command line; absent of those that come with kelvin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Decides the order of launches and the payloads.
    pub seed: u64,
    /// Its parameters, defaults included.
    pub settings: BTreeMap<String, Value>,
}

/// One deployed function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionRecord {
    /// Its index in `functions`.
    pub function: u32,
    /// Its name on the platform.
    pub name: String,
    /// The workload, if it is one of the workspace.
    pub workload: Option<String>,
    /// How the workload was built, or which runtime the code was put into.
    pub variant: Option<String>,
    /// Memory size.
    #[schemars(with = "u32")]
    pub memory_mb: MemorySize,
    /// Timeout in seconds.
    #[schemars(with = "u32")]
    pub timeout_s: Timeout,
    /// Size of `/tmp`.
    #[schemars(with = "u32")]
    pub ephemeral_storage_mb: EphemeralStorage,
    /// Instruction set.
    #[schemars(with = "ArchitectureSchema")]
    pub architecture: Architecture,
    /// How many execution environments it could have at once; absent if none were reserved for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_concurrency: Option<u32>,
    /// Size of the bootstrap.
    pub binary_bytes: Option<u64>,
    /// Size of the package, unzipped: of the bootstrap and all that comes along with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package_bytes: Option<u64>,
    /// Of the bootstrap, in lower-case hexadecimal.
    pub binary_sha256: Option<String>,
    /// Names of the user's environment variables; never their values.
    pub env_names: Vec<String>,
}

/// One service, as it was from some moment on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceRecord {
    /// Which one, counted from 0 in the order of their start.
    pub service: u32,
    /// `s3`, `dynamodb` or `http`.
    pub kind: String,
    /// How long requests wait, beyond what the service itself takes: `4ms`, `p50=4ms p99=20ms`, `same-zone` or `none`.
    pub latency: String,
    /// Which share of requests fails: `error=0.01 throttle=0.02` or `none`.
    pub errors: String,
    /// Decides how long each request waits and which fail.
    pub seed: u64,
    /// From when on, counted from the start of the run.
    pub since_offset_ns: u64,
}

/// How much a run recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recorded {
    /// Lines of `launches.jsonl`.
    pub launches: u64,
    /// Lines of `invocations.jsonl.gz`.
    pub invocations: u64,
    /// Lines of `loads.jsonl`.
    #[serde(default)]
    pub loads: u64,
    /// Lines of `pipes.jsonl`.
    #[serde(default)]
    pub pipes: u64,
    /// Lines of `rungs.jsonl`.
    #[serde(default)]
    pub rungs: u64,
    /// Those invocations that are not ok.
    pub failed: u64,
    /// Those that are not ok and that the script had not declared to fail.
    pub unexpected: u64,
}

/// One check of the script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckRecord {
    /// What was checked.
    pub name: String,
    /// Whether it held.
    pub passed: bool,
    /// What a threshold was decided by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<MeasureRecord>,
}

/// What a threshold was decided by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MeasureRecord {
    /// What was measured; `null` if the sample was too small.
    pub value: Option<f64>,
    /// Its 95 % confidence interval, by which shares and quantiles are decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci95: Option<[f64; 2]>,
    /// What it had to be below; absent if it had to be above something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// What it had to be above; absent if it had to be below something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// Of all these numbers: `ms`, `usd_per_million` or `share`.
    pub unit: String,
    /// Of how many invocations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
    /// Of how many launches; absent where launches play no part, as in loads and shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launches: Option<u64>,
    /// Whether what was measured says neither that the threshold holds nor that it does not. It has not passed then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undecided: bool,
    /// Why it is undecided or has no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
