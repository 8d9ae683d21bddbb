//! Many execution environments of one function: who gets which, and who gets none.

use std::collections::BTreeSet;
use std::task::Poll;
use std::time::Duration;

use kelvin_emulator::{IdleExpiry, Scaling};
use kelvin_lambda::{FunctionConfig, Invocation, Start, Status, ThrottleReason};
use kelvin_platform::{FunctionId, Gaps, Platform, PlatformError};

use crate::gate::{Gate, open};
use crate::kit::{Kit, is_frozen, kit, kit_of, request, seen, spec};

async fn invoke(kit: &Kit, function: FunctionId, what: &str) -> Invocation {
    kit.emulator.invoke(function, request(what), Gaps::NONE).await.expect("the emulator works")
}

fn scaled(change: impl FnOnce(&mut Scaling)) -> Kit {
    kit_of(|options| change(&mut options.scaling))
}

/// Status and body of a request that was refused.
fn refused(invocation: &Invocation) -> (Status, &[u8], Option<u64>, u64) {
    (invocation.status, &invocation.response, invocation.environment, invocation.billed_ms)
}

#[test]
fn requests_at_once_get_an_environment_each_and_the_next_the_one_used_last() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    kit.runtime.block_on(async {
        let gate = Gate::new(&kit.emulator);
        let event = gate.event();
        let through = async {
            // All three are there before one may go on.
            let (a, b, c) = (gate.knock().await, gate.knock().await, gate.knock().await);
            tokio::join!(open(a), open(b), open(c));
        };
        let one = || invoke(&kit, function, &event);
        let (a, b, c, ()) = tokio::join!(one(), one(), one(), through);
        let environments = BTreeSet::from([a.environment, b.environment, c.environment]);
        assert_eq!(environments.len(), 3);
        for invocation in [&a, &b, &c] {
            assert_eq!((invocation.status, invocation.start), (Status::Ok, Start::Cold));
            let timing = &invocation.timing;
            assert!(timing.queue_ns >= timing.init_ns && timing.init_ns > Some(0), "{timing:?}");
        }
        let next = invoke(&kit, function, "echo").await;
        for _ in 0..3 {
            let again = invoke(&kit, function, "echo").await;
            assert_eq!((again.start, again.environment), (Start::Warm, next.environment));
        }
    });
}

#[test]
fn a_request_in_line_gets_whichever_environment_is_ready_first() {
    let kit = kit();
    kit.runtime.block_on(async {
        // Whether a spare environment is ready cannot be seen from outside; if it was not when it was needed, once more.
        for attempt in 0..100 {
            if spare_environment(&kit, &format!("function-{attempt}")).await == Start::ProactiveInit
            {
                return;
            }
        }
        panic!("no spare environment was ever ready in time");
    });
}

/// A request starts a second environment and is served by the first, which is free sooner. How the next request that finds
/// the first one busy is served then.
async fn spare_environment(kit: &Kit, name: &str) -> Start {
    let (init, work) = (Gate::new(&kit.emulator), Gate::new(&kit.emulator));
    let mut config = FunctionConfig::new(name);
    config.env_vars.insert("INIT".to_owned(), init.event());
    let bootstrap = env!("CARGO_BIN_EXE_kelvin-test-function");
    let spec = spec(config, bootstrap);
    let function = kit.emulator.deploy(spec).await.expect("it can be deployed");
    let event = work.event();
    let in_line = async {
        open(init.knock().await).await;
        let busy = work.knock().await;
        let steps = async {
            // The second environment is in its init phase, and stays there.
            let starting = init.knock().await;
            open(busy).await;
            starting
        };
        tokio::join!(invoke(kit, function, "echo"), steps)
    };
    let (first, (second, starting)) = tokio::join!(invoke(kit, function, &event), in_line);
    assert_eq!(first.start, Start::Cold);
    assert_eq!((second.status, second.start), (Status::Ok, Start::Warm));
    assert_eq!(second.environment, first.environment, "it was free sooner");
    open(starting).await;
    for _ in 0..20 {
        assert_eq!(invoke(kit, function, "echo").await.start, Start::Warm);
    }
    let while_busy = async {
        let busy = work.knock().await;
        // If a third environment is started, it must not wait for ever.
        let third = async {
            open(init.knock().await).await;
            std::future::pending::<()>().await;
        };
        let next = tokio::select! {
            next = invoke(kit, function, "echo") => next,
            () = third => unreachable!("it never ends"),
        };
        open(busy).await;
        next
    };
    let (again, spare) = tokio::join!(invoke(kit, function, &event), while_busy);
    assert_eq!((again.start, again.environment), (Start::Warm, first.environment));
    assert_ne!(spare.environment, first.environment);
    if spare.start == Start::ProactiveInit {
        let timing = spare.timing;
        assert!(timing.init_ns > timing.queue_ns, "nobody waited for it: {timing:?}");
        let billed = timing.init_ns.expect("it had one") + timing.duration_ns().expect("it ended");
        assert_eq!(spare.billed_ms, billed.div_ceil(1_000_000), "its INIT is billed");
    }
    kit.emulator.remove(function).await.expect("it is there");
    spare.start
}

