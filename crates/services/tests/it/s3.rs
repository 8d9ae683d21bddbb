//! S3 through AWS's SDK.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use kelvin_services::ServiceKind;

use crate::kit::{block_on, s3_client, s3_client_signing_with, start};

#[test]
fn objects_are_written_listed_and_read() {
    let running = start(ServiceKind::S3);
    let client = s3_client(&running.service);
    block_on(async {
        client.create_bucket().bucket("photos").send().await.unwrap();
        let body: Vec<u8> = (0..100_000_u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let put = client.put_object().bucket("photos").key("a/größe 1.bin").content_type("image/x");
        let put = put.metadata("from", "test").body(ByteStream::from(body.clone()));
        let put = put.send().await.unwrap();

        let got = client.get_object().bucket("photos").key("a/größe 1.bin").send().await.unwrap();
        assert_eq!(got.e_tag(), put.e_tag());
        assert_eq!(got.content_type(), Some("image/x"));
        assert_eq!(got.metadata().unwrap()["from"], "test");
        assert_eq!(got.body.collect().await.unwrap().into_bytes(), body);

        let part = client.get_object().bucket("photos").key("a/größe 1.bin").range("bytes=2-4");
        let part = part.send().await.unwrap().body.collect().await.unwrap();
        assert_eq!(part.into_bytes().as_ref(), [2, 3, 4]);

        let listed = client.list_objects_v2().bucket("photos").prefix("a/").send().await.unwrap();
        let keys: Vec<_> = listed.contents().iter().filter_map(|object| object.key()).collect();
        assert_eq!(keys, ["a/größe 1.bin"]);

        client.delete_object().bucket("photos").key("a/größe 1.bin").send().await.unwrap();
        let gone = client.get_object().bucket("photos").key("a/größe 1.bin").send().await;
        assert!(gone.unwrap_err().into_service_error().is_no_such_key());
    });
}

#[test]
fn what_was_prepared_is_there() {
    let running = start(ServiceKind::S3);
    let service = &running.service;
    service.create_bucket("photos").unwrap();
    service.put_object("photos", "a/größe 1.bin", "first".into()).unwrap();
    service.put_object("photos", "a/größe 1.bin", "second".into()).unwrap();
    block_on(async {
        let object = s3_client(service).get_object().bucket("photos").key("a/größe 1.bin");
        let object = object.send().await.unwrap().body.collect().await.unwrap();
        assert_eq!(object.into_bytes().as_ref(), b"second");
    });
}

#[test]
fn what_cannot_be_prepared_is_said() {
    let running = start(ServiceKind::S3);
    let service = &running.service;
    service.create_bucket("photos").unwrap();
    let check = |error: Result<(), kelvin_services::ServiceError>, expected: &str| {
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    check(
        service.create_bucket("photos"),
        "failed to create bucket \"photos\": BucketAlreadyExists",
    );
    check(service.create_bucket("ab"), "failed to create bucket \"ab\": InvalidBucketName");
    check(
        service.put_object("videos", "a", "".into()),
        "failed to put object \"a\" into \"videos\": NoSuchBucket",
    );
    check(service.put_item("items", &serde_json::Map::new()), "the service s3 has no items");
}

#[test]
fn signatures_are_checked() {
    let running = start(ServiceKind::S3);
    running.service.create_bucket("photos").unwrap();
    let client = s3_client_signing_with(&running.service, "another key");
    let refused = block_on(client.list_objects_v2().bucket("photos").send());
    assert_eq!(refused.unwrap_err().code(), Some("SignatureDoesNotMatch"));
    let (head, body) = crate::kit::get(&running.service, "/photos?list-type=2", "");
    assert!(head.starts_with("http/1.1 403"), "{head}");
    assert!(String::from_utf8_lossy(&body).contains("<Code>AccessDenied</Code>"));
}
