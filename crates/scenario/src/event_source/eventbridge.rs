//! Events of Amazon EventBridge, and of its rules that run on a schedule.

use serde_json::{Value, json};

use super::input::{ACCOUNT, Input, REGION};
use super::{Kind, key};
use crate::fields::kind_of;
use crate::json;

pub(super) const EVENTBRIDGE: Kind = Kind {
    name: "eventbridge",
    doc: "An event that matched a rule",
    page: "\"Structure of EventBridge events\", Amazon EventBridge User Guide",
    keys: &[
        key("detail", "a map"),
        key("detail_type", "what the detail is"),
        key("source", "who sent it"),
        key("resources", "an array of ARNs"),
    ],
    build: eventbridge,
};

fn eventbridge(input: &mut Input) -> Result<Value, String> {
    let source = input.string("source", "my.application")?;
    let detail_type = input.string("detail_type", "My Event")?;
    let detail = rhai::Dynamic::from_map(input.map("detail")?);
    input.payload("detail", &detail)?;
    let detail = json::from_script(&detail)?;
    let resources = match input.value("resources") {
        None => json!([]),
        Some(value) => match json::from_script(&value)? {
            Value::Array(all) if all.iter().all(Value::is_string) => Value::Array(all),
            _ => {
                return Err(format!(
                    "resources: expected an array of strings, got {}",
                    kind_of(&value)
                ));
            }
        },
    };
    Ok(event(input, &source, &detail_type, &resources, &detail))
}

pub(super) const SCHEDULE: Kind = Kind {
    name: "schedule",
    doc: "An event of a rule that runs on a schedule",
    page: "\"Creating a rule that runs on a schedule in Amazon EventBridge\", Amazon EventBridge User Guide",
    keys: &[key("rule", "name of the rule")],
    build: schedule,
};

fn schedule(input: &mut Input) -> Result<Value, String> {
    let rule = input.string("rule", "my-schedule")?;
    let resources = json!([format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule}")]);
    Ok(event(input, "aws.events", "Scheduled Event", &resources, &json!({})))
}

fn event(
    input: &mut Input,
    source: &str,
    detail_type: &str,
    resources: &Value,
    detail: &Value,
) -> Value {
    json!({
        "version": "0",
        "id": input.chance.uuid(),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": input.time.rfc3339_seconds(),
        "region": REGION,
        "resources": resources,
        "detail": detail,
    })
}
