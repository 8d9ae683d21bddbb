//! Events of Amazon S3.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use serde_json::{Value, json};

use super::input::{Input, REGION};
use super::{Kind, key};

pub(super) const S3_PUT: Kind = Kind {
    name: "s3-put",
    doc: "An object was put into a bucket",
    page: "\"Event message structure\", Amazon S3 User Guide",
    keys: &[
        key("bucket", "name of the bucket"),
        key("key", "the object's key as it is; in the event it is URL encoded"),
        key("size", "of the object in bytes"),
    ],
    build: s3_put,
};

/// What a key keeps in an event; a space becomes `+`.
const KEPT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*').remove(b'/').remove(b' ');

fn s3_put(input: &mut Input) -> Result<Value, String> {
    let bucket = input.string("bucket", "my-bucket")?;
    let key = input.string("key", "my-object")?;
    let size = input.whole("size", 1024)?;
    let owner = json!({ "principalId": "A3I5XTEXAMAI3E" });
    let encoded = percent_encode(key.as_bytes(), KEPT).to_string().replace(' ', "+");
    Ok(json!({
        "Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": REGION,
            "eventTime": input.time.rfc3339(),
            "eventName": "ObjectCreated:Put",
            "userIdentity": { "principalId": "AWS:AIDAINPONIXQXHT3IKHL2" },
            "requestParameters": { "sourceIPAddress": "192.0.2.1" },
            "responseElements": {
                "x-amz-request-id": input.chance.hex(16).to_uppercase(),
                "x-amz-id-2": STANDARD.encode(input.chance.bytes(48)),
            },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": input.chance.uuid(),
                "bucket": {
                    "name": bucket,
                    "ownerIdentity": owner,
                    "arn": format!("arn:aws:s3:::{bucket}"),
                },
                "object": {
                    "key": encoded,
                    "size": size,
                    "eTag": input.chance.hex(32),
                    "sequencer": input.chance.hex(18).to_uppercase(),
                },
            },
        }],
    }))
}
