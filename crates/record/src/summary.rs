//! `summary.json`: the statistics of a run, made from its records and nothing else.

use kelvin_lambda::{Architecture, MemorySize, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{ArchitectureSchema, StatusSchema};
use crate::{LoadKind, PageInByRecord, RunId, RunStatus};

/// The document `summary.json`. Milliseconds have decimals here, down to one nanosecond.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Always `kelvin/summary`.
    pub schema: String,
    /// Version of this schema, 1 at the time of writing.
    pub schema_version: u32,
    /// Of the run.
    pub run_id: RunId,
    /// Of the run; `damaged` where records are missing.
    pub status: RunStatus,
    /// Why these are not all the records that the run made or was to make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncated: Option<String>,
    /// How many invocations are left out because not all of their launch or load is recorded.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub incomplete: u64,
    /// Name of the platform.
    pub platform: String,
    /// In the order of deployment.
    pub functions: Vec<FunctionSummary>,
    /// In the order in which they ended. Their invocations are in no other statistic.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loads: Vec<LoadSummary>,
    /// What failed; absent if nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<FailuresSummary>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Summary {
    /// The value of the field `schema`.
    pub const SCHEMA: &'static str = "kelvin/summary";
}

/// The statistics of one function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionSummary {
    /// Its name.
    pub name: String,
    /// The workload, if it is one of the workspace.
    pub workload: Option<String>,
    /// How the workload was built.
    pub variant: Option<String>,
    /// Memory size.
    #[schemars(with = "u32")]
    pub memory_mb: MemorySize,
    /// Instruction set.
    #[schemars(with = "ArchitectureSchema")]
    pub architecture: Architecture,
    /// Size of the bootstrap.
    #[serde(default)]
    pub binary_bytes: Option<u64>,
    /// Size of the package, unzipped: of the bootstrap and all that comes along with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package_bytes: Option<u64>,
    /// Whole launches.
    pub launches: u64,
    /// Invocations of whole launches, and those that no execution environment served.
    pub invocations: u64,
    /// Those of them that are not ok.
    pub failed: u64,
    /// Peak memory of any launch; 1 MB is 1,048,576 bytes.
    pub max_memory_mb: Option<f64>,
    /// Init Duration of cold starts.
    pub init_ms: Metric,
    /// Duration of the first invocation.
    pub cold_invoke_ms: Metric,
    /// Init Duration and duration of the first invocation.
    pub cold_total_ms: Metric,
    /// Duration of warm invocations.
    pub warm_duration_ms: Metric,
    /// Latency of warm invocations.
    pub warm_latency_ms: Metric,
    /// CPU time of warm invocations.
    pub cpu_ms: Metric,
    /// Time for which warm invocations were held back by the CPU limit.
    pub throttled_ms: Metric,
    /// What invocations cost.
    pub cost: CostSummary,
    /// What lay between invocations outside of loads, as scripts have it: `as called`, `none`, a length or a distribution.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
    /// Where the time of INIT went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_parts: Option<InitSummary>,
    /// What cold starts found in the page cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_cache: Option<PageCacheSummary>,
}

impl FunctionSummary {
    /// What is deployed: the package, or what older runs have recorded, the bootstrap alone.
    pub fn size_bytes(&self) -> Option<u64> {
        self.package_bytes.or(self.binary_bytes)
    }
}

/// Where the time of INIT went, as means over launches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InitSummary {
    /// Launches whose parts are known.
    pub launches: u64,
    /// Init Duration of these launches.
    pub init_ms: f64,
    /// CPU time; of several threads at once it may be longer than INIT.
    pub cpu_ms: f64,
    /// Waiting for pages to be read.
    pub page_in_ms: f64,
    /// What is left of INIT: waiting for a core, and other waits.
    pub rest_ms: f64,
    /// Bytes that were read from the disk.
    pub read_bytes: f64,
    /// How `page_in_ms` is known.
    pub page_in_by: PageInByRecord,
}

/// What cold starts found in the page cache.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PageCacheSummary {
    /// Launches that say something of it.
    pub launches: u64,
    /// How many of them were to be cold.
    pub cold: u64,
    /// Size of the files that a start reads, on average.
    pub bytes: f64,
    /// How much of them was resident at the start, at most; `null` where that is not known of any launch.
    pub resident_bytes: Option<u64>,
    /// What could not be evicted, or is not known to have been, each with the reason and once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_evicted: Vec<String>,
    /// How many launches started while another environment did, and shared the disk with it.
    pub shared_disk: u64,
    /// How many starts waited for their files, because nothing had been prepared ahead.
    pub waited: u64,
    /// Preparing, on average.
    pub prepare_ms: f64,
    /// Bytes that were copied, over all launches.
    pub copied_bytes: u64,
}

/// One metric of one function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Metric {
    /// Size of the sample, in units.
    pub n: u64,
    /// Launches that it is of; 0 in summaries that were made before this was said.
    #[serde(default)]
    pub launches: u64,
    /// What the sample consists of.
    pub unit: Unit,
    /// Of launches: the mean. Of invocations: the mean of the launches' means. Student's interval over launches.
    pub mean: Estimate,
    /// The median; what that is of, the unit says.
    pub p50: Estimate,
    /// The 90th percentile.
    pub p90: Estimate,
    /// What was seen, where there is something but too little for an estimate of the median. It is none itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
}

/// What was seen in a sample that is too small for an estimate: it says nothing of what was not seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Seen {
    /// The least number.
    pub min: f64,
    /// The median of all numbers together, pooled over launches.
    pub median: f64,
    /// The greatest number.
    pub max: f64,
}

