//! The function beside an embedded DynamoDB.

use std::collections::BTreeMap;
use std::future::Future;

use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_sdk_dynamodb::config::Credentials;
use dynamodb_item::{DynamoDbItem, Settings};
use kelvin_services::{CREDENTIALS, Service, ServiceKind, ServiceSpec, TableSpec};
use kelvin_workload::{Case, InitContext, InvokeContext, Workload, WorkloadError};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// A DynamoDB with all invoices in its table.
pub(crate) struct Place {
    pub(crate) service: Service,
    _temporary: TempDir,
}

impl Place {
    pub(crate) fn new(change: impl FnOnce(&mut ServiceSpec)) -> Place {
        let mut spec = ServiceSpec::new(ServiceKind::DynamoDb);
        change(&mut spec);
        let temporary = TempDir::new().expect("/tmp is writable");
        let service = Service::start(&spec, temporary.path()).expect("it starts");
        let partition_key = "invoice".parse().expect("a name is a key");
        let table = TableSpec {
            name: "invoices".to_owned(),
            partition_key,
            sort_key: "line:N".parse().ok(),
        };
        service.create_table(&table).expect("it has no tables yet");
        let text = include_str!("../../cases/invoices.json");
        let invoices: BTreeMap<String, Vec<Map<String, Value>>> =
            serde_json::from_str(text).expect("they are JSON");
        for (invoice, lines) in invoices {
            for (line, mut item) in (1..).zip(lines) {
                let line: u32 = line;
                item.extend([
                    ("invoice".to_owned(), json!(invoice)),
                    ("line".to_owned(), json!(line)),
                    ("version".to_owned(), json!(1)),
                    ("token".to_owned(), json!("-")),
                ]);
                service.put_item("invoices", &item).expect("there is the table");
            }
        }
        Place { service, _temporary: temporary }
    }

    /// One whose errors are those of the text.
    pub(crate) fn failing(errors: &str) -> Place {
        Place::new(|spec| {
            spec.errors = errors.parse().expect("errors of a test are valid");
            spec.seed = 7;
        })
    }

    /// The function, with these variables besides.
    pub(crate) fn function(
        &self,
        variables: &'static [(&'static str, &'static str)],
    ) -> DynamoDbItem {
        let endpoint = self.service.endpoint().to_owned();
        let ctx = InitContext::new(move |name| match name {
            "AWS_ENDPOINT_URL_DYNAMODB" => Some(endpoint.clone()),
            _ => {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            }
        });
        DynamoDbItem::new(Settings::of(&ctx).expect("variables of a test are valid"), config)
    }
}

/// What Lambda has in the environment.
pub(crate) fn config() -> ConfigLoader {
    let (key, secret) = CREDENTIALS;
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(key, secret, None, None, "test"))
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be started").block_on(work)
}

pub(crate) fn find(case: &str) -> Case<ApiGatewayV2httpRequest> {
    let found = DynamoDbItem::cases().into_iter().find(|known| known.name == case);
    found.expect("there is such a case")
}

pub(crate) async fn invoke(
    function: &DynamoDbItem,
    event: ApiGatewayV2httpRequest,
) -> Result<ApiGatewayV2httpResponse, WorkloadError> {
    function.handle(event, &InvokeContext::default()).await
}

/// Status and body of an answer.
pub(crate) fn read(response: &ApiGatewayV2httpResponse) -> (i64, Value) {
    let json = serde_json::to_value(response).expect("a response can be written as JSON");
    let body = json["body"].as_str().expect("every answer has a body");
    (response.status_code, serde_json::from_str(body).expect("every body is JSON"))
}
