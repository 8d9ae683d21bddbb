//! Tests of the whole workload: its cases, and the events that it refuses.

use super::*;

fn given(nodes: usize, links: &[(usize, usize)]) -> Event {
    let graph = Source::Given { nodes, links: links.to_vec() };
    Event { graph, damping: 0.85, tolerance: 1e-10, top: 2 }
}

#[test]
fn every_case_is_answered_rightly() {
    assert_eq!(kelvin_workload::check_cases::<PageRank>(), Ok(()));
}

#[test]
fn an_event_can_bring_its_own_graph() {
    let response = PageRank::init().compute(&given(3, &[(0, 2), (0, 2), (2, 2)])).unwrap();
    assert_eq!((response.nodes, response.links, response.dangling), (3, 2, 1));
    let nodes: Vec<_> = response.top.iter().map(|ranked| (ranked.node, &ranked.name)).collect();
    assert_eq!(nodes, [(2, &None), (0, &None)], "1 ties with 0 and comes after it");
}

#[test]
fn wrong_events_are_refused_with_a_reason() {
    let check = |event: Event, expected: &str| {
        let error = PageRank::init().compute(&event).unwrap_err();
        assert_eq!(
            (error.error_type(), error.error_message().as_str()),
            ("InvalidEvent", expected)
        );
    };
    let right = || given(2, &[(0, 1)]);
    let named = |name: &str| Event { graph: Source::Named(name.to_owned()), ..right() };
    check(named("www"), "there is no graph \"www\"; the graphs are desktop, python, web-server");
    check(given(0, &[]), "the graph has no nodes");
    check(given(1_000_001, &[]), "the graph has 1000001 nodes; it may have 1000000");
    check(
        given(2, &[(0, 1), (2, 1)]),
        "the link from 2 to 1 names a node that there is not; nodes are 0 to 1",
    );
    for (damping, shown) in [(1.0, "1"), (-0.1, "-0.1"), (f64::NAN, "NaN")] {
        let expected = format!("damping is {shown}; it must be from 0 to less than 1");
        check(Event { damping, ..right() }, &expected);
    }
    for (tolerance, shown) in [(0.0, "0"), (-1.0, "-1"), (f64::NAN, "NaN")] {
        let expected = format!("tolerance is {shown}; it must be more than 0");
        check(Event { tolerance, ..right() }, &expected);
    }
    // A reader who nearly always follows a link goes back and forth between 0 and 1 for a long time.
    check(
        Event { damping: 0.9999, ..given(3, &[(0, 1), (1, 0), (2, 0)]) },
        "the ranks are not exact to a tolerance of 1e-10 after 1000 iterations; allow more, or take less damping",
    );
    check(Event { top: 0, ..right() }, "top is 0; it must be from 1 to 100");
    check(Event { top: 101, ..right() }, "top is 101; it must be from 1 to 100");
}

#[test]
fn events_of_another_shape_are_refused_with_a_reason() {
    let check = |event: &str, expected: &str| {
        let error = serde_json::from_str::<Event>(event).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check("{}", "missing field `graph` at line 1 column 2");
    check(
        r#"{"graph": {"file": "web"}, "top": 1}"#,
        "unknown variant `file`, expected `named` or `given` at line 1 column 17",
    );
    check(
        r#"{"graph": {"given": {"nodes": 2, "links": [[0, -1]]}}, "top": 1}"#,
        "invalid value: integer `-1`, expected usize at line 1 column 49",
    );
    check(
        r#"{"graph": {"named": "web"}, "top": 1, "alpha": 0.85}"#,
        "unknown field `alpha`, expected one of `graph`, `damping`, `tolerance`, `top` at line 1 column 45",
    );
}
