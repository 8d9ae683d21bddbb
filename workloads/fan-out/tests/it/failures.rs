//! Upstreams that fail: now and then, always, and by not answering.

use fan_out::{Event, Response, Total};
use kelvin_services::Latency;

use crate::kit::{invoke, service};

/// Of 200 resources, of which the first has 10 items: 10 + 11 + … + 209, and the squares by another sum than the workload's.
fn total_of_200() -> Total {
    let sums = (10..210_u64).map(|n| (0..n).map(|id| id * id).sum::<u64>());
    Total { resources: 200, items: (10..210).sum(), sum: sums.sum() }
}

#[test]
fn a_few_errors_are_made_up_for() {
    let check = |errors: &str, concurrency| {
        let service = service(|spec| {
            spec.errors = errors.parse().expect("they are errors");
            spec.seed = 7;
        });
        let event = Event::new(200, 10, concurrency).with_timeouts_ms((5_000, 60_000));
        let Response { total, retries } = invoke(Some(service.endpoint()), event).unwrap();
        assert_eq!(total, total_of_200());
        retries
    };
    for concurrency in [1, 4, 16] {
        assert!((1..40).contains(&check("error=5%", concurrency)));
        assert!((1..40).contains(&check("error=2% throttle=2% reset=1%", concurrency)));
        assert_eq!(check("none", concurrency), 0);
    }
    // One after the other, the same requests fail each time.
    assert_eq!(check("reset=5%", 1), check("reset=5%", 1));
}

#[test]
fn an_upstream_that_always_fails_is_given_up_with_a_reason() {
    let check = |errors: &str, expected: &str| {
        let service = service(|spec| spec.errors = errors.parse().expect("they are errors"));
        let (kind, message) = invoke(Some(service.endpoint()), Event::new(1, 5, 4)).unwrap_err();
        let message = message.replace(service.endpoint(), "http://upstream");
        assert_eq!(kind, "ServiceFailed");
        assert!(message.starts_with(expected), "{message}");
    };
    let url = "could not get http://upstream/json/5 (attempt 4)";
    check("error=1", &format!("{url}: the status is 503 Service Unavailable"));
    check("throttle=1", &format!("{url}: the status is 429 Too Many Requests"));
    check("reset=1", &format!("{url}: the connection broke: "));
    check("refuse=1", &format!("{url}: could not connect: "));
}

#[test]
fn the_first_that_is_given_up_ends_the_others() {
    let service = service(|spec| spec.errors = "error=1".parse().expect("they are errors"));
    let (kind, message) = invoke(Some(service.endpoint()), Event::new(200, 10, 16)).unwrap_err();
    assert_eq!(kind, "ServiceFailed");
    assert!(message.ends_with("(attempt 4): the status is 503 Service Unavailable"), "{message}");
}

/// Nothing here would end in time without the timeouts.
#[test]
fn an_upstream_that_does_not_answer_is_not_waited_for() {
    let check = |timeouts_ms, expected: &str| {
        let minutes = "900s".parse::<Latency>().expect("it is a latency");
        let service = service(|spec| spec.latency = minutes);
        let event = Event::new(8, 5, 4).with_timeouts_ms(timeouts_ms);
        let (kind, message) = invoke(Some(service.endpoint()), event).unwrap_err();
        assert_eq!(kind, "ServiceFailed");
        assert!(message.contains(expected), "{message}");
    };
    check((20, 100_000), "(attempt 4): it took longer than 20 ms");
    check((100_000, 100), "8 resources did not come within 100 ms");
}
