//! CPU, memory and freeze, enforced on real processes.

use kelvin_emulator::Limits;
use kelvin_emulator::cpu::CpuLimit;
use kelvin_lambda::{MemorySize, Start, Status, Timing};

use crate::kit::{kit_with, seen};

const NONE: Limits = Limits { cpu: CpuLimit::Off, memory: false, freeze: false, files: false };

fn memory(mb: u32) -> MemorySize {
    MemorySize::new(mb).expect("in range")
}

/// The CPU time was spread over as many periods as the memory size demands, and what is not explained by a busy machine
/// is said to have been throttled.
fn assert_limited(timing: &Timing, mb: u64) {
    let [cpu, latency, throttled] =
        [timing.cpu_ns, timing.response_latency_ns, timing.throttled_ns]
            .map(|ns| ns.expect("it is measured"));
    // What was used last is not paid for: some milliseconds, each worth fourteen at 128 MB, and more on a busy machine.
    let least = cpu * 1769 / mb * 3 / 4;
    // CPU time is that of the whole invocation, what comes after the response included.
    let duration = timing.duration_ns().expect("it is measured");
    assert!(duration >= least, "{mb} MB, at least {least}: {timing:?}");
    assert!(throttled <= latency, "{timing:?}");
    // Where other programs leave a function no more than its share, there is nothing to hold back.
    let starved = latency - throttled - cpu.min(latency - throttled);
    assert!(throttled > 0 || starved >= least / 2, "{mb} MB: {timing:?}");
}

#[test]
fn work_beyond_the_quota_is_held_back_and_said_to_be() {
    let kit = kit_with(Limits { cpu: CpuLimit::Tick, ..NONE });
    let function = kit.deploy(|config| config.memory_size = memory(128));
    kit.invoke(function, "echo");
    let spun = kit.invoke(function, "spin 50");
    assert_eq!(spun.status, Status::Ok);
    assert_limited(&spun.timing, 128);
}

#[test]
fn a_whole_core_and_short_work_are_not_held_back() {
    let kit = kit_with(Limits { cpu: CpuLimit::Tick, ..NONE });
    let function = kit.deploy(|config| config.memory_size = memory(1769));
    kit.invoke(function, "spin 100");
    let small = kit.deploy(|config| {
        config.name = "small".to_owned();
        config.memory_size = memory(128);
    });
    kit.invoke(small, "echo");
    assert_eq!(kit.invoke(small, "echo").timing.throttled_ns, Some(0));
}

#[test]
fn short_invocations_that_leak_are_ended_at_the_memory_size_as_well() {
    let kit = kit_with(Limits { memory: true, ..NONE });
    let function = kit.deploy(|config| config.memory_size = memory(128));
    let all = kit.repeat(function, "leak 2", 200);
    let ended = all.iter().position(|invocation| invocation.status == Status::OutOfMemory);
    // As soon as it is seen, which in a loop may be a millisecond later.
    assert!(ended.is_some_and(|at| (50..120).contains(&at)), "{ended:?}");
    let most = all.iter().filter_map(|invocation| invocation.max_memory_bytes).max();
    assert!(most < Some(200 << 20), "{most:?}");
}

#[test]
fn init_is_not_held_back_and_nor_is_a_suppressed_one() {
    let kit = kit_with(Limits { cpu: CpuLimit::Tick, ..NONE });
    let function = kit.deploy(|config| {
        config.memory_size = memory(128);
        config.env_vars.insert("INIT".to_owned(), "spin".to_owned());
    });
    let held_back = |start| {
        let invocation = kit.invoke(function, "echo");
        assert_eq!((invocation.status, invocation.start), (Status::Ok, start));
        invocation.timing.throttled_ns
    };
    assert_eq!(held_back(Start::Cold), Some(0));
    assert_eq!(kit.invoke(function, "exit 3").status, Status::Crash);
    assert_eq!(held_back(Start::SuppressedInit), Some(0));
    // That much computing is held back where it is no init.
    assert_limited(&kit.invoke(function, "spin 100").timing, 128);
}

