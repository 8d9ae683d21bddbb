//! The workload `dynamodb-item`: `PUT /invoices/{invoice}/lines/{line}` behind API Gateway. It writes a line, if what is
//! there is what the caller knows, and answers with what the invoice comes to.
//!
//! The function is what one would deploy: AWS's client, made in INIT, with timeouts and bounded retries; optimistic
//! locking by the headers that HTTP has for it; and requests that may come twice (`Idempotency-Key`).
//! What it computes is a workload of its own, [`Adding`], with the items in memory.
//! `KELVIN_IO=none` runs the very same function without I/O: invoices are those of the program, and nothing is kept.
//!
//! A request that is wrong, or meets another version, has an answer with a status of HTTP. When DynamoDB fails the
//! function fails, which API Gateway turns into a status of 500 and CloudWatch counts.

mod client;
mod invoices;
mod line;
mod request;
mod settings;
mod table;
mod totals;

use aws_config::{BehaviorVersion, ConfigLoader};
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use kelvin_workload::{Answer, Case, InitContext, InvokeContext, Workload, WorkloadError};
use serde::{Deserialize, Serialize};

pub use invoices::{Adding, Event as AddingEvent};
pub use line::Line;
pub use settings::Settings;
pub use totals::{Totals, Vat};

use crate::request::{Change, Refused, Target, change};
use crate::table::Table;
use crate::totals::totals;

/// Writes a line of an invoice.
#[derive(Debug)]
pub struct DynamoDbItem {
    table: Table,
}

/// The body of an answer to a line that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Name of the invoice.
    pub invoice: String,
    /// Number of the line.
    pub line: u32,
    /// What the next request that changes this line must have in `If-Match`.
    pub version: u32,
    /// What the invoice comes to now.
    pub totals: Totals,
}

/// The body of an answer to a request that was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
}

impl DynamoDbItem {
    /// The function with these settings. `config` begins the configuration of the client: where region and credentials
    /// come from, if not from the environment as in Lambda.
    pub fn new(
        settings: Settings,
        config: impl Fn() -> ConfigLoader + Send + Sync + 'static,
    ) -> DynamoDbItem {
        DynamoDbItem { table: Table::new(settings, config) }
    }

    async fn write(
        &self,
        change: Change,
        ctx: &InvokeContext,
    ) -> Result<ApiGatewayV2httpResponse, WorkloadError> {
        let Change { target, line } = change;
        let version = target.expected.next_version();
        let line = line.into_item(&target.invoice, target.number, version, &target.token);
        let lines = self.table.open().await?.write(&target, line, ctx).await?;
        let Target { invoice, number, .. } = target;
        match lines {
            Some(lines) => {
                let totals = totals(&lines)?;
                answer(200, &Written { invoice, line: number, version, totals })
            }
            None => {
                let message = format!("line {number} of invoice {invoice} has another version");
                answer(412, &Problem { message })
            }
        }
    }
}

impl Workload for DynamoDbItem {
    const NAME: &'static str = "dynamodb-item";
    type Event = ApiGatewayV2httpRequest;
    type Response = ApiGatewayV2httpResponse;

    async fn init(ctx: &InitContext) -> Result<DynamoDbItem, WorkloadError> {
        let config = || aws_config::defaults(BehaviorVersion::v2026_01_12());
        Ok(DynamoDbItem::new(Settings::of(ctx)?, config))
    }

    async fn prepare(&self) -> Result<(), WorkloadError> {
        self.table.open().await.map(drop)
    }

    async fn handle(
        &self,
        event: ApiGatewayV2httpRequest,
        ctx: &InvokeContext,
    ) -> Result<ApiGatewayV2httpResponse, WorkloadError> {
        match change(&event) {
            Ok(change) => self.write(change, ctx).await,
            Err(Refused { status, message }) => answer(status, &Problem { message }),
        }
    }

    fn cases() -> Vec<Case<ApiGatewayV2httpRequest>> {
        macro_rules! case {
            ($name:literal) => {
                Case::new(
                    $name,
                    read(include_str!(concat!("../cases/", $name, ".event.json"))),
                    Answer::Json(read(include_str!(concat!("../cases/", $name, ".response.json")))),
                )
            };
        }
        vec![case!("add"), case!("change"), case!("conflict")]
    }
}

fn answer(status: i64, body: &impl Serialize) -> Result<ApiGatewayV2httpResponse, WorkloadError> {
    let body = serde_json::to_string(body)
        .map_err(|error| WorkloadError::work_failed("could not write the answer", error))?;
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status;
    response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.body = Some(Body::Text(body));
    Ok(response)
}

fn read<T: for<'de> Deserialize<'de>>(json: &str) -> T {
    serde_json::from_str(json).expect("the tests read every event and answer")
}
