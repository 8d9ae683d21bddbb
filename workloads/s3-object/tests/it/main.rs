//! The function talks to an embedded S3: what it writes, and what it says when S3 fails.

mod kit;

use kelvin_services::ServiceKind;
use kelvin_workload::{InitContext, InvokeContext, Workload, verify};
use s3_object::{S3Object, Settings};

use crate::kit::{BUCKET, Place, block_on, config, event, find, invoke};

/// An object as it is in the service.
async fn object(place: &Place, key: &str) -> Option<Vec<u8>> {
    let shared = config().load().await;
    let config = aws_sdk_s3::config::Builder::from(&shared).endpoint_url(place.service.endpoint());
    let http = aws_smithy_http_client::Builder::new().build_http();
    let client =
        aws_sdk_s3::Client::from_conf(config.force_path_style(true).http_client(http).build());
    let got = client.get_object().bucket(BUCKET).key(key).send().await.ok()?;
    Some(got.body.collect().await.ok()?.to_vec())
}

#[test]
fn reports_are_put_where_the_response_says() {
    let place = Place::new(|_| {});
    let function = place.function(&[]);
    block_on(async {
        for case in S3Object::cases() {
            let response = invoke(&function, case.event).await.unwrap();
            let json = serde_json::to_value(&response).unwrap();
            assert_eq!(verify(&case.answer, &json), Ok(()), "{}", case.name);
        }
        let report = object(&place, "reports/flights-2k.json").await.unwrap();
        assert_eq!(report, include_bytes!("../../cases/flights-2k.answer.json"));
        let report = object(&place, "reports/flights-10k.json").await.unwrap();
        assert_eq!(report, include_bytes!("../../cases/flights-10k.answer.json"));
    });
}

#[test]
fn without_services_the_answers_are_the_same() {
    let ctx = InitContext::new(|name| (name == "KELVIN_IO").then(|| "none".to_owned()));
    assert_eq!(block_on(kelvin_workload::check_cases_with_io::<S3Object>(&ctx)), Ok(()));
    let function = S3Object::new(Settings::of(&ctx).unwrap(), config);
    let ctx = InvokeContext::recording("id");
    block_on(function.handle(event("small"), &ctx)).unwrap();
    assert_eq!(ctx.into_parts().1.total_ns, 0);
    let mut event = event("small");
    event.records[0].s3.object.key = Some("trains.csv".to_owned());
    let error = block_on(invoke(&function, event)).unwrap_err();
    assert_eq!(
        error.error_message(),
        "could not get s3://kelvin-flights/trains.csv: there is no such table in the program"
    );
}

#[test]
fn waits_are_told_from_computation() {
    let place = Place::new(|spec| spec.latency = "20ms".parse().unwrap());
    let function = place.function(&[]);
    let ctx = InvokeContext::recording("id");
    block_on(function.handle(event("small"), &ctx)).unwrap();
    let waits = ctx.into_parts().1;
    assert_eq!(waits.intervals.len(), 2, "one for getting and one for putting");
    assert!(waits.intervals.iter().all(|wait| wait.ns() >= 20_000_000), "{waits:?}");
}

#[test]
fn five_percent_of_errors_are_hidden_by_retries() {
    let place = Place::failing("error=2% throttle=1% reset=2%");
    let function = place.function(&[]);
    let case = find("small");
    block_on(async {
        for call in 0..200 {
            let response = invoke(&function, case.event.clone()).await;
            let response =
                response.unwrap_or_else(|error| panic!("{call}: {}", error.error_message()));
            let json = serde_json::to_value(&response).unwrap();
            assert_eq!(verify(&case.answer, &json), Ok(()));
        }
    });
}

#[test]
fn a_service_that_always_fails_is_named() {
    let check = |place: &Place, expected: &str| {
        let function = place.function(&[]);
        let error = block_on(invoke(&function, event("small"))).unwrap_err();
        assert_eq!(error.error_type(), "ServiceFailed");
        let message = error.error_message();
        let reason = message.strip_prefix("could not get s3://kelvin-flights/flights-2k.csv: ");
        let reason = reason.unwrap_or_else(|| panic!("{message}"));
        assert!(reason.contains(expected), "{reason}");
    };
    check(&Place::failing("error=1"), "InternalError");
    check(&Place::failing("throttle=1"), "SlowDown");
    check(&Place::failing("reset=1"), "streaming error");
    check(&Place::failing("refuse=1"), "Connection refused");
}

#[test]
fn a_service_that_does_not_answer_is_not_waited_for() {
    let place = Place::new(|spec| spec.latency = "900s".parse().unwrap());
    let function = place.function(&[("S3_TIMEOUT_MS", "100")]);
    let error = block_on(invoke(&function, event("small"))).unwrap_err();
    assert_eq!(
        error.error_message(),
        "could not get s3://kelvin-flights/flights-2k.csv: not done within 100ms"
    );
}

#[test]
fn an_object_that_is_gone_is_named_and_the_others_are_done() {
    let place = Place::new(|_| {});
    let function = place.function(&[]);
    let mut event = event("both");
    event.records[0].s3.object.key = Some("gone.csv".to_owned());
    block_on(async {
        let error = invoke(&function, event).await.unwrap_err();
        let message = error.error_message();
        let start = "made 1 of 2 reports: could not get s3://kelvin-flights/gone.csv: ";
        assert!(message.starts_with(start) && message.contains("NoSuchKey"), "{message}");
        assert!(object(&place, "reports/flights-10k.json").await.is_some());
    });
}

#[test]
fn a_wrong_record_stops_all_before_anything_is_written() {
    let place = Place::new(|_| {});
    let function = place.function(&[]);
    let mut event = event("both");
    event.records[1].event_name = Some("ObjectRemoved:Delete".to_owned());
    block_on(async {
        let error = invoke(&function, event).await.unwrap_err();
        assert_eq!(error.error_type(), "InvalidEvent");
        assert_eq!(object(&place, "reports/flights-2k.json").await, None);
    });
}

#[test]
fn an_object_that_is_no_table_is_named_with_the_line() {
    let place = Place::new(|_| {});
    let table = "date,delay,distance,origin,destination\nyesterday,1,2,SEA\n";
    place.service.put_object(BUCKET, "flights-2k.csv", table.into()).unwrap();
    let error = block_on(invoke(&place.function(&[]), event("small"))).unwrap_err();
    assert_eq!(error.error_type(), "WorkFailed");
    assert!(error.error_message().contains("(line: 2, "), "{}", error.error_message());
}

#[test]
fn an_object_that_has_grown_too_large_is_not_read() {
    let place = Place::new(|_| {});
    let table = vec![b' '; (64 << 20) + 1];
    place.service.put_object(BUCKET, "flights-2k.csv", table.into()).unwrap();
    let error = block_on(invoke(&place.function(&[]), event("small"))).unwrap_err();
    assert_eq!(
        error.error_message(),
        "could not get s3://kelvin-flights/flights-2k.csv: it has 67108865 bytes; at most 67108864 are read"
    );
}

#[test]
fn settings_that_mean_nothing_fail_in_init() {
    let ctx = InitContext::new(|name| (name == "KELVIN_IO").then(|| "some".to_owned()));
    let error = block_on(S3Object::init(&ctx)).unwrap_err();
    assert_eq!(error.error_message(), "KELVIN_IO is \"some\"; it must be services or none");
    assert_eq!(ServiceKind::S3.endpoint_variable(), "AWS_ENDPOINT_URL_S3");
}
