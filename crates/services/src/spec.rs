//! What a service is to be like, as plain data.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Errors, Latency, SpecError};

/// Which service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceKind {
    /// Amazon S3.
    S3,
    /// Amazon DynamoDB.
    DynamoDb,
    /// An HTTP server that answers by rule.
    Http,
}

impl ServiceKind {
    /// All there are.
    pub const ALL: [ServiceKind; 3] = [ServiceKind::S3, ServiceKind::DynamoDb, ServiceKind::Http];

    /// Its name on command lines, in scripts and in records.
    pub fn as_str(self) -> &'static str {
        match self {
            ServiceKind::S3 => "s3",
            ServiceKind::DynamoDb => "dynamodb",
            ServiceKind::Http => "http",
        }
    }

    /// The environment variable that tells a function where the service is.
    ///
    /// That of S3 and DynamoDB is read by the AWS SDKs ("Service-specific endpoints", AWS SDKs and Tools Reference Guide).
    pub fn endpoint_variable(self) -> &'static str {
        match self {
            ServiceKind::S3 => "AWS_ENDPOINT_URL_S3",
            ServiceKind::DynamoDb => "AWS_ENDPOINT_URL_DYNAMODB",
            ServiceKind::Http => "KELVIN_HTTP_UPSTREAM",
        }
    }
}

impl fmt::Display for ServiceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ServiceKind {
    type Err = SpecError;

    fn from_str(name: &str) -> Result<ServiceKind, SpecError> {
        let known = ServiceKind::ALL.into_iter().find(|kind| kind.as_str() == name);
        known.ok_or_else(|| SpecError::UnknownKind { name: name.to_owned() })
    }
}

/// A service as it is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSpec {
    /// Which service.
    pub kind: ServiceKind,
    /// How long each request waits.
    #[serde(default)]
    pub latency: Latency,
    /// Which share of requests fails, and how.
    #[serde(default)]
    pub errors: Errors,
    /// Decides how long each request waits and which fail.
    #[serde(default)]
    pub seed: u64,
    /// Where its state is kept and left; without one, it is gone with the service.
    #[serde(default)]
    pub folder: Option<PathBuf>,
}

impl ServiceSpec {
    /// Without latency and errors, seed 0, state that goes with the service.
    pub fn new(kind: ServiceKind) -> ServiceSpec {
        ServiceSpec {
            kind,
            latency: Latency::default(),
            errors: Errors::default(),
            seed: 0,
            folder: None,
        }
    }

    /// Fails on what no service of this kind can be.
    pub fn validate(&self) -> Result<(), SpecError> {
        self.latency.distribution(self.kind)?;
        match (self.kind, &self.folder) {
            (ServiceKind::Http, Some(_)) => Err(SpecError::Folder),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_map_describes_a_service() {
        let map = json!({ "kind": "dynamodb", "latency": "4ms", "errors": 0.01, "seed": 7 });
        let spec: ServiceSpec = serde_json::from_value(map).unwrap();
        assert_eq!(spec.kind, ServiceKind::DynamoDb);
        assert_eq!(spec.latency.to_string(), "4ms");
        assert_eq!(spec.errors.to_string(), "error=0.01");
        let again = serde_json::to_value(&spec).unwrap();
        assert_eq!(serde_json::from_value::<ServiceSpec>(again).unwrap(), spec);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let check = |map: serde_json::Value, expected: &str| {
            let error = serde_json::from_value::<ServiceSpec>(map).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(json!({ "kind": "s3", "latencies": "4ms" }), "unknown field `latencies`");
        check(json!({ "kind": "sqs" }), "unknown variant `sqs`");
        check(json!({ "kind": "s3", "latency": "4" }), "latency \"4\": ");
        check(json!({ "kind": "s3", "errors": 2 }), "errors \"2\": ");
        assert_eq!(
            "sqs".parse::<ServiceKind>().unwrap_err().to_string(),
            "unknown service \"sqs\"; known: s3, dynamodb, http"
        );
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let check = |change: fn(&mut ServiceSpec), expected: Result<(), SpecError>| {
            let mut spec = ServiceSpec::new(ServiceKind::Http);
            change(&mut spec);
            assert_eq!(spec.validate(), expected);
        };
        check(|_| {}, Ok(()));
        check(|spec| spec.folder = Some("x".into()), Err(SpecError::Folder));
        let no_profile = SpecError::NoProfile { kind: ServiceKind::Http };
        check(|spec| spec.latency = Latency::SameZone, Err(no_profile));
    }
}
