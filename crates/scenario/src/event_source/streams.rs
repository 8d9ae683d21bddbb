//! Events of Amazon Kinesis Data Streams and of DynamoDB Streams.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhai::Dynamic;
use serde_json::{Map, Value, json};

use super::input::{ACCOUNT, Input, REGION, plain};
use super::{Kind, key, of_record};
use crate::fields::kind_of;
use crate::suggest;

pub(super) const KINESIS: Kind = Kind {
    name: "kinesis",
    doc: "A batch of records from one shard of a stream",
    page: "\"Using Lambda to process records from Amazon Kinesis Data Streams\", AWS Lambda Developer Guide",
    keys: &[
        key("n", "number of records, 1 unless it is set"),
        of_record("data", "text as it is, anything else as JSON; sent in base64"),
        of_record("partition_key", "decides about the shard; \"1\" unless it is set"),
        key("stream", "name of the stream"),
    ],
    build: kinesis,
};

fn kinesis(input: &mut Input) -> Result<Value, String> {
    let stream = input.string("stream", "my-stream")?;
    let shard = "shardId-000000000006";
    let start = input.chance.digits(12);
    input.records(|input, i| {
        let data =
            input.of_record("data", i).unwrap_or_else(|| Dynamic::from_map(rhai::Map::new()));
        let data = STANDARD.encode(input.payload("data", &data)?);
        let partition_key = match input.of_record("partition_key", i) {
            Some(value) => plain("partition_key", &value)?,
            None => "1".to_owned(),
        };
        // Of 56 digits, and greater with each record of a shard.
        let sequence_number = format!("4959{start}{i:08}{}", input.chance.digits(32));
        Ok(json!({
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": partition_key,
                "sequenceNumber": sequence_number,
                "data": data,
                "approximateArrivalTimestamp": input.time.plus_ms(i64::from(i)).seconds_and_ms(),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": format!("{shard}:{sequence_number}"),
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": format!("arn:aws:iam::{ACCOUNT}:role/lambda-role"),
            "awsRegion": REGION,
            "eventSourceARN": format!("arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}"),
        }))
    })
}

pub(super) const DYNAMODB: Kind = Kind {
    name: "dynamodb",
    doc: "A batch of changes from the stream of a table, with new and old images",
    page: "\"Using AWS Lambda with Amazon DynamoDB\", AWS Lambda Developer Guide",
    keys: &[
        key("n", "number of records, 1 unless it is set"),
        key("table", "name of the table"),
        key("event_name", "INSERT (unless it is set), MODIFY or REMOVE"),
        of_record("keys", "the primary key as a plain map; an id unless it is set"),
        of_record(
            "new_image",
            "the item after the change; the keys unless it is set; none with REMOVE",
        ),
        of_record(
            "old_image",
            "the item before the change; the keys unless it is set; none with INSERT",
        ),
    ],
    build: dynamodb,
};

/// Kinds of changes; whether there is an item before, and after.
const CHANGES: [(&str, bool, bool); 3] =
    [("INSERT", false, true), ("MODIFY", true, true), ("REMOVE", true, false)];

fn dynamodb(input: &mut Input) -> Result<Value, String> {
    let table = input.string("table", "my-table")?;
    let name = input.string("event_name", "INSERT")?;
    let Some((_, has_old, has_new)) = CHANGES.into_iter().find(|(known, ..)| *known == name) else {
        return Err(suggest::unknown("event_name", &name, CHANGES.map(|(known, ..)| known)));
    };
    let start = input.chance.digits(12);
    let stream =
        format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}/stream/2026-01-01T00:00:00.000");
    input.records(|input, i| {
        let keys = match image(input, "keys", i)? {
            Some(keys) => keys,
            None => json!({ "id": { "S": input.chance.uuid() } }),
        };
        let mut change = json!({
            "ApproximateCreationDateTime": input.time.plus_ms(i64::from(i)).seconds(),
            "SequenceNumber": format!("44215{start}{i:011}"),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        });
        let mut bytes = size(&keys);
        for (there, key, field) in
            [(has_new, "new_image", "NewImage"), (has_old, "old_image", "OldImage")]
        {
            match image(input, key, i)? {
                Some(_) if !there => return Err(format!("{key}: there is none with {name}")),
                None if !there => {}
                given => {
                    let image = given.unwrap_or_else(|| keys.clone());
                    bytes += size(&image);
                    change[field] = image;
                }
            }
        }
        change["SizeBytes"] = bytes.into();
        change["Keys"] = keys;
        Ok(json!({
            "eventID": input.chance.hex(32),
            "eventName": name,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": REGION,
            "dynamodb": change,
            "eventSourceARN": stream,
        }))
    })
}

/// A plain map with the types that DynamoDB gives its attributes.
fn image(input: &mut Input, key: &str, i: u32) -> Result<Option<Value>, String> {
    let Some(value) = input.of_record(key, i) else { return Ok(None) };
    // Counts the bytes, and refuses what JSON cannot have.
    input.payload(key, &value)?;
    let Ok(map) = value.as_map_ref() else {
        return Err(format!("{key}: expected a map, got {}", kind_of(&value)));
    };
    Ok(Some(attributes(&map)))
}

fn attributes(map: &rhai::Map) -> Value {
    map.iter()
        .map(|(name, value)| (name.to_string(), attribute(value)))
        .collect::<Map<_, _>>()
        .into()
}

/// "AttributeValue", Amazon DynamoDB API Reference.
fn attribute(value: &Dynamic) -> Value {
    if let Ok(map) = value.as_map_ref() {
        return json!({ "M": attributes(&map) });
    }
    if let Ok(values) = value.as_array_ref() {
        return json!({ "L": values.iter().map(attribute).collect::<Vec<_>>() });
    }
    if let Ok(truth) = value.as_bool() {
        return json!({ "BOOL": truth });
    }
    if value.is_int() || value.is_float() {
        return json!({ "N": value.to_string() });
    }
    if value.is_unit() {
        return json!({ "NULL": true });
    }
    json!({ "S": value.to_string() })
}

/// Names and values, roughly as DynamoDB counts them ("DynamoDB item sizes and formats").
fn size(attributes: &Value) -> usize {
    match attributes {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| name.len() + inner_size(value)).sum()
        }
        _ => 0,
    }
}

fn inner_size(attribute: &Value) -> usize {
    let Some((kind, value)) = attribute.as_object().and_then(|fields| fields.iter().next()) else {
        return 0;
    };
    match (kind.as_str(), value) {
        ("M", map) => 3 + size(map),
        ("L", Value::Array(values)) => 3 + values.iter().map(inner_size).sum::<usize>(),
        // Two digits a byte, and one.
        ("N", Value::String(digits)) => digits.len() / 2 + 1,
        (_, Value::String(text)) => text.len(),
        _ => 1,
    }
}
