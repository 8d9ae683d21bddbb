//! Loads: every request is sent once, and answered once.

use std::collections::BTreeSet;
use std::time::Duration;

use kelvin_lambda::{Invocation, Start, Status};
use kelvin_platform::{FunctionId, Gaps, LoadEnd, LoadPlan, LoadShape, Platform};

use crate::kit::{Kit, kit, request, seen};

#[test]
fn a_load_that_cannot_be_meant_is_refused() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let check = |requests, shape, expected: &str| {
        let mut sink = |_| ();
        let load = kit.emulator.load(function, LoadPlan { requests, shape }, &mut sink);
        let error = kit.runtime.block_on(load).expect_err("it cannot be meant");
        assert!(error.to_string().contains(expected), "{error}");
    };
    let closed =
        |clients| LoadShape::Closed { clients, until: LoadEnd::Invocations(1), gaps: Gaps::NONE };
    check(vec![], closed(1), "at least one event");
    check(vec![request("echo")], closed(0), "no clients");
    check(vec![request("echo")], LoadShape::Open([2, 1].into()), "ascending");
}

#[test]
fn results_come_in_batches() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let shape =
        LoadShape::Closed { clients: 1, until: LoadEnd::Invocations(400), gaps: Gaps::NONE };
    let mut batches = Vec::new();
    let mut sink = |batch: Vec<Invocation>| batches.push(batch.len());
    let plan = LoadPlan { requests: vec![request("echo")], shape };
    kit.runtime.block_on(kit.emulator.load(function, plan, &mut sink)).expect("it works");
    assert_eq!(batches.iter().sum::<usize>(), 400);
    assert!(batches.len() < 100, "every batch wakes a thread: {batches:?}");
}

fn load(kit: &Kit, function: FunctionId, events: &[String], shape: LoadShape) -> Vec<Invocation> {
    let requests = events.iter().map(|event| request(event)).collect();
    let mut all = Vec::new();
    let mut sink = |batch| all.extend(batch);
    let load = kit.emulator.load(function, LoadPlan { requests, shape }, &mut sink);
    kit.runtime.block_on(load).expect("the emulator works");
    all
}

#[test]
fn an_open_loop_keeps_its_schedule_and_every_request_is_answered_once() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    // Far more than one environment can take.
    let schedule: Vec<u64> = (0..300).map(|i| i * 50_000).collect();
    let events: Vec<String> = (0..300).map(|i| format!("echo-{i}")).collect();
    let mut all = load(&kit, function, &events, LoadShape::Open(schedule.clone().into()));
    all.sort_by_key(|invocation| invocation.intended_at_ns);
    let start = all[0].intended_at_ns.expect("it had a time");
    let intended = all.iter().map(|i| i.intended_at_ns.expect("it had a time") - start);
    assert_eq!(intended.collect::<Vec<_>>(), schedule);
    for (invocation, event) in all.iter().zip(&events) {
        assert_eq!(seen(invocation).2, format!("\"{event}\""));
        assert!(invocation.sent_at_ns >= invocation.intended_at_ns.expect("it had a time"));
        let timing = &invocation.timing;
        let late = invocation.sent_at_ns - invocation.intended_at_ns.expect("it had a time");
        let parts = timing.queue_ns.expect("it was served")
            + timing.response_latency_ns.expect("it was served");
        assert!(timing.latency_ns >= late + parts, "latency counts from when it was due");
    }
    assert!(all.iter().any(|invocation| invocation.start == Start::Cold));
}

#[test]
fn a_closed_loop_has_as_many_requests_under_way_as_clients() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let events: Vec<String> = (0..7).map(|i| format!("echo-{i}")).collect();
    let shape =
        LoadShape::Closed { clients: 8, until: LoadEnd::Invocations(500), gaps: Gaps::NONE };
    let all = load(&kit, function, &events, shape);
    assert_eq!(all.len(), 500);
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for invocation in &all {
        assert_eq!((invocation.status, invocation.intended_at_ns), (Status::Ok, None));
        *counts.entry(seen(invocation).2).or_default() += 1;
    }
    // In turn: 500 = 7 × 71 + 3.
    assert_eq!(counts.into_values().collect::<Vec<_>>(), [72, 72, 72, 71, 71, 71, 71]);
    let environments: BTreeSet<_> = all.iter().map(|invocation| invocation.environment).collect();
    assert!(environments.len() >= 2, "{environments:?}");
}

#[test]
fn whoever_gives_up_a_load_leaves_a_function_that_works() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let plan = LoadPlan {
        requests: vec![request("echo")],
        shape: LoadShape::Closed {
            clients: 4,
            until: LoadEnd::Elapsed(Duration::from_secs(3600)),
            gaps: Gaps::NONE,
        },
    };
    let seen_some = tokio::sync::Notify::new();
    let mut sink = |_| seen_some.notify_one();
    kit.runtime.block_on(async {
        tokio::select! {
            done = kit.emulator.load(function, plan, &mut sink) => panic!("it ended: {done:?}"),
            () = seen_some.notified() => {}
        }
    });
    kit.recycle(function);
    assert_eq!(kit.invoke(function, "echo").status, Status::Ok);
}
