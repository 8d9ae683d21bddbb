//! A process that does not end.

use std::sync::Arc;

use kelvin_sandbox::{Edge, GuardClient};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::*;
use crate::cores::Cores;
use crate::cpu::CpuLimit;
use crate::doors::Doors;
use crate::sandboxes::Allowed;

/// Environments of a guard that does nothing of what it is asked for.
fn sandboxes(guard: std::os::fd::OwnedFd) -> Sandboxes {
    let allowed = Allowed {
        edge: Edge::default(),
        cpu: None,
        freezer: Err("of a test".to_owned()),
        no_pids: None,
        doors: Doors::default(),
        hidden: Vec::new(),
        left: 0.into(),
        no_way_out: 0.into(),
    };
    let guard = GuardClient::serve(guard).expect("a runtime");
    Sandboxes { guard, allowed: Arc::new(allowed) }
}

#[tokio::test]
async fn an_environment_that_cannot_be_killed_is_left_and_counted() {
    let flags = SocketFlags::CLOEXEC;
    let (ours, _theirs) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).expect("two sockets");
    let sandboxes = sandboxes(ours);
    let prepared = Prepared::ask(&sandboxes, 1, Network::Host, None).expect("a port");
    let program = Program {
        config: FunctionConfig::new("function"),
        limits: Limits { cpu: CpuLimit::Off, memory: false, freeze: false, files: false },
        spin: Spin::new(Cores::of_this_thread(1), None),
        path: "/bin/true".into(),
        folder: "/".into(),
        files: None,
        env_vars: Vec::new(),
    };
    let process = Process::start(&sandboxes, prepared, program, 1).expect("a pipe");
    process.end_within(Duration::from_millis(1)).await;
    assert_eq!(sandboxes.allowed.left.load(Ordering::Relaxed), 1);
}
