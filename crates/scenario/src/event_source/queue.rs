//! Events of Amazon SQS and Amazon SNS.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use rhai::Dynamic;
use serde_json::{Value, json};

use super::input::{ACCOUNT, Input, REGION};
use super::{Kind, key, of_record};

pub(super) const SQS: Kind = Kind {
    name: "sqs",
    doc: "A batch of messages from a standard queue",
    page: "\"Using Lambda with Amazon SQS\", AWS Lambda Developer Guide",
    keys: &[
        key("n", "number of messages, 1 unless it is set"),
        of_record(
            "body",
            "text as it is, anything else as JSON; a closure |i| … makes one for each message",
        ),
        key("queue", "name of the queue"),
    ],
    build: sqs,
};

fn sqs(input: &mut Input) -> Result<Value, String> {
    let queue = input.string("queue", "my-queue")?;
    input.records(|input, i| {
        let body =
            input.of_record("body", i).unwrap_or_else(|| Dynamic::from_map(rhai::Map::new()));
        let body = input.payload("body", &body)?;
        let sent = input.time.plus_ms(i64::from(i));
        let digest = Md5::digest(body.as_bytes());
        let md5: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(json!({
            "messageId": input.chance.uuid(),
            "receiptHandle": STANDARD.encode(input.chance.bytes(48)),
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": sent.ms().to_string(),
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "ApproximateFirstReceiveTimestamp": sent.plus_ms(2).ms().to_string(),
            },
            "messageAttributes": {},
            "md5OfBody": md5,
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"),
            "awsRegion": REGION,
        }))
    })
}

pub(super) const SNS: Kind = Kind {
    name: "sns",
    doc: "A notification of a topic; SNS sends one at a time",
    page: "\"Invoking Lambda functions with Amazon SNS notifications\", AWS Lambda Developer Guide",
    keys: &[
        key("message", "text as it is, anything else as JSON"),
        key("subject", "its subject"),
        key("topic", "name of the topic"),
    ],
    build: sns,
};

fn sns(input: &mut Input) -> Result<Value, String> {
    let topic = input.string("topic", "my-topic")?;
    let subject = input.text("subject")?;
    let message = input.value("message").unwrap_or_else(|| Dynamic::from_map(rhai::Map::new()));
    let message = input.payload("message", &message)?;
    let arn = format!("arn:aws:sns:{REGION}:{ACCOUNT}:{topic}");
    let subscription = format!("{arn}:{}", input.chance.uuid());
    let host = format!("https://sns.{REGION}.amazonaws.com");
    Ok(json!({
        "Records": [{
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription,
            "EventSource": "aws:sns",
            "Sns": {
                "SignatureVersion": "1",
                "Timestamp": input.time.rfc3339(),
                "Signature": STANDARD.encode(input.chance.bytes(256)),
                "SigningCertURL": format!("{host}/SimpleNotificationService-{}.pem", input.chance.hex(32)),
                "MessageId": input.chance.uuid(),
                "Message": message,
                "MessageAttributes": {},
                "Type": "Notification",
                "UnsubscribeURL": format!("{host}/?Action=Unsubscribe&SubscriptionArn={subscription}"),
                "TopicArn": arn,
                "Subject": subject,
            },
        }],
    }))
}