#[test]
fn reserved_concurrency_throttles_what_is_beyond_it() {
    let kit = kit();
    let function = kit.deploy(|config| config.reserved_concurrency = Some(1));
    kit.runtime.block_on(async {
        let gate = Gate::new(&kit.emulator);
        let event = gate.event();
        let beyond = async {
            let busy = gate.knock().await;
            let beyond = invoke(&kit, function, "echo").await;
            open(busy).await;
            beyond
        };
        let (first, beyond) = tokio::join!(invoke(&kit, function, &event), beyond);
        assert_eq!(first.status, Status::Ok);
        let reason = ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded;
        let body = reason.to_payload();
        assert_eq!(refused(&beyond), (Status::Throttled, body.as_slice(), None, 0));
        assert_eq!(beyond.error.expect("it failed").error_type, "TooManyRequestsException");
        assert_eq!(invoke(&kit, function, "echo").await.start, Start::Warm, "and then it works");
    });
}

#[test]
fn a_function_without_concurrency_is_always_throttled() {
    let kit = kit();
    let function = kit.deploy(|config| config.reserved_concurrency = Some(0));
    let invocation = kit.invoke(function, "echo");
    assert_eq!(invocation.status, Status::Throttled);
    assert_eq!(kit.folder.processes(), [""; 0], "nothing was started for it");
}

#[test]
fn the_account_throttles_what_its_functions_need_together() {
    let kit = scaled(|scaling| scaling.concurrency = 1);
    let (one, other) = (kit.deploy(|_| ()), kit.deploy(|config| config.name = "other".to_owned()));
    kit.runtime.block_on(async {
        let gate = Gate::new(&kit.emulator);
        let event = gate.event();
        let beyond = async {
            let busy = gate.knock().await;
            let beyond = invoke(&kit, other, "echo").await;
            open(busy).await;
            beyond
        };
        let (_, beyond) = tokio::join!(invoke(&kit, one, &event), beyond);
        let body = ThrottleReason::ConcurrentInvocationLimitExceeded.to_payload();
        assert_eq!(refused(&beyond), (Status::Throttled, body.as_slice(), None, 0));
        assert_eq!(invoke(&kit, other, "echo").await.status, Status::Ok);
    });
}

#[test]
fn what_is_reserved_leaves_a_hundred_for_the_others() {
    let kit = scaled(|scaling| scaling.concurrency = 150);
    let bootstrap = env!("CARGO_BIN_EXE_kelvin-test-function");
    let deploy = |name: &str, reserved| {
        let mut config = FunctionConfig::new(name);
        config.reserved_concurrency = Some(reserved);
        let spec = spec(config, bootstrap);
        kit.runtime.block_on(kit.emulator.deploy(spec))
    };
    let first = deploy("a", 30).expect("50 can be reserved");
    let error = deploy("b", 21).expect_err("20 are left");
    assert!(matches!(error, PlatformError::ReservedConcurrency { wanted: 21, left: 20, .. }));
    kit.runtime.block_on(kit.emulator.remove(first)).expect("it is there");
    deploy("b", 50).expect("it was given back");
}

