//! What a new process tells the guard right before it becomes the function.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use rustix::time::{ClockId, clock_gettime};

use super::Exec;
use crate::clock::now_ns;

/// Tells that exec(2) is next, and hands over where the process asks for its cores, if anywhere. Makes system calls only, for
/// a process between fork and exec.
pub(super) fn tell_exec(
    to: &OwnedFd,
    listener: Option<&OwnedFd>,
    unmounted: u32,
) -> io::Result<()> {
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let cpu_ns = cpu.tv_sec.unsigned_abs() * 1_000_000_000 + cpu.tv_nsec.unsigned_abs();
    let fds = listener.map(|listener| [listener.as_fd()]);
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if let Some(fds) = &fds {
        control.push(SendAncillaryMessage::ScmRights(fds));
    }
    let mut message = [0; 24];
    message[16..].copy_from_slice(&u64::from(unmounted).to_ne_bytes());
    message[8..16].copy_from_slice(&cpu_ns.to_ne_bytes());
    // Last of all.
    message[..8].copy_from_slice(&now_ns().to_ne_bytes());
    sendmsg(to, &[IoSlice::new(&message)], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// What the process has told.
pub(super) fn hear_exec(from: &OwnedFd) -> io::Result<(Exec, Option<OwnedFd>)> {
    let mut message = [0; 24];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received =
        recvmsg(from, &mut [IoSliceMut::new(&mut message)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    if received.bytes < message.len() {
        return Err(io::Error::other("the process has not told when it was executed"));
    }
    let mut listener = None;
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = part {
            listener = fds.last().or(listener);
        }
    }
    let number = |at: usize| u64::from_ne_bytes(std::array::from_fn(|byte| message[at + byte]));
    let exec = Exec {
        at_ns: number(0),
        cpu_ns: number(8),
        unmounted: number(16),
        sees: listener.is_some(),
    };
    Ok((exec, listener))
}
