//! JSON Schemas of the files of a run.
//!
//! The types of `kelvin-lambda` know nothing of schemas; the private types here stand for them and are tested to match.

use std::collections::BTreeMap;

use schemars::{JsonSchema, schema_for};
use serde::Deserialize;

use crate::response::ResponseLine;
use crate::{
    InvocationRecord, LaunchRecord, LoadRecord, PipeRecord, RunRecord, RungRecord, Summary,
};

/// File name and text of every schema, as they are kept in the folder `schemas` of this crate.
pub fn json_schemas() -> [(&'static str, String); 8] {
    let text = |schema: schemars::Schema| {
        let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
        text.push('\n');
        text
    };
    [
        ("run.v1.schema.json", text(schema_for!(RunRecord))),
        ("launch.v1.schema.json", text(schema_for!(LaunchRecord))),
        ("invocation.v1.schema.json", text(schema_for!(InvocationRecord))),
        ("load.v1.schema.json", text(schema_for!(LoadRecord))),
        ("pipe.v1.schema.json", text(schema_for!(PipeRecord))),
        ("response.v1.schema.json", text(schema_for!(ResponseLine))),
        ("rung.v1.schema.json", text(schema_for!(RungRecord))),
        ("summary.v1.schema.json", text(schema_for!(Summary))),
    ]
}

/// Stands for [`kelvin_lambda::Start`]: how an invocation found its execution environment.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Start")]
pub(crate) enum StartSchema {
    Cold,
    Warm,
    SuppressedInit,
    ProactiveInit,
}

/// Stands for [`kelvin_lambda::Status`]: how an invocation ended.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Status")]
pub(crate) enum StatusSchema {
    Ok,
    Error,
    Timeout,
    Crash,
    OutOfMemory,
    WrongAnswer,
    Throttled,
    TooLarge,
}

/// Stands for [`kelvin_lambda::Architecture`]: the instruction set of a function.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Architecture")]
pub(crate) enum ArchitectureSchema {
    #[serde(rename = "x86_64")]
    X86_64,
    Arm64,
}

/// Stands for [`kelvin_lambda::PlatformFacts`]: what a platform is, and what it enforces.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PlatformFacts", extend("additionalProperties" = true))]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct PlatformFactsSchema {
    name: String,
    version: String,
    enforcement: Vec<EnforcementSchema>,
    unavailable: BTreeMap<String, String>,
    notes: Vec<String>,
}

/// Stands for [`kelvin_lambda::Enforcement`]: one limit of Lambda's, and how a platform enforces it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Enforcement", extend("additionalProperties" = true))]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct EnforcementSchema {
    limit: String,
    by: Option<String>,
    note: Option<String>,
}

/// Stands for [`kelvin_lambda::PriceTable`]: US dollars of one region on one day.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PriceTable", extend("additionalProperties" = true))]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct PriceTableSchema {
    id: String,
    region: String,
    source: String,
    x86_64_gb_second: f64,
    arm64_gb_second: f64,
    request: f64,
    storage_gb_second: f64,
}

#[cfg(test)]
mod tests {
    use kelvin_lambda::{Architecture, Enforcement, PlatformFacts, Start, Status, US_EAST_1};
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;

    fn check<Stand: DeserializeOwned>(value: impl Serialize) {
        let json = serde_json::to_value(value).expect("plain data is JSON");
        assert!(serde_json::from_value::<Stand>(json.clone()).is_ok(), "{json}");
    }

    #[test]
    fn the_types_here_stand_for_those_of_lambda() {
        for start in [Start::Cold, Start::Warm, Start::SuppressedInit, Start::ProactiveInit] {
            check::<StartSchema>(start);
        }
        for status in Status::ALL {
            check::<StatusSchema>(status);
        }
        for architecture in [Architecture::X86_64, Architecture::Arm64] {
            check::<ArchitectureSchema>(architecture);
        }
        check::<PriceTableSchema>(US_EAST_1());
        check::<PlatformFactsSchema>(PlatformFacts {
            name: "emulator".to_owned(),
            version: "0.1.0".to_owned(),
            enforcement: vec![Enforcement { limit: "cpu".to_owned(), by: None, note: None }],
            unavailable: BTreeMap::new(),
            notes: Vec::new(),
        });
    }
}
