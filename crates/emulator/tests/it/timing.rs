//! The timing contract, over many real invocations: intervals nest, and parts add up.

use kelvin_lambda::{Start, Status};
use kelvin_platform::Platform;

use crate::kit::{kit, kit_of};

#[test]
fn parts_nest_and_add_up() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let mut all = Vec::new();
    for _ in 0..3 {
        kit.recycle(function);
        all.extend(kit.repeat(function, "echo", 50));
    }
    assert_eq!(all.len(), 150);
    for (at, invocation) in all.iter().enumerate() {
        let timing = &invocation.timing;
        assert_eq!(invocation.status, Status::Ok);
        assert_eq!(invocation.start, if at % 50 == 0 { Start::Cold } else { Start::Warm });
        let queue = timing.queue_ns.expect("measured");
        let response = timing.response_latency_ns.expect("measured")
            + timing.response_duration_ns.expect("measured");
        assert!(queue + response <= timing.latency_ns, "{timing:?}");
        if let Some(init) = timing.init_ns {
            assert!(init > 0 && init <= queue, "INIT lies inside the queue: {timing:?}");
        }
        let duration = timing.duration_ns().expect("measured");
        assert_eq!(duration, response + timing.post_response_ns.expect("measured"));
        let billed = (duration + timing.init_ns.unwrap_or(0)).div_ceil(1_000_000);
        assert_eq!(invocation.billed_ms, billed);
        assert!(invocation.max_memory_bytes > Some(100_000), "{invocation:?}");
        assert!(timing.cpu_ns > Some(0), "{timing:?}");
    }
    let sent: Vec<u64> = all.iter().map(|invocation| invocation.sent_at_ns).collect();
    assert!(sent.is_sorted());
    let environments: std::collections::BTreeSet<_> = all.iter().map(|i| i.environment).collect();
    assert_eq!(environments.len(), 3);
}

#[test]
fn cpu_time_of_children_counts() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    kit.invoke(function, "echo");
    let alone = kit.invoke(function, "echo").timing.cpu_ns.expect("measured");
    let with_child = kit.invoke(function, "children").timing.cpu_ns.expect("measured");
    assert!(with_child > 3 * alone, "{alone} ns alone, {with_child} ns with a child");
}

#[test]
fn it_is_said_whether_cores_may_sleep() {
    let check = |wanted, expected: &[&str]| {
        let kit = kit_of(|options| options.awake_cores = wanted);
        let function = kit.deploy(|_| ());
        assert_eq!(kit.invoke(function, "echo").status, Status::Ok);
        let notes = kit.emulator.describe().notes;
        assert!(expected.iter().any(|start| notes[0].starts_with(start)), "{notes:?}");
    };
    check(false, &["idle cores may sleep while an invocation is in flight"]);
    // What this machine allows is its own affair.
    let reason = "idle cores may sleep while an invocation is in flight, which makes latencies";
    check(true, &["idle cores stay in the state ", reason]);
}