#[test]
fn environments_of_different_sizes_keep_their_limits_side_by_side() {
    let kit = kit_with(Limits { cpu: CpuLimit::Tick, ..NONE });
    let functions = [128, 512, 1769].map(|mb| {
        let function = kit.deploy(|config| {
            config.name = format!("function-{mb}");
            config.memory_size = memory(mb);
        });
        kit.invoke(function, "echo");
        function
    });
    let timings = std::thread::scope(|scope| {
        let kit = &kit;
        let spun = functions.map(|function| scope.spawn(move || kit.invoke(function, "spin 60")));
        spun.map(|spun| spun.join().expect("it does not panic").timing)
    });
    assert_limited(&timings[0], 128);
    assert_limited(&timings[1], 512);
    assert_eq!(timings[2].throttled_ns, Some(0));
}

#[test]
fn children_are_held_back_together_with_their_parent() {
    let kit = kit_with(Limits { cpu: CpuLimit::Tick, ..NONE });
    let function = kit.deploy(|config| config.memory_size = memory(128));
    kit.invoke(function, "echo");
    let children = kit.invoke(function, "children");
    assert_eq!(children.status, Status::Ok);
    assert_limited(&children.timing, 128);
}

#[test]
fn memory_over_the_limit_ends_the_environment() {
    let kit = kit_with(Limits { memory: true, ..NONE });
    let function = kit.deploy(|config| config.memory_size = memory(128));
    kit.invoke(function, "echo");
    let expected = r#"{"errorType":"Runtime.OutOfMemory","errorMessage":"RequestId: ID Error: Runtime exited with error: signal: killed"}"#;
    let check = |function, what: &str, start| {
        let failed = kit.invoke(function, what);
        assert_eq!(seen(&failed), (Status::OutOfMemory, start, expected.to_owned()), "{what}");
        let log = failed.log_tail.expect("failures have a log");
        assert!(log.contains("Status: error\tError Type: Runtime.OutOfMemory"), "{log}");
    };
    for what in ["allocate 400", "grow"] {
        check(function, what, Start::Warm);
        let after = kit.invoke(function, "allocate 50");
        assert_eq!((after.status, after.start), (Status::Ok, Start::SuppressedInit), "{what}");
    }
    let grows = kit.deploy(|config| {
        config.name = "grows".to_owned();
        config.env_vars.insert("INIT".to_owned(), "grow".to_owned());
    });
    check(grows, "echo", Start::SuppressedInit);
}

#[test]
fn background_work_stops_between_invocations_and_goes_on_in_the_next() {
    let kit = kit_with(Limits { freeze: true, ..NONE });
    let function = kit.deploy(|_| ());
    let number = |what| -> u64 { seen(&kit.invoke(function, what)).2.parse().expect("a number") };
    kit.invoke(function, "echo");
    let pid = kit.folder.pids()[0];
    let pid = u64::try_from(pid).expect("it is above zero");
    // A thread that counts for ever.
    kit.invoke(function, "background");
    wait_until_stopped(pid);
    let before = cpu_ticks(pid);
    let count = number("count");
    assert!(number("count") > count, "it goes on while there is an invocation");
    wait_until_stopped(pid);
    let frozen = cpu_ticks(pid);
    assert!(frozen >= before);
    burn();
    assert_eq!(cpu_ticks(pid), frozen, "a frozen process uses no CPU");
}

/// It has been frozen when an invocation returns, but the kernel stops each thread in its own time.
fn wait_until_stopped(pid: u64) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    loop {
        let before = cpu_ticks(pid);
        burn();
        if cpu_ticks(pid) == before {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "it is not frozen");
    }
}

/// User and system time of a process in clock ticks (proc_pid_stat(5), fields 14 and 15).
fn cpu_ticks(pid: u64) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let (_, rest) = stat.rsplit_once(") ").expect("the name is in parentheses");
    rest.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().expect("a number")).sum()
}

/// Lets more than a clock tick of this process's own time pass.
fn burn() {
    let own = u64::from(std::process::id());
    let begin = cpu_ticks(own);
    while cpu_ticks(own) < begin + 3 {
        std::hint::black_box((0..100_000_u64).fold(0, |a, b| a ^ b.wrapping_mul(3)));
    }
}