#[test]
fn new_environments_come_at_a_limited_rate() {
    let kit = scaled(|scaling| (scaling.burst, scaling.per_second) = (1, 0));
    let function = kit.deploy(|_| ());
    kit.runtime.block_on(async {
        let gate = Gate::new(&kit.emulator);
        let event = gate.event();
        let beyond = async {
            let busy = gate.knock().await;
            let beyond = invoke(&kit, function, "echo").await;
            open(busy).await;
            beyond
        };
        let (first, beyond) = tokio::join!(invoke(&kit, function, &event), beyond);
        assert_eq!(first.status, Status::Ok);
        let body = ThrottleReason::FunctionInvocationRateLimitExceeded.to_payload();
        assert_eq!(refused(&beyond), (Status::Throttled, body.as_slice(), None, 0));
        assert_eq!(invoke(&kit, function, "echo").await.status, Status::Ok, "it needs no new one");
    });
}

#[test]
fn idle_environments_expire() {
    let kit = scaled(|scaling| scaling.idle = IdleExpiry::After(Duration::ZERO));
    let function = kit.deploy(|_| ());
    let environments: BTreeSet<_> = (0..3)
        .map(|_| {
            let invocation = kit.invoke(function, "echo");
            assert_eq!((invocation.status, invocation.start), (Status::Ok, Start::Cold));
            invocation.environment
        })
        .collect();
    assert_eq!(environments.len(), 3);
    kit.recycle(function);
    assert_eq!(kit.folder.processes(), [""; 0], "what has expired is gone");
}

#[test]
fn recycling_waits_for_the_invocation_under_way_and_ends_every_environment() {
    let kit = kit();
    let function = kit.deploy(|_| ());
    kit.runtime.block_on(async {
        let gate = Gate::new(&kit.emulator);
        let event = gate.event();
        let steps = async {
            let busy = gate.knock().await;
            let second = invoke(&kit, function, "echo").await;
            let recycle = kit.emulator.recycle(function);
            let ((), recycled) = tokio::join!(open(busy), recycle);
            recycled.expect("it is there");
            second
        };
        let (first, second) = tokio::join!(invoke(&kit, function, &event), steps);
        assert_eq!(seen(&first), (Status::Ok, Start::Cold, "\"through\"".to_owned()));
        assert_ne!(first.environment, second.environment);
        assert_eq!(invoke(&kit, function, "echo").await.start, Start::Cold);
    });
}

#[test]
fn recycling_does_not_wait_for_an_init_phase_and_whoever_stands_in_line_stays_there() {
    let init = Duration::from_secs(3600);
    let kit = kit_of(|options| options.init_timeout = init);
    kit.runtime.block_on(async {
        let gate = Gate::new(&kit.emulator);
        let event = gate.event();
        let function = deploy(&kit, |config| drop(config.env_vars.insert("INIT".into(), event)));
        let function = function.await;
        let steps = async {
            let never_opened = gate.knock().await;
            kit.emulator.recycle(function).await.expect("it is there");
            open(gate.knock().await).await;
            drop(never_opened);
        };
        let (invocation, ()) = tokio::join!(invoke(&kit, function, "echo"), steps);
        assert_eq!(seen(&invocation), (Status::Ok, Start::Cold, "\"echo\"".to_owned()));
    });
}

#[test]
fn recycling_is_no_growth_and_so_not_limited_by_the_scaling_rate() {
    let kit = scaled(|scaling| (scaling.burst, scaling.per_second) = (1, 0));
    let function = kit.deploy(|_| ());
    for _ in 0..3 {
        assert_eq!(kit.invoke(function, "echo").start, Start::Cold);
        kit.recycle(function);
    }
}

#[test]
fn whoever_stands_in_line_when_the_function_is_removed_is_told() {
    let kit = kit();
    kit.runtime.block_on(async {
        let gate = Gate::new(&kit.emulator);
        let event = gate.event();
        let function = deploy(&kit, |config| drop(config.env_vars.insert("INIT".into(), event)));
        let function = function.await;
        let steps = async {
            let _in_init = gate.knock().await;
            kit.emulator.remove(function).await.expect("it is there");
        };
        let (invoked, ()) =
            tokio::join!(kit.emulator.invoke(function, request("echo"), Gaps::NONE), steps);
        assert!(matches!(invoked, Err(PlatformError::NoSuchFunction { .. })), "{invoked:?}");
    });
}

