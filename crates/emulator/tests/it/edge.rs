//! The edge of an execution environment, tried from inside by functions that look around or do harm.

use kelvin_emulator::Limits;
use kelvin_emulator::cpu::CpuLimit;
use kelvin_lambda::{MemorySize, Start, Status};
use kelvin_platform::{FunctionId, FunctionSpec, Network, Platform};

use crate::kit::{Kit, is_enforced, is_frozen, kit, kit_with, seen, spec};

const ALL: Limits = Limits { cpu: CpuLimit::Tick, memory: true, freeze: true, files: true };

fn deploy(kit: &Kit, name: &str) -> FunctionId {
    kit.deploy(|config| config.name = name.to_owned())
}

fn answer(kit: &Kit, function: FunctionId, what: &str) -> String {
    seen(&kit.invoke(function, what)).2.trim_matches('"').to_owned()
}

/// What a shell in a function finds.
#[test]
fn a_function_sees_its_own_environment_only() {
    let kit = kit();
    let function = deploy(&kit, "function");
    let home = std::env::home_dir().expect("tests have a home");
    let in_home = format!("ls -A {} 2> /dev/null | wc -l", home.display());
    let elsewhere = "for f in /file /usr/file /etc/hosts /var/task/bootstrap; do (: > $f); done";
    let read_only = format!("({elsewhere}) 2>&1 | grep -c Read-only");
    let checks: [(&str, &str, &str); 14] = [
        ("own processes", "ls -d /proc/[0-9]* | wc -l | sed s/[1-6]/few/", "few"),
        // Nothing of the guard, of which the first process is a copy.
        ("own processes", "cat /proc/1/environ /proc/1/maps 2> /dev/null | wc -c", "0"),
        ("own processes", "for s in USR1 TERM HUP KILL; do kill -$s 1; done; echo alive", "alive"),
        (
            "own processes",
            "(sleep 0 &); (sleep 0 &); sleep 0.2; cat /proc/[0-9]*/status | grep -c zombie",
            "0",
        ),
        ("own IPC", "ls -d /dev/shm", "ls: cannot access '/dev/shm': No such file or directory"),
        ("own IPC", "tail -n +2 /proc/sysvipc/shm | wc -l", "0"),
        ("read-only files", &read_only, "4"),
        ("private /tmp", "echo x > /tmp/file && cat /tmp/file", "x"),
        ("private /tmp", &in_home, "0"),
        (
            "private /tmp",
            "ls /dev | tr [:space:] . | sed s/tty.//",
            "fd.full.null.random.stderr.stdin.stdout.urandom.zero.",
        ),
        ("own network", "tail -n +3 /proc/net/dev | cut -d: -f1 | grep -c lo", "1"),
        ("open files", "ls /proc/self/fd | tr [:space:] .", "0.1.2.3."),
        ("open files", "ulimit -Sn; ulimit -Hn", "1024\\n1024"),
        ("open files", "grep -c CapEff:.0000000000000000 /proc/self/status", "1"),
    ];
    for (limit, script, expected) in checks {
        if is_enforced(&kit, limit) {
            assert_eq!(answer(&kit, function, &format!("sh {script}")), expected, "{script}");
        }
    }
}

#[test]
fn killing_everybody_kills_nobody_else() {
    let kit = kit_with(ALL);
    if !is_enforced(&kit, "own processes") {
        return;
    }
    let (killer, neighbour) = (deploy(&kit, "killer"), deploy(&kit, "neighbour"));
    kit.invoke(neighbour, "echo");
    let killed = kit.invoke(killer, "sh kill -9 -1");
    assert_eq!(killed.status, Status::Crash);
    assert_eq!((killed.error.map(|e| e.error_type)), Some("Runtime.ExitError".to_owned()));
    let next = kit.invoke(killer, "echo");
    assert_eq!((next.status, next.start), (Status::Ok, Start::SuppressedInit));
    let next = kit.invoke(neighbour, "echo");
    assert_eq!((next.status, next.start), (Status::Ok, Start::Warm));
}

#[test]
fn two_environments_listen_on_one_port_and_do_not_reach_each_other() {
    let kit = kit();
    if !is_enforced(&kit, "own network") {
        return;
    }
    let (one, two) = (deploy(&kit, "one"), deploy(&kit, "two"));
    assert_eq!(answer(&kit, one, "listen 18473"), "done");
    assert_eq!(answer(&kit, one, "connect 18473"), "done");
    assert_eq!(answer(&kit, two, "connect 18473"), "connection refused");
    assert_eq!(answer(&kit, two, "listen 18473"), "done");
    // As on Lambda.
    assert_eq!(answer(&kit, two, "env AWS_LAMBDA_RUNTIME_API"), "127.0.0.1:9001");
}

