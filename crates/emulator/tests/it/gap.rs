//! What lies between invocations: gaps of loops, and the release delay of loads.

use std::collections::BTreeSet;
use std::time::Duration;

use kelvin_emulator::ReleaseDelay;
use kelvin_lambda::{Invocation, Start};
use kelvin_platform::{FunctionId, Gap, Gaps, LoadPlan, LoadShape, Platform, RepeatPlan};

use crate::kit::{Kit, kit, kit_of, request};

fn repeat(kit: &Kit, function: FunctionId, invocations: u64, gaps: Gaps) -> Vec<Invocation> {
    let plan = RepeatPlan { request: request("echo"), invocations, gaps };
    let mut all = Vec::new();
    let mut sink = |batch| all.extend(batch);
    kit.runtime.block_on(kit.emulator.repeat(function, plan, &mut sink)).expect("it works");
    all
}

/// When the environment was ready again.
fn ready_at(invocation: &Invocation) -> u64 {
    let timing = &invocation.timing;
    invocation.sent_at_ns
        + timing.queue_ns.expect("it was served")
        + timing.duration_ns().expect("it was served")
}

#[test]
fn a_gap_is_waited_for_and_needs_no_second_environment() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let gaps = Gaps::new(Gap::LogNormal { p50: ms(8), p99: ms(20) }, 5);
    let all = repeat(&kit, function, 40, gaps);
    assert_eq!(all.len(), 40);
    let environments: BTreeSet<_> = all.iter().map(|invocation| invocation.environment).collect();
    assert_eq!(environments.len(), 1);
    assert_eq!(all[0].start, Start::Cold, "nothing lies before it");
    for (at, pair) in all.windows(2).enumerate() {
        let wanted = u64::try_from(gaps.nth(at as u64 + 1).as_nanos()).expect("short");
        // Both moments are rounded down by some nanoseconds.
        assert!(pair[1].sent_at_ns + 1_000 >= ready_at(&pair[0]) + wanted, "gap {at}");
    }
    // Between calls as within them.
    let next = kit.emulator.invoke(function, request("echo"), Gaps::new(Gap::Fixed(ms(30)), 0));
    let next = kit.runtime.block_on(next).expect("it works");
    let before = ready_at(all.last().expect("there are some"));
    assert!(next.sent_at_ns + 1_000 >= before + 30_000_000);
    assert_eq!(next.environment, all[0].environment);
}

#[test]
fn a_recycle_in_a_gap_is_not_kept_waiting() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    repeat(&kit, function, 1, Gaps::NONE);
    let hour = Gaps::new(Gap::Fixed(Duration::from_secs(3600)), 0);
    let invoked = kit.runtime.block_on(async {
        let invoke = kit.emulator.invoke(function, request("echo"), hour);
        let recycle = async {
            // After the request has reached its environment, which waits for the gap to pass.
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            kit.emulator.recycle(function).await.expect("it works");
        };
        let (invoked, ()) = tokio::join!(invoke, recycle);
        invoked.expect("it works")
    });
    assert_eq!(invoked.start, Start::Cold, "a new environment has nothing before it");
}

#[test]
fn an_environment_of_a_load_is_free_again_after_the_release_delay() {
    let environments = |release| {
        let kit = kit_of(|options| options.scaling.release = release);
        let function = kit.deploy(|_| ());
        repeat(&kit, function, 1, Gaps::NONE);
        // One after the other, each long after the one before has been answered.
        let schedule = (0..4).map(|at| at * 150_000_000).collect::<Vec<u64>>();
        let plan =
            LoadPlan { requests: vec![request("echo")], shape: LoadShape::Open(schedule.into()) };
        let mut all: Vec<Invocation> = Vec::new();
        let mut sink = |batch| all.extend(batch);
        kit.runtime.block_on(kit.emulator.load(function, plan, &mut sink)).expect("it works");
        all.iter().filter_map(|invocation| invocation.environment).collect::<BTreeSet<u64>>().len()
    };
    assert_eq!(environments(ReleaseDelay::None), 1);
    assert_eq!(environments(ReleaseDelay::After(Duration::from_secs(3600))), 4, "one each");
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
