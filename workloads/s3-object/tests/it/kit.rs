//! The function beside an embedded S3.

use std::future::Future;

use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_lambda_events::s3::S3Event;
use aws_sdk_s3::config::Credentials;
use kelvin_services::{CREDENTIALS, Service, ServiceKind, ServiceSpec};
use kelvin_workload::{Case, InitContext, InvokeContext, Workload, WorkloadError};
use s3_object::{Response, S3Object, Settings};
use tempfile::TempDir;

pub(crate) const BUCKET: &str = "kelvin-flights";

/// An S3 with both tables in its bucket.
pub(crate) struct Place {
    pub(crate) service: Service,
    _temporary: TempDir,
}

impl Place {
    pub(crate) fn new(change: impl FnOnce(&mut ServiceSpec)) -> Place {
        let mut spec = ServiceSpec::new(ServiceKind::S3);
        change(&mut spec);
        let temporary = TempDir::new().expect("/tmp is writable");
        let service = Service::start(&spec, temporary.path()).expect("it starts");
        service.create_bucket(BUCKET).expect("it has no buckets yet");
        for name in ["flights-2k.csv", "flights-10k.csv"] {
            let path = format!("{}/cases/{name}", env!("CARGO_MANIFEST_DIR"));
            let table = std::fs::read(path).expect("it is there");
            service.put_object(BUCKET, name, table.into()).expect("there is the bucket");
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
    pub(crate) fn function(&self, variables: &'static [(&'static str, &'static str)]) -> S3Object {
        let endpoint = self.service.endpoint().to_owned();
        let ctx = InitContext::new(move |name| match name {
            "AWS_ENDPOINT_URL_S3" => Some(endpoint.clone()),
            _ => {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            }
        });
        S3Object::new(Settings::of(&ctx).expect("variables of a test are valid"), config)
    }
}

/// What Lambda has in the environment.
pub(crate) fn config() -> ConfigLoader {
    let (key, secret) = CREDENTIALS;
    let token = Some("EXAMPLE".to_owned());
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(key, secret, token, None, "test"))
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be started").block_on(work)
}

pub(crate) fn event(case: &str) -> S3Event {
    find(case).event
}

pub(crate) fn find(case: &str) -> Case<S3Event> {
    let found = S3Object::cases().into_iter().find(|known| known.name == case);
    found.expect("there is such a case")
}

pub(crate) async fn invoke(function: &S3Object, event: S3Event) -> Result<Response, WorkloadError> {
    function.handle(event, &InvokeContext::default()).await
}