/// What a sample consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// One number a launch. A quantile is over launches; its interval is by order statistics.
    Launch,
    /// One number an invocation. A quantile is the Hodges–Lehmann estimate over the launches' own quantiles, and its interval
    /// is that of the signed-rank test, which contains it.
    Invocation,
}

/// A statistic. What the sample does not allow is `null`, with the reason beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// The point estimate.
    pub value: Option<f64>,
    /// Lower and upper bound of the 95 % confidence interval.
    pub ci95: Option<[f64; 2]>,
    /// Why one of them is `null`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What invocations of one function cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CostSummary {
    /// The id of the price table.
    pub price_table: String,
    /// How far to believe it.
    pub basis: String,
    /// Cold starts.
    pub cold: StartCost,
    /// Warm starts.
    pub warm: StartCost,
}

/// What invocations of one kind of start cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StartCost {
    /// Mean Billed Duration, in milliseconds: the mean of the launches' means.
    pub billed_ms: Option<f64>,
    /// Its 95 % confidence interval, Student's over launches, of 10 or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billed_ci95: Option<[f64; 2]>,
    /// GB-seconds of a million invocations, in US dollars.
    pub compute_usd_per_million: Option<f64>,
    /// Request fees of a million invocations, in US dollars.
    pub request_usd_per_million: Option<f64>,
    /// Why they are `null`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One load. However many requests it sends, it is one sample of its level: there are no intervals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadSummary {
    /// Its number in `loads.jsonl`.
    pub load: u64,
    /// Name of the function.
    pub function: String,
    /// Memory size.
    #[schemars(with = "u32")]
    pub memory_mb: MemorySize,
    /// Whether requests had times of their own.
    pub kind: LoadKind,
    /// How requests were spread; open loops only.
    pub arrivals: Option<String>,
    /// The file of a trace, and in brackets the function that it has the arrivals of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// How long it was to last; `null` where the number of requests was the limit.
    #[serde(default)]
    pub planned_seconds: Option<f64>,
    /// How many requests were to be sent; `null` of a closed loop that the time was the limit of.
    #[serde(default)]
    pub planned: Option<u64>,
    /// From its start to its last answer.
    #[serde(default)]
    pub seconds: f64,
    /// Requests a second that were due; open loops only.
    pub offered_per_second: Option<f64>,
    /// Clients; closed loops only.
    pub clients: Option<u32>,
    /// Requests that were sent.
    pub sent: u64,
    /// Good answers a second, from the first request to the last answer.
    pub achieved_per_second: Option<f64>,
    /// Good answers.
    pub ok: u64,
    /// Refused for lack of concurrency.
    pub throttled: u64,
    /// Neither good nor throttled.
    pub failed: u64,
    /// Of the good ones, those that waited for an init phase.
    pub cold: u64,
    /// Of the good ones, those that found an environment nobody had waited for.
    pub proactive: u64,
    /// Of the good ones, those that waited for a process that had to be started again.
    #[serde(default)]
    pub suppressed: u64,
    /// Execution environments that served it.
    pub environments: u64,
    /// At how many of them it was at work at the same moment, at most.
    #[serde(default)]
    pub at_once: u64,
    /// Of good answers: from when the request was due in an open loop, from when it was sent in a closed one.
    pub latency_ms: LoadLatency,
    /// Of good answers: Duration.
    pub duration_ms: LoadLatency,
    /// Of good answers: the wait for an execution environment, on average.
    pub queue_ms: Option<f64>,
    /// By how much requests were sent later than they were due; open loops only.
    pub behind_ms: Option<LoadLatency>,
}

/// The mean and quantiles of one quantity over the requests of a load; what the sample is too small for is `null`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadLatency {
    /// Mean.
    pub mean: Option<f64>,
    /// Median, of 6 requests or more.
    pub p50: Option<f64>,
    /// 90th percentile, of 36 or more.
    pub p90: Option<f64>,
    /// 99th percentile, of 368 or more.
    pub p99: Option<f64>,
}

/// What failed, by kinds: function, status, error type, whether it was expected, whether INIT failed, and what the message says
/// but for numbers, ids and quotes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailuresSummary {
    /// Invocations that are not ok.
    pub invocations: u64,
    /// Those of them that the script had not declared to fail.
    pub unexpected: u64,
    /// How many kinds there are.
    pub kinds: u64,
    /// The kinds, those that were not expected first, in the order in which they were met; 100 of them at most.
    pub of_kinds: Vec<FailureSummary>,
}

/// One kind of failure, and the first of it. Message and log are the function's own words and may quote its event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailureSummary {
    /// Name of the function.
    pub function: String,
    /// Its index in `functions`, which a function that was configured otherwise has several of; absent in older summaries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function_index: Option<u32>,
    /// Its memory size.
    #[schemars(with = "u32")]
    pub memory_mb: MemorySize,
    /// How it failed.
    #[schemars(with = "StatusSchema")]
    pub status: Status,
    /// For instance `Sandbox.Timedout`; `null` where there are so many types that they are not told apart any more.
    pub error_type: Option<String>,
    /// Whether the script had declared it.
    pub expected: bool,
    /// Whether the init of the execution environment failed, so that no event reached the function.
    pub init_failed: bool,
    /// Invocations that failed so.
    pub invocations: u64,
    /// AWS request id of the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Its launch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch: Option<u64>,
    /// The workload's case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Its message; at most 1 kB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The end of its log; at most 4 kB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_tail: Option<String>,
    /// Files with its event and its response, from the folder of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payloads: Option<[String; 2]>,
    /// What may be done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}
