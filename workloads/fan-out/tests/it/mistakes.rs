//! Events and environments that cannot be right.

use fan_out::{Event, FanOut, UPSTREAM_VARIABLE};
use kelvin_workload::{InitContext, Workload};

use crate::kit::{block_on, invoke, service};

fn check(upstream: Option<&str>, event: Event, kind: &str, expected: &str) {
    let (got, message) = invoke(upstream, event).expect_err("it is refused");
    assert_eq!(got, kind, "{message}");
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn wrong_events_are_refused_with_a_reason() {
    let refused = |event, expected| check(None, event, "InvalidEvent", expected);
    refused(Event::new(0, 5, 4), "resources is 0; it must be from 1 to 1000");
    refused(Event::new(1, 5, 4), "there is no upstream: set KELVIN_HTTP_UPSTREAM (");
    let upstream = |url: &str| Event { upstream: Some(url.to_owned()), ..Event::new(1, 5, 4) };
    let expected = "upstream cannot be used: \"localhost\" is no address; write one like http://";
    refused(upstream("localhost"), expected);
}

#[test]
fn a_wrong_environment_fails_init() {
    let ctx = InitContext::new(|name| (name == UPSTREAM_VARIABLE).then(|| "nowhere".to_owned()));
    let error = block_on(FanOut::init(&ctx)).unwrap_err();
    assert_eq!(error.error_type(), "InitFailed");
    let expected = "could not use KELVIN_HTTP_UPSTREAM: \"nowhere\" is no address; ";
    assert!(error.error_message().starts_with(expected), "{}", error.error_message());
}

#[test]
fn an_event_can_name_another_upstream() {
    let service = service(|_| {});
    let event = Event { upstream: Some(service.endpoint().to_owned()), ..Event::new(2, 3, 1) };
    let response = invoke(Some("http://127.0.0.1:1"), event).unwrap();
    assert_eq!((response.total.items, response.total.sum), (7, 5 + 14));
}

#[test]
fn an_upstream_of_another_kind_is_not_asked_twice() {
    let service = service(|_| {});
    let elsewhere = |path: &str| Event {
        upstream: Some(format!("{}{path}", service.endpoint())),
        ..Event::new(1, 5, 1)
    };
    let url = format!("could not get {}/bytes/json/5 (attempt 1): ", service.endpoint());
    let expected = format!("{url}the status is 404 Not Found");
    check(None, elsewhere("/bytes"), "ServiceFailed", &expected);
}

#[cfg(not(feature = "http-only"))]
#[test]
fn https_is_spoken_to_an_address_of_https() {
    let service = service(|_| {});
    let https = service.endpoint().replace("http://", "https://");
    let url = format!("could not get {https}/json/5 (attempt 4): could not connect: ");
    let (kind, message) = invoke(Some(&https), Event::new(1, 5, 1)).unwrap_err();
    assert_eq!(kind, "ServiceFailed");
    assert!(message.starts_with(&url), "{message}");
    assert!(message.contains("InvalidContentType"), "the upstream speaks no TLS: {message}");
}

#[cfg(feature = "http-only")]
#[test]
fn without_https_such_an_address_is_refused() {
    let event = Event { upstream: Some("https://a.example".to_owned()), ..Event::new(1, 5, 1) };
    let expected = "upstream cannot be used: \"https://a.example\" needs HTTPS, which this program was built without";
    check(None, event, "InvalidEvent", expected);
}