#[test]
fn in_the_network_of_the_machine_a_function_reaches_what_listens_there() {
    let kit = kit();
    let holder = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = holder.local_addr().expect("it is bound").port();
    let bootstrap = env!("CARGO_BIN_EXE_kelvin-test-function");
    let config = kelvin_lambda::FunctionConfig::new("host");
    let wanted = FunctionSpec { network: Some(Network::Host), ..spec(config, bootstrap) };
    let function = kit.runtime.block_on(kit.emulator.deploy(wanted)).expect("it can be deployed");
    assert_eq!(answer(&kit, function, &format!("connect {port}")), "done");
    assert_eq!(answer(&kit, function, &format!("listen {port}")), "address in use");
}

#[test]
fn a_way_leads_outside_where_one_is_asked_for() {
    let kit = kit();
    if !is_enforced(&kit, "outside world") {
        return;
    }
    let bootstrap = env!("CARGO_BIN_EXE_kelvin-test-function");
    let routes = "sh tail -n +2 /proc/self/net/route | cut -f 2 | grep -c 00000000";
    for (network, expected) in [(Network::Outside, "1"), (Network::Private, "0")] {
        let config = kelvin_lambda::FunctionConfig::new(network.as_str());
        let wanted = FunctionSpec { network: Some(network), ..spec(config, bootstrap) };
        let function = kit.runtime.block_on(kit.emulator.deploy(wanted)).expect("a function");
        assert_eq!(answer(&kit, function, routes), expected, "{network}");
        assert_eq!(answer(&kit, function, "listen 18473"), "done");
    }
}

/// A process that has left its session and its parent is part of the environment all the same.
#[test]
fn a_daemon_is_frozen_and_counted_and_ends_with_its_environment() {
    let kit = kit_with(ALL);
    let function = kit.deploy(|config| {
        config.memory_size = MemorySize::new(256).expect("in range");
    });
    assert_eq!(kit.invoke(function, "escape").status, Status::Ok);
    // One that has only just been forked may be found by the next look.
    let frozen = || kit.folder.pids().into_iter().all(is_frozen);
    assert!(frozen() || (kit.invoke(function, "echo").status == Status::Ok && frozen()));
    assert_eq!(kit.invoke(function, "echo").start, Start::Warm);
    // It keeps a line until that ends.
    let grows = "sh setsid sh -c 'head -c 900000000 /dev/zero | tail -n 1 > /dev/null' & sleep 25";
    assert_eq!(kit.invoke(function, grows).status, Status::OutOfMemory);
    assert_eq!(kit.folder.processes(), [""; 0]);
    assert_eq!(kit.invoke(function, "echo").status, Status::Ok);
}

#[test]
fn what_children_share_with_their_parent_is_there_once() {
    let kit = kit_with(ALL);
    let function = kit.deploy(|config| {
        config.memory_size = MemorySize::new(512).expect("in range");
    });
    for children in [0, 1, 4, 8] {
        let invocation = kit.invoke(function, &format!("share {children} 150"));
        assert_eq!(invocation.status, Status::Ok, "{children}: {:?}", invocation.error);
        let used = invocation.max_memory_bytes.expect("it is measured") >> 20;
        assert!((150..300).contains(&used), "{children} children: {used} MB");
    }
}

#[test]
fn as_many_processes_as_on_lambda() {
    let kit = kit();
    if !is_enforced(&kit, "processes and threads") {
        return;
    }
    let function = deploy(&kit, "function");
    let many = "bash for i in {1..1400}; do sleep 60 & done 2>&1 | head -n 1";
    let said = answer(&kit, function, many);
    assert!(said.contains("fork"), "{said}");
    let running = kit.folder.processes().len();
    assert!((900..=1324).contains(&running), "{running}");
    kit.recycle(function);
    assert_eq!(answer(&kit, function, "echo"), "echo");
}

/// The CPU limit stops and continues what runs; a shell with job control sees that its children are stopped by signals.
#[test]
fn job_control_does_not_see_the_limits() {
    let kit = kit_with(ALL);
    let by = kit.emulator.describe().enforcement.into_iter().find(|entry| entry.limit == "freeze");
    if by.and_then(|entry| entry.by).as_deref() != Some("cgroup freezer") {
        is_enforced(&kit, "own processes");
        return;
    }
    let function = kit.deploy(|config| config.memory_size = MemorySize::MIN);
    let works = "set -m; bash -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'; echo $?";
    for _ in 0..3 {
        assert_eq!(answer(&kit, function, &format!("bash {works}")), "0");
    }
}
