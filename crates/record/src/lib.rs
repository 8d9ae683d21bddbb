//! The run directory: what a run saves and everything else reads.
//!
//! ```text
//! kelvin-results/<run_id>/
//!   run.json              who, what, where; written at the start and rewritten as a whole
//!   scenario.rhai         the script as it ran
//!   modules/NAME.rhai     the modules that it imports, as they ran; absent without such
//!   invocations.jsonl.gz  one line an invocation
//!   launches.jsonl        one line an execution environment that was measured to its end
//!   loads.jsonl           one line a load that was measured to its end; absent without such
//!   pipes.jsonl           one line a run through a chain of functions; absent without such
//!   rungs.jsonl           one line a measurement without Lambda around it; absent without such
//!   responses.jsonl       what the script has read of responses and logs; only as long as the run can be resumed
//!   payloads/             events and responses of the first failure of each kind; only with `--keep-payloads`
//!   summary.json          derived; can be made again from the others
//! ```
//! Times are integer nanoseconds with the suffix `_ns`, bytes have `_bytes`; a field that does not apply is absent, one
//! that cannot be measured here is `null`, with its reason once in `run.json`.
//! The types do no I/O; [`RunWriter`], [`Run::open`], [`list_runs`] and [`HostRecord::of_this_machine`] do.

mod digest;
mod error;
mod failure_kind;
mod files;
mod host;
mod host_facts;
mod invocation;
mod launch;
mod launch_facts;
mod listing;
mod load;
mod measured;
mod payloads;
mod pipe;
mod reader;
mod response;
mod run;
mod run_id;
mod rung;
mod schema;
mod summary;
mod writer;

pub use error::RecordError;
pub use failure_kind::{FailureKinds, MOST_FAILURE_KINDS, message_shape};
pub use host::{HostRecord, TimerLateness};
pub use invocation::{InvocationRecord, MESSAGE_LIMIT_BYTES, Place};
pub use launch::LaunchRecord;
pub use launch_facts::{InitRecord, PageCacheRecord, PageInByRecord};
pub use listing::{RunFacts, RunListing, list_runs};
pub use load::{LoadKind, LoadRecord};
pub use measured::Measured;
pub use payloads::{PAYLOADS_LIMIT, PAYLOADS_LIMIT_BYTES, payload_files};
pub use pipe::PipeRecord;
pub use reader::{Run, read_responses};
pub use response::{RESPONSES_LIMIT_BYTES, ResponseRecord};
pub use run::{
    Billing, CheckRecord, FunctionRecord, MeasureRecord, Recorded, RunRecord, RunStatus,
    SCHEMA_VERSION, ScenarioRecord, ServiceRecord, ToolRecord,
};
pub use run_id::{InvalidRunId, RunId};
pub use rung::RungRecord;
pub use schema::json_schemas;
pub use summary::{
    CostSummary, Estimate, FailureSummary, FailuresSummary, FunctionSummary, InitSummary,
    LoadLatency, LoadSummary, Metric, PageCacheSummary, Seen, StartCost, Summary, Unit,
};
pub use writer::{Kept, Outcome, RunWriter, ScenarioText};
