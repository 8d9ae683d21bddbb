//! The function from outside: the same answers and the same trail, whenever the trail is kept.

use audit::{Audit, Event, Response, Standing, When};
use kelvin_workload::{InitContext, InvokeContext, Workload};
use serde_json::{Value, json};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(future)
}

fn context(value: &'static str) -> InitContext {
    InitContext::new(move |name| (name == "KELVIN_AUDIT").then(|| value.to_owned()))
}

async fn ask(audit: &Audit, event: Event) -> Response {
    let response = audit.handle(event, &InvokeContext::new("id")).await.expect("it is right");
    audit.after_response().await;
    response
}

async fn standing(audit: &Audit) -> Standing {
    match ask(audit, Event::Verify(true)).await {
        Response::Trail(standing) => standing,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_case_is_answered_rightly_whenever_the_trail_is_kept() {
    for value in ["before", "after", "none"] {
        let ctx = context(value);
        let checked = kelvin_workload::check_cases_with_io::<Audit>(&ctx);
        assert_eq!(block_on(checked), Ok(()), "{value}");
    }
}

#[test]
fn the_trail_is_the_same_before_the_answer_and_after_it() {
    block_on(async {
        let mut trails = Vec::new();
        for value in ["before", "after", "none"] {
            let audit = Audit::init(&context(value)).await.unwrap();
            for case in Audit::cases() {
                ask(&audit, case.event).await;
            }
            trails.push(standing(&audit).await);
            assert_eq!(standing(&audit).await, trails[trails.len() - 1], "asking adds nothing");
        }
        assert_eq!(trails[0], trails[1]);
        assert_eq!(trails[0].entries, 304 + 13 + 3);
        assert_eq!(trails[2], Standing { entries: 0, last: "0".repeat(64) });
    });
}

#[test]
fn what_is_kept_after_the_answer_is_not_kept_before_it() {
    let event = Audit::cases().remove(0).event;
    let standing = |audit: &Audit| audit.answer(Event::Verify(true)).unwrap();
    let after = Audit::new(When::After);
    let before = Audit::new(When::Before);
    let empty = standing(&after);
    assert_eq!(after.answer(event.clone()).unwrap(), before.answer(event).unwrap());
    assert_eq!(standing(&after), empty);
    after.catch_up().unwrap();
    assert_eq!(standing(&after), standing(&before));
}

#[test]
fn requests_are_refused_with_a_reason_and_leave_no_entry() {
    let audit = Audit::new(When::Before);
    let order = || {
        json!({ "id": "a", "email": "a@b", "name": "A", "country": "at",
                "lines": [{ "sku": "a", "quantity": 1, "price_cents": 1 }] })
    };
    let login = || json!({ "user": "a", "address": "::1", "agent": "b" });
    let reason = |event: Value| {
        let event: Event = serde_json::from_value(event).unwrap();
        audit.answer(event).map_err(|error| {
            assert_eq!(error.error_type(), "InvalidEvent");
            error.error_message()
        })
    };
    let check = |kind: &str, mut request: Value, path: &str, value: Value, expected: &str| {
        *request.pointer_mut(path).expect(path) = value;
        assert_eq!(reason(json!({ kind: request })), Err(expected.to_owned()));
    };
    let long = "x".repeat(501);
    check("order", order(), "/id", json!(""), "id \"\" is not 1 to 40 letters, digits and hyphens");
    check("order", order(), "/email", json!("a@b@c"), "email \"a@b@c\" is not an address");
    check("order", order(), "/email", json!("@b"), "email \"@b\" is not an address");
    check("order", order(), "/name", json!(" "), "name has 0 characters; it must have 1 to 100");
    check("order", order(), "/country", json!("AUT"), "country \"AUT\" is not two letters");
    check("order", order(), "/lines", json!([]), "the order has 0 lines; it must have 1 to 1000");
    check(
        "order",
        order(),
        "/lines/0/sku",
        json!("a b"),
        "sku \"a b\" is not 1 to 40 letters, digits and hyphens",
    );
    check("order", order(), "/lines/0/quantity", json!(0), "0 of A; it must be 1 to 10000");
    check("login", login(), "/user", json!("\t"), "user has 0 characters; it must have 1 to 100");
    check("login", login(), "/address", json!("1.2.3"), "address \"1.2.3\" is not an IP address");
    check(
        "login",
        login(),
        "/agent",
        json!(long),
        "agent has 501 characters; it must have 1 to 500",
    );
    assert_eq!(reason(json!({ "verify": false })), Err("verify is always true".to_owned()));
    let empty = Response::Trail(Standing { entries: 0, last: "0".repeat(64) });
    assert_eq!(audit.answer(Event::Verify(true)).unwrap(), empty);
    // Nothing is wrong with the requests themselves.
    reason(json!({ "order": order() })).unwrap();
    reason(json!({ "login": login() })).unwrap();
}

#[test]
fn other_events_are_refused_with_a_reason() {
    let check = |event: Value, expected: &str| {
        let error = serde_json::from_value::<Event>(event).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(
        json!({ "logout": {} }),
        "unknown variant `logout`, expected one of `order`, `login`, `verify`",
    );
    check(json!({ "login": { "user": "a" } }), "missing field `address`");
}
