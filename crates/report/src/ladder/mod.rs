//! The ladder: where the time of an invocation goes, part by part.
//!
//! The parts of one invocation add up to its latency exactly, so their means do, too; medians would not.

mod checks;
mod criterion;
mod held_back;
mod markdown;
mod parts;
mod rungs;
mod start;
mod text;

use kelvin_lambda::{MemorySize, Start};
use kelvin_record::{Estimate, FunctionRecord, Run, RunId, RunStatus};
use serde::Serialize;

pub use criterion::{CaseName, Criterion, CriterionCheck, cases_of};
pub use held_back::{Burst, HeldBack};
pub use markdown::render_ladder_markdown;
pub use rungs::{Rung, Rungs};
pub use text::render_ladder_text;

use kelvin_analysis::FunctionRows;

/// What a ladder is laid beside, which the records do not have.
#[derive(Clone, Copy)]
pub struct Beside<'a> {
    /// How long one busy thread takes for these bursts of CPU time at a memory size, in nanoseconds each, by a model of
    /// the CPU limit.
    pub cpu_limit: &'a dyn Fn(&[Burst], MemorySize) -> Vec<u64>,
    /// What criterion measured of the cases, see [`cases_of`].
    pub criterion: &'a Criterion,
}

/// Two ways to measure the same may differ by so much; more is a finding.
const FINDING: f64 = 0.1;

impl std::fmt::Debug for Beside<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Beside").finish_non_exhaustive()
    }
}

/// The ladders of a run. Milliseconds have decimals, down to one nanosecond.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LadderReport {
    /// Always `kelvin/ladder`.
    pub schema: &'static str,
    /// Version of this schema, 1 at the time of writing.
    pub schema_version: u32,
    /// Of the run.
    pub run_id: RunId,
    /// Of the run; `damaged` where records are missing.
    pub status: RunStatus,
    /// Why these are not all the records that the run made or was to make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncated: Option<String>,
    /// In the order of deployment.
    pub functions: Vec<FunctionLadder>,
}

/// The ladders of one function.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FunctionLadder {
    /// Its name.
    pub name: String,
    /// The workload, if it is one of the workspace.
    pub workload: Option<String>,
    /// How the workload was built.
    pub variant: Option<String>,
    /// Memory size.
    pub memory_mb: MemorySize,
    /// Of all its warm starts.
    pub warm: StartLadder,
    /// Of the first cold start of every launch, with `init` as a part of its own.
    pub cold: StartLadder,
    /// The part `compute` against the same case under criterion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criterion: Option<CriterionCheck>,
    /// The warm ladder against rungs that were measured by themselves, where the run has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rungs: Option<Rungs>,
}

/// The mean invocation of one kind of start, part by part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StartLadder {
    /// How many launches it rests on. An estimate is the mean of their means, with Student's interval over launches.
    pub launches: u64,
    /// How many invocations.
    pub invocations: u64,
    /// How many more there were that could not be split like the others, for instance without spans.
    pub left_out: u64,
    /// The sum of the parts.
    pub latency_ms: Estimate,
    /// What adds up to the latency, in the order in which it happens.
    pub parts: Vec<Part>,
    /// What comes after the response: outside of the latency, inside of the bill.
    pub after: Vec<Part>,
    /// AWS's Duration.
    pub duration_ms: Estimate,
    /// The time held back that is known as a total only: it lies somewhere inside of the parts.
    pub throttled_total_ms: Option<f64>,
    /// How much longer the CPU limit makes it; absent for functions with a whole core.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_back: Option<HeldBack>,
}

/// One part of the mean invocation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// By the timing contract.
    pub name: &'static str,
    /// How long it takes; negative where measurements contradict each other.
    pub mean_ms: Estimate,
    /// Its interval includes 0, although some invocation has it.
    pub below_resolution: bool,
}

/// Splits the mean invocations of every function of a run.
pub fn ladder(run: &Run, beside: &Beside<'_>) -> LadderReport {
    let functions = FunctionRows::of(run);
    let of_function = |rows: &FunctionRows<'_>| {
        let FunctionRecord { name, workload, variant, memory_mb, .. } = rows.record.clone();
        let cold = rows.cold().into_iter().map(|row| vec![row]).collect::<Vec<_>>();
        let mut warm = start::ladder(run, &rows.warm(), rows.why_none(Start::Warm));
        let mut cold = start::ladder(run, &cold, rows.why_none(Start::Cold));
        let full_speed = held_back::full_speed(rows, &functions);
        if memory_mb < MemorySize::ONE_VCPU {
            let of_launches = held_back::Launches::of(rows, beside.cpu_limit);
            warm.held_back = Some(of_launches.warm(full_speed));
            cold.held_back = Some(of_launches.cold(full_speed));
        }
        let criterion = criterion::check(rows, &warm, beside.criterion);
        let rungs = rungs::of(run, rows, full_speed);
        FunctionLadder { name, workload, variant, memory_mb, warm, cold, criterion, rungs }
    };
    LadderReport {
        schema: "kelvin/ladder",
        schema_version: 1,
        run_id: run.record.run_id.clone(),
        status: run.status(),
        truncated: run.truncated.clone(),
        functions: functions.iter().map(of_function).collect(),
    }
}

/// The ladders as a JSON document.
pub fn render_ladder_json(report: &LadderReport) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("a ladder is plain JSON");
    text.push('\n');
    text
}
