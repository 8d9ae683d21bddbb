//! The workload `s3-object`: for each table of flights that was put into a bucket of S3, puts a report beside it.
//!
//! The function is what one would deploy: AWS's client, made in INIT, with timeouts and bounded retries.
//! What it computes is a workload of its own, [`Flights`], with the tables in memory.
//! `KELVIN_IO=none` runs the very same function without I/O: objects come from the program, and reports are dropped.
//!
//! S3 invokes a function asynchronously, and Lambda repeats a whole event that failed ("Error handling for asynchronous
//! invocation", AWS Lambda developer guide). A report depends on its object alone and replaces the one that was made
//! before, so that repetition does no harm: an event fails if any of its objects does, after all of them were tried.

mod client;
mod event;
mod flights;
mod objects;
mod report;
mod settings;

use aws_config::{BehaviorVersion, ConfigLoader};
use aws_lambda_events::s3::S3Event;
use bytes::{Buf, Bytes};
use kelvin_workload::{Answer, Case, InitContext, InvokeContext, Workload, WorkloadError};
use serde::{Deserialize, Serialize};

pub use event::Location;
pub use flights::{Event as FlightsEvent, Flights};
pub use report::{Airport, Report};
pub use settings::Settings;

use crate::event::{report_of, sources};
use crate::objects::Objects;
use crate::report::report;

/// Makes a report of each object that the event names.
#[derive(Debug)]
pub struct S3Object {
    objects: Objects,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// In the order of the event's records.
    pub reports: Vec<Written>,
}

/// One report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The object that it is about, `s3://BUCKET/KEY`.
    pub source: String,
    /// Where it was put.
    pub report: String,
    /// Its length.
    pub bytes: usize,
    /// How many flights it counts.
    pub flights: u64,
    /// From how many airports.
    pub airports: usize,
}

impl S3Object {
    /// The function with these settings. `config` begins the configuration of the client: where region and credentials
    /// come from, if not from the environment as in Lambda.
    pub fn new(
        settings: Settings,
        config: impl Fn() -> ConfigLoader + Send + Sync + 'static,
    ) -> S3Object {
        S3Object { objects: Objects::new(settings, config) }
    }

    async fn handle_one(
        &self,
        source: &Location,
        ctx: &InvokeContext,
    ) -> Result<Written, WorkloadError> {
        let target = report_of(source)?;
        let objects = self.objects.open().await?;
        let table = objects.get(source, ctx).await?;
        // The parts that the network delivered are read where they are.
        let report = report(table.reader())?;
        let json = serde_json::to_vec(&report)
            .map_err(|error| WorkloadError::work_failed("could not write the report", error))?;
        let bytes = json.len();
        objects.put(&target, Bytes::from(json), ctx).await?;
        Ok(Written {
            source: source.to_string(),
            report: target.to_string(),
            bytes,
            flights: report.flights,
            airports: report.airports.len(),
        })
    }
}

impl Workload for S3Object {
    const NAME: &'static str = "s3-object";
    type Event = S3Event;
    type Response = Response;

    async fn init(ctx: &InitContext) -> Result<S3Object, WorkloadError> {
        let config = || aws_config::defaults(BehaviorVersion::v2026_01_12());
        Ok(S3Object::new(Settings::of(ctx)?, config))
    }

    async fn prepare(&self) -> Result<(), WorkloadError> {
        self.objects.open().await.map(drop)
    }

    async fn handle(&self, event: S3Event, ctx: &InvokeContext) -> Result<Response, WorkloadError> {
        // A wrong event is refused as a whole, before anything is written.
        let sources = sources(&event)?;
        let mut reports = Vec::with_capacity(sources.len());
        let mut failed = None;
        for source in &sources {
            match self.handle_one(source, ctx).await {
                Ok(written) => reports.push(written),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        match failed {
            None => Ok(Response { reports }),
            Some(error) if sources.len() == 1 => Err(error),
            Some(error) => {
                let (made, all) = (reports.len(), sources.len());
                let message = format!("made {made} of {all} reports");
                Err(WorkloadError::service_failed(message, error))
            }
        }
    }

    fn cases() -> Vec<Case<S3Event>> {
        macro_rules! case {
            ($name:literal) => {
                Case::new(
                    $name,
                    read(include_str!(concat!("../cases/", $name, ".event.json"))),
                    Answer::Json(read(include_str!(concat!("../cases/", $name, ".response.json")))),
                )
            };
        }
        let [small, large] = flights::TABLES.map(|table| table.csv.len());
        vec![
            case!("small").with_bytes(small),
            case!("large").with_bytes(large),
            case!("both").with_bytes(small + large),
        ]
    }
}

fn read<T: for<'de> Deserialize<'de>>(json: &str) -> T {
    serde_json::from_str(json).expect("the tests read every event and answer")
}
