//! Closed loops, which run inside of one environment as long as nothing comes between.

use std::time::Duration;

use kelvin_lambda::{Invocation, Start, Status};
use kelvin_platform::{FunctionId, Gaps, Platform, PlatformError, RepeatPlan};
use tokio::net::TcpStream;

use crate::gate::{Gate, open};
use crate::kit::{Kit, kit, request, seen};

async fn repeat(
    kit: &Kit,
    function: FunctionId,
    what: &str,
    invocations: u64,
) -> Result<Vec<Invocation>, PlatformError> {
    let mut all = Vec::new();
    let mut sink = |batch| all.extend(batch);
    let plan = RepeatPlan { request: request(what), invocations, gaps: Gaps::NONE };
    kit.emulator.repeat(function, plan, &mut sink).await?;
    Ok(all)
}

async fn let_in(gate: &Gate, times: usize) {
    for _ in 0..times {
        open(gate.knock().await).await;
    }
}

#[test]
fn a_loop_makes_way_for_a_recycle_and_goes_on_in_a_new_environment() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let (all, ()) = kit.runtime.block_on(async {
        let gate = Gate::new(&kit.emulator);
        let event = gate.event();
        let steps = async {
            let_in(&gate, 2).await;
            let busy = gate.knock().await;
            // It waits for the invocation under way, or for the next if it comes late.
            let opened = async {
                open(busy).await;
                let_in(&gate, 7).await;
            };
            let (recycled, ()) = tokio::join!(kit.emulator.recycle(function), opened);
            recycled.expect("it is there");
        };
        tokio::join!(repeat(&kit, function, &event, 10), steps)
    });
    let all = all.expect("the emulator works");
    let new =
        all.iter().rposition(|invocation| invocation.start == Start::Cold).expect("the first");
    assert!(new >= 3, "{new}");
    for (at, invocation) in all.iter().enumerate() {
        let expected = if at == 0 || at == new { Start::Cold } else { Start::Warm };
        assert_eq!((invocation.status, invocation.start), (Status::Ok, expected), "{at}");
        assert_eq!(invocation.environment == all[0].environment, at < new, "{at}");
    }
}

#[test]
fn a_loop_ends_when_its_function_is_removed() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let (repeated, ()) = kit.runtime.block_on(async {
        let gate = Gate::new(&kit.emulator);
        let event = gate.event();
        let steps = async {
            let busy = gate.knock().await;
            let let_in = let_in(&gate, usize::MAX);
            let removed = async {
                let ((), removed) = tokio::join!(open(busy), kit.emulator.remove(function));
                removed
            };
            tokio::select! {
                removed = removed => removed.expect("it is there"),
                () = let_in => {}
            }
        };
        tokio::join!(repeat(&kit, function, &event, u64::MAX), steps)
    });
    assert!(matches!(repeated, Err(PlatformError::NoSuchFunction { .. })), "{repeated:?}");
}

#[test]
fn whoever_gives_up_a_loop_leaves_an_environment_that_works() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let invocation = kit.runtime.block_on(async {
        let gate = Gate::new(&kit.emulator);
        let event = gate.event();
        let busy: TcpStream = tokio::select! {
            repeated = repeat(&kit, function, &event, u64::MAX) => panic!("it ended: {repeated:?}"),
            busy = gate.knock() => busy,
        };
        open(busy).await;
        let again = tokio::time::timeout(Duration::from_secs(20), async {
            kit.emulator.invoke(function, request("echo"), Gaps::NONE).await
        });
        again.await.expect("nobody has to knock again").expect("the emulator works")
    });
    assert_eq!(invocation.status, Status::Ok);
}

#[test]
fn a_loop_goes_on_after_failures() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    let all = kit.repeat(function, "exit 3", 3);
    let message = "RequestId: ID Error: Runtime exited with error: exit status 3";
    let response = format!(r#"{{"errorType":"Runtime.ExitError","errorMessage":"{message}"}}"#);
    let expected = [Start::Cold, Start::SuppressedInit, Start::SuppressedInit];
    assert_eq!(
        all.iter().map(seen).collect::<Vec<_>>(),
        expected.map(|start| (Status::Crash, start, response.clone()))
    );
    assert!(all.iter().all(|invocation| invocation.timing.latency_ns > 0), "{all:?}");
    assert!(all.iter().all(|invocation| invocation.environment == all[0].environment));
}
