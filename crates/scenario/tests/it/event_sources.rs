//! Events as AWS documents them: Rust functions read them with the types of aws_lambda_events.

use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use aws_lambda_events::dynamodb::Event as DynamoDbEvent;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::kinesis::KinesisEvent;
use aws_lambda_events::s3::S3Event;
use aws_lambda_events::sns::SnsEvent;
use aws_lambda_events::sqs::SqsEvent;
use insta::assert_json_snapshot;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::events::sent_with;

fn sent(event: &str) -> String {
    sent_with(1, &format!("f.invoke({event});")).remove(0)
}

fn json(event: &str) -> Value {
    serde_json::from_str(&sent(event)).expect("events are JSON")
}

/// The event as Rust functions read it.
fn read<T: DeserializeOwned>(event: &str) -> T {
    let text = sent(event);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn sqs() {
    assert_json_snapshot!(json("event(\"sqs\", #{ body: \"hello\" })"), @r#"
    {
      "Records": [
        {
          "attributes": {
            "ApproximateFirstReceiveTimestamp": "1767225600740",
            "ApproximateReceiveCount": "1",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "SentTimestamp": "1767225600738"
          },
          "awsRegion": "us-east-1",
          "body": "hello",
          "eventSource": "aws:sqs",
          "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:my-queue",
          "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
          "messageAttributes": {},
          "messageId": "35878a44-0cd7-4946-9c74-a6afd6264f7a",
          "receiptHandle": "EcR4hQtCRD1tIv050MjiA8sUCXub3QsKJ6jC07lA9TacvyBqbClBAHifap/h2tgj"
        }
      ]
    }
    "#);
    let event: SqsEvent =
        read("event(\"sqs\", #{ n: 3, queue: \"orders\", body: |i| #{ order: i } })");
    let bodies: Vec<_> = event.records.iter().filter_map(|r| r.body.as_deref()).collect();
    assert_eq!(bodies, [r#"{"order":0}"#, r#"{"order":1}"#, r#"{"order":2}"#]);
    let first = &event.records[0];
    assert_eq!(
        first.event_source_arn.as_deref(),
        Some("arn:aws:sqs:us-east-1:123456789012:orders")
    );
    assert_eq!(first.attributes["ApproximateReceiveCount"], "1");
    assert_ne!(first.message_id, event.records[1].message_id);
}

#[test]
fn sns() {
    assert_json_snapshot!(json("event(\"sns\", #{ message: #{ a: 1 }, subject: \"s\" })"), @r#"
    {
      "Records": [
        {
          "EventSource": "aws:sns",
          "EventSubscriptionArn": "arn:aws:sns:us-east-1:123456789012:my-topic:35878a44-0cd7-4946-9c74-a6afd6264f7a",
          "EventVersion": "1.0",
          "Sns": {
            "Message": "{\"a\":1}",
            "MessageAttributes": {},
            "MessageId": "57c47f90-4b6b-45a6-915c-06d70737c796",
            "Signature": "EcR4hQtCRD1tIv050MjiA8sUCXub3QsKJ6jC07lA9TacvyBqbClBAHifap/h2tgjJuEORGLFyiyymDPiV62kWBM+ce57jBVc5ojH0S+e1Yvikz5KQvfG5z4/VIEEt3dQwiF0WaJcHk2S/GA3sCUl6mrQwiLOIXgwon0t5EFzBUEnz/1fYisyRFVijI4L9RbnyhhvAXhhu3cTWij9sItqRI/1396MBES44yc59BFT2SRj0pLRHLF7/vMXr7pcWqwxypmMIaulmNmlCAJP0iizLgD/KwBKyLHfa7DNj3ZGcNQxX5totie3RCDWxGiYLw1bZaNokNRkWfFS3Hl97xrNzg==",
            "SignatureVersion": "1",
            "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-84240a74b19c095a75cf52c43dc9a657.pem",
            "Subject": "s",
            "Timestamp": "2026-01-01T00:00:00.738Z",
            "TopicArn": "arn:aws:sns:us-east-1:123456789012:my-topic",
            "Type": "Notification",
            "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:my-topic:35878a44-0cd7-4946-9c74-a6afd6264f7a"
          }
        }
      ]
    }
    "#);
    let event: SnsEvent = read("event(\"sns\", #{ topic: \"news\", message: \"hi\" })");
    let message = &event.records[0].sns;
    assert_eq!((message.message.as_str(), message.subject.as_deref()), ("hi", None));
    assert_eq!(message.topic_arn, "arn:aws:sns:us-east-1:123456789012:news");
}

#[test]
fn kinesis() {
    assert_json_snapshot!(json("event(\"kinesis\", #{ data: \"hello\" })"), @r#"
    {
      "Records": [
        {
          "awsRegion": "us-east-1",
          "eventID": "shardId-000000000006:49597875754864360000000064884039619515892354942602863613",
          "eventName": "aws:kinesis:record",
          "eventSource": "aws:kinesis",
          "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/my-stream",
          "eventVersion": "1.0",
          "invokeIdentityArn": "arn:aws:iam::123456789012:role/lambda-role",
          "kinesis": {
            "approximateArrivalTimestamp": 1767225600.738,
            "data": "aGVsbG8=",
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "1",
            "sequenceNumber": "49597875754864360000000064884039619515892354942602863613"
          }
        }
      ]
    }
    "#);
    let event: KinesisEvent = read(
        "event(\"kinesis\", #{ n: 2, stream: \"clicks\", data: |i| [i], partition_key: |i| i })",
    );
    let records: Vec<_> = event.records.iter().map(|record| &record.kinesis).collect();
    assert_eq!(records[1].data.0, b"[1]");
    assert_eq!(records[1].partition_key, "1");
    assert!(records[0].sequence_number < records[1].sequence_number);
    assert!(records.iter().all(|record| record.sequence_number.len() == 56));
    assert!(
        records[0].approximate_arrival_timestamp.0 < records[1].approximate_arrival_timestamp.0
    );
}

#[test]
fn dynamodb() {
    let script = "event(\"dynamodb\", #{ event_name: \"MODIFY\", keys: #{ id: \"a\" }, \
                  new_image: #{ id: \"a\", n: 1.5, tags: [true, ()], m: #{ k: 2 } } })";
    assert_json_snapshot!(json(script), @r#"
    {
      "Records": [
        {
          "awsRegion": "us-east-1",
          "dynamodb": {
            "ApproximateCreationDateTime": 1767225600,
            "Keys": {
              "id": {
                "S": "a"
              }
            },
            "NewImage": {
              "id": {
                "S": "a"
              },
              "m": {
                "M": {
                  "k": {
                    "N": "2"
                  }
                }
              },
              "n": {
                "N": "1.5"
              },
              "tags": {
                "L": [
                  {
                    "BOOL": true
                  },
                  {
                    "NULL": true
                  }
                ]
              }
            },
            "OldImage": {
              "id": {
                "S": "a"
              }
            },
            "SequenceNumber": "4421578757548643600000000000",
            "SizeBytes": 27,
            "StreamViewType": "NEW_AND_OLD_IMAGES"
          },
          "eventID": "2e22a275a3f333a50b105284240a74b1",
          "eventName": "MODIFY",
          "eventSource": "aws:dynamodb",
          "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/my-table/stream/2026-01-01T00:00:00.000",
          "eventVersion": "1.1"
        }
      ]
    }
    "#);
    let event: DynamoDbEvent =
        read("event(\"dynamodb\", #{ n: 2, table: \"items\", keys: |i| #{ id: i } })");
    let numbers: Vec<_> = event.records.iter().map(|r| r.change.sequence_number.clone()).collect();
    assert!(numbers[0] < numbers[1]);
    assert!(event.records.iter().all(|record| record.change.old_image.is_empty()));
    assert_eq!(event.records[0].change.keys, event.records[0].change.new_image);
    let event: DynamoDbEvent = read("event(\"dynamodb\", #{ event_name: \"REMOVE\" })");
    assert!(event.records[0].change.new_image.is_empty());
}

#[test]
fn s3() {
    assert_json_snapshot!(json("event(\"s3-put\", #{ bucket: \"b\", key: \"a/red flower+é.jpg\", size: 7 })"), @r#"
    {
      "Records": [
        {
          "awsRegion": "us-east-1",
          "eventName": "ObjectCreated:Put",
          "eventSource": "aws:s3",
          "eventTime": "2026-01-01T00:00:00.738Z",
          "eventVersion": "2.1",
          "requestParameters": {
            "sourceIPAddress": "192.0.2.1"
          },
          "responseElements": {
            "x-amz-id-2": "atDCIs4heDCifS3kQXMFQSfP/V9iKzJEVWKMjgv1FufKGG8BeGG7dxNaKP2wi2pE",
            "x-amz-request-id": "5C1DB7C862362E22"
          },
          "s3": {
            "bucket": {
              "arn": "arn:aws:s3:::b",
              "name": "b",
              "ownerIdentity": {
                "principalId": "A3I5XTEXAMAI3E"
              }
            },
            "configurationId": "8ff5dfde-8c04-44b8-a327-39f41153d924",
            "object": {
              "eTag": "33a50b105284240a74b19c095a75cf52",
              "key": "a/red+flower%2B%C3%A9.jpg",
              "sequencer": "C43DC9A65771490C83",
              "size": 7
            },
            "s3SchemaVersion": "1.0"
          },
          "userIdentity": {
            "principalId": "AWS:AIDAINPONIXQXHT3IKHL2"
          }
        }
      ]
    }
    "#);
    let event: S3Event = read("event(\"s3-put\")");
    let object = &event.records[0].s3.object;
    assert_eq!((object.key.as_deref(), object.size), (Some("my-object"), Some(1024)));
}

#[test]
fn http_api() {
    let script = "event(\"http-api\", #{ path: \"/orders\", body: #{ n: 1 }, \
                  query: #{ a: [1, \"x y\"], b: true }, headers: #{ Accept: \"text/html\" } })";
    assert_json_snapshot!(json(script), @r#"
    {
      "body": "{\"n\":1}",
      "headers": {
        "accept": "text/html",
        "content-length": "7",
        "content-type": "application/json",
        "host": "5c1db7c862.execute-api.us-east-1.amazonaws.com",
        "user-agent": "kelvin",
        "x-amzn-trace-id": "Root=1-6955b900-362e22a275a3f333a50b1052",
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https"
      },
      "isBase64Encoded": false,
      "queryStringParameters": {
        "a": "1,x y",
        "b": "true"
      },
      "rawPath": "/orders",
      "rawQueryString": "a=1&a=x%20y&b=true",
      "requestContext": {
        "accountId": "123456789012",
        "apiId": "5c1db7c862",
        "domainName": "5c1db7c862.execute-api.us-east-1.amazonaws.com",
        "domainPrefix": "5c1db7c862",
        "http": {
          "method": "POST",
          "path": "/orders",
          "protocol": "HTTP/1.1",
          "sourceIp": "192.0.2.1",
          "userAgent": "kelvin"
        },
        "requestId": "4Y0CEITAxrfs6Jn=",
        "routeKey": "$default",
        "stage": "$default",
        "time": "01/Jan/2026:00:00:00 +0000",
        "timeEpoch": 1767225600738
      },
      "routeKey": "$default",
      "version": "2.0"
    }
    "#);
    let event: ApiGatewayV2httpRequest = read(script);
    assert_eq!(event.body.as_deref(), Some(r#"{"n":1}"#));
    assert_eq!(event.headers["accept"], "text/html");
    assert_eq!(event.raw_query_string.as_deref(), Some("a=1&a=x%20y&b=true"));
    let event: ApiGatewayV2httpRequest = read("event(\"http-api\")");
    assert_eq!(event.request_context.http.method, "GET");
    assert_eq!((event.body, event.raw_path.as_deref()), (None, Some("/")));
}

#[test]
fn rest_api() {
    let script = "event(\"rest-api\", #{ method: \"PUT\", path: \"/a/b\", body: \"text\", query: #{ a: [1, 2] } })";
    assert_json_snapshot!(json(script), @r#"
    {
      "body": "text",
      "headers": {
        "accept": "*/*",
        "content-length": "4",
        "host": "5c1db7c862.execute-api.us-east-1.amazonaws.com",
        "user-agent": "kelvin",
        "x-amzn-trace-id": "Root=1-6955b900-362e22a275a3f333a50b1052",
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https"
      },
      "httpMethod": "PUT",
      "isBase64Encoded": false,
      "multiValueHeaders": {
        "accept": [
          "*/*"
        ],
        "content-length": [
          "4"
        ],
        "host": [
          "5c1db7c862.execute-api.us-east-1.amazonaws.com"
        ],
        "user-agent": [
          "kelvin"
        ],
        "x-amzn-trace-id": [
          "Root=1-6955b900-362e22a275a3f333a50b1052"
        ],
        "x-forwarded-for": [
          "192.0.2.1"
        ],
        "x-forwarded-port": [
          "443"
        ],
        "x-forwarded-proto": [
          "https"
        ]
      },
      "multiValueQueryStringParameters": {
        "a": [
          "1",
          "2"
        ]
      },
      "path": "/a/b",
      "pathParameters": {
        "proxy": "a/b"
      },
      "queryStringParameters": {
        "a": "2"
      },
      "requestContext": {
        "accountId": "123456789012",
        "apiId": "5c1db7c862",
        "domainName": "5c1db7c862.execute-api.us-east-1.amazonaws.com",
        "domainPrefix": "5c1db7c862",
        "extendedRequestId": "4Y0CEITAxrfs6Jn=",
        "httpMethod": "PUT",
        "identity": {
          "accessKey": null,
          "accountId": null,
          "caller": null,
          "cognitoAuthenticationProvider": null,
          "cognitoAuthenticationType": null,
          "cognitoIdentityId": null,
          "cognitoIdentityPoolId": null,
          "principalOrgId": null,
          "sourceIp": "192.0.2.1",
          "user": null,
          "userAgent": "kelvin",
          "userArn": null
        },
        "path": "/prod/a/b",
        "protocol": "HTTP/1.1",
        "requestId": "7a6fa013-6552-4ef0-877c-2da5410aa08c",
        "requestTime": "01/Jan/2026:00:00:00 +0000",
        "requestTimeEpoch": 1767225600738,
        "resourceId": "5cf52c",
        "resourcePath": "/{proxy+}",
        "stage": "prod"
      },
      "resource": "/{proxy+}",
      "stageVariables": null
    }
    "#);
    let event: ApiGatewayProxyRequest = read(script);
    assert_eq!(event.body.as_deref(), Some("text"));
    assert_eq!(event.multi_value_query_string_parameters.all("a"), Some(vec!["1", "2"]));
    let event: ApiGatewayProxyRequest = read("event(\"rest-api\")");
    assert_eq!(event.resource.as_deref(), Some("/"));
}

#[test]
fn eventbridge() {
    let script = "event(\"eventbridge\", #{ source: \"s\", detail_type: \"t\", detail: #{ a: 1 }, resources: [\"r\"] })";
    assert_json_snapshot!(json(script), @r#"
    {
      "account": "123456789012",
      "detail": {
        "a": 1
      },
      "detail-type": "t",
      "id": "35878a44-0cd7-4946-9c74-a6afd6264f7a",
      "region": "us-east-1",
      "resources": [
        "r"
      ],
      "source": "s",
      "time": "2026-01-01T00:00:00Z",
      "version": "0"
    }
    "#);
    assert_json_snapshot!(json("event(\"schedule\", #{ rule: \"daily\" })"), @r#"
    {
      "account": "123456789012",
      "detail": {},
      "detail-type": "Scheduled Event",
      "id": "35878a44-0cd7-4946-9c74-a6afd6264f7a",
      "region": "us-east-1",
      "resources": [
        "arn:aws:events:us-east-1:123456789012:rule/daily"
      ],
      "source": "aws.events",
      "time": "2026-01-01T00:00:00Z",
      "version": "0"
    }
    "#);
    let event: EventBridgeEvent = read("event(\"schedule\")");
    assert_eq!(
        (event.source.as_str(), event.detail_type.as_str()),
        ("aws.events", "Scheduled Event")
    );
}
