//! Tests of the whole workload: its cases, and the events that it refuses.

use serde_json::json;

use super::*;

fn given(source: &str, input: Value) -> Event {
    Event { rules: Rules::Source(source.to_owned()), input: Input::Given(input) }
}

#[test]
fn every_case_is_answered_rightly() {
    assert_eq!(kelvin_workload::check_cases::<Script>(), Ok(()));
}

#[test]
fn an_event_can_bring_its_own_rules() {
    let workload = Script::init();
    let check = |source: &str, input: Value, expected: Value| {
        assert_eq!(workload.compute(&given(source, input)).unwrap(), expected, "{source}");
    };
    check(
        "input",
        json!({ "a": [1, -2.5, null, true, "é"] }),
        json!({ "a": [1, -2.5, null, true, "é"] }),
    );
    check("input.n + 1", json!({ "n": 2 }), json!(3));
    check("input.filter(|n| n > 1)", json!([1, 2, 3]), json!([2, 3]));
    check("", json!(1), Value::Null);
    check("input = 7; input", json!(1), json!(7));
    check("input", json!(1), json!(1));
}

#[test]
fn rules_that_fail_are_errors_with_a_reason_and_a_place() {
    let workload = Script::init();
    let check = |event: Event, error_type: &str, expected: &str| {
        let error = workload.compute(&event).unwrap_err();
        assert_eq!((error.error_type(), error.error_message().as_str()), (error_type, expected));
    };
    let failed = |source: &str, expected: &str| {
        check(given(source, json!({})), "WorkFailed", &format!("the rules failed: {expected}"));
    };
    failed("let n = 0;\nloop {}", "Too many operations (line 2, position 6)");
    failed("1 / 0", "Division by zero: 1 / 0 (line 1, position 3)");
    failed("input.n + 1", "Function not found: + ((), i64) (line 1, position 9)");
    failed("throw \"no rates\"", "Runtime error: no rates (line 1, position 1)");
    check(
        given("let n = ;", json!({})),
        "InvalidEvent",
        "the rules cannot be compiled: Unexpected ';' (line 1, position 9)",
    );
    check(
        given("inputs", json!({})),
        "InvalidEvent",
        "the rules cannot be compiled: Undefined variable: inputs (line 1, position 1)",
    );
    let country = json!({ "baskets": [{ "id": 7, "country": "US", "lines": [] }] });
    check(
        Event { rules: Rules::Named("pricing".to_owned()), input: Input::Given(country) },
        "WorkFailed",
        "the rules failed: Runtime error: basket 7: no rates for country US (line 41, position 22)\n\
         in call to function 'price' (line 87, position 18)",
    );
}

#[test]
fn wrong_names_are_refused_with_a_reason() {
    let check = |rules: &str, input: &str, expected: &str| {
        let event =
            Event { rules: Rules::Named(rules.to_owned()), input: Input::Named(input.to_owned()) };
        let error = Script::init().compute(&event).unwrap_err();
        assert_eq!(
            (error.error_type(), error.error_message().as_str()),
            ("InvalidEvent", expected)
        );
    };
    check("prices", "checkout", "there is no ruleset named \"prices\"; there is pricing, routing");
    check("pricing", "orders", "there is no input named \"orders\"; there is checkout, deliveries");
}

#[test]
fn events_of_another_shape_are_refused_with_a_reason() {
    let check = |event: &str, expected: &str| {
        let error = serde_json::from_str::<Event>(event).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check("{}", "missing field `rules` at line 1 column 2");
    check(r#"{"rules": {"named": "pricing"}}"#, "missing field `input` at line 1 column 31");
    check(
        r#"{"rules": {"file": "a.rhai"}, "input": {"given": 1}}"#,
        "unknown variant `file`, expected `named` or `source` at line 1 column 17",
    );
    check(
        r#"{"rules": {"source": "1"}, "input": {"given": 1}, "limit": 1}"#,
        "unknown field `limit`, expected `rules` or `input` at line 1 column 57",
    );
}