async fn deploy(kit: &Kit, change: impl FnOnce(&mut FunctionConfig)) -> FunctionId {
    let mut config = FunctionConfig::new("function");
    change(&mut config);
    let bootstrap = env!("CARGO_BIN_EXE_kelvin-test-function");
    kit.emulator.deploy(spec(config, bootstrap)).await.expect("it can be deployed")
}

#[test]
fn a_function_has_no_more_environments_than_requests_at_once() {
    let kit = kit();
    let processes = kit.runtime.block_on(async {
        let (init, work) = (Gate::new(&kit.emulator), Gate::new(&kit.emulator));
        let event = init.event();
        let function = deploy(&kit, |config| {
            config.env_vars.insert("INIT".into(), event);
            config.reserved_concurrency = Some(2);
        })
        .await;
        let first_event = work.event();
        let steps = async {
            open(init.knock().await).await;
            let busy = work.knock().await;
            let steps = async {
                let starting = init.knock().await;
                open(busy).await;
                starting
            };
            tokio::join!(invoke(&kit, function, "echo"), steps).1
        };
        let (_, _starting) = tokio::join!(invoke(&kit, function, &first_event), steps);
        // As long as the second is in its init phase, whoever finds the first one busy waits for one of these two.
        for _ in 0..20 {
            let one = || invoke(&kit, function, "echo");
            let both = tokio::join!(one(), one());
            for invocation in [both.0, both.1] {
                assert_eq!((invocation.status, invocation.start), (Status::Ok, Start::Warm));
            }
        }
        kit.folder.processes().len()
    });
    assert_eq!(processes, 2);
}

#[test]
fn a_spare_environment_is_frozen_until_somebody_needs_it() {
    let kit = kit_of(|options| options.limits.freeze = true);
    let stopped = || kit.folder.pids().into_iter().filter(|&pid| is_frozen(pid)).count();
    kit.runtime.block_on(async {
        let (init, work) = (Gate::new(&kit.emulator), Gate::new(&kit.emulator));
        let event = init.event();
        let function = deploy(&kit, |config| drop(config.env_vars.insert("INIT".into(), event)));
        let function = function.await;
        let first_event = work.event();
        let steps = async {
            open(init.knock().await).await;
            let busy = work.knock().await;
            let steps = async {
                let starting = init.knock().await;
                open(busy).await;
                starting
            };
            tokio::join!(invoke(&kit, function, "echo"), steps).1
        };
        let (_, starting) = tokio::join!(invoke(&kit, function, &first_event), steps);
        assert_eq!(stopped(), 1, "one is idle, one in its init phase");
        open(starting).await;
        // When it is ready cannot be seen otherwise: the emulator has to be given time.
        for _ in 0..10_000 {
            if stopped() == 2 {
                return;
            }
            assert_eq!(invoke(&kit, function, "echo").await.start, Start::Warm);
        }
        panic!("it was never frozen");
    });
}

#[test]
fn environments_started_at_once_do_not_get_lost_on_the_way_to_the_guard() {
    let kit = kit();
    kit.runtime.block_on(async {
        let gate = Gate::new(&kit.emulator);
        let event = gate.event();
        // As many and as large messages as never fit into a socket at once.
        let function = deploy(&kit, |config| {
            config.env_vars.insert("INIT".into(), event);
            config.env_vars.insert("LARGE".into(), "x".repeat(3_900));
        })
        .await;
        let requests = (0..80).map(|_| kit.emulator.invoke(function, request("echo"), Gaps::NONE));
        let mut requests: Vec<_> = requests.collect();
        let all = std::future::poll_fn(|context| {
            requests.retain_mut(|request| request.as_mut().poll(context).is_pending());
            if requests.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        });
        let through = async {
            let mut waiting = Vec::new();
            for _ in 0..80 {
                waiting.push(gate.knock().await);
            }
            for gate in waiting {
                open(gate).await;
            }
        };
        tokio::join!(all, through);
    });
    assert_eq!(kit.folder.processes().len(), 80);
}
