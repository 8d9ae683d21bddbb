//! Messages with descriptors over a pair of sockets (unix(7)).

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
    sockopt,
};
use rustix::process::Pid;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::message::MAX_MESSAGE;

/// As many descriptors as a message has at most.
const MOST_FDS: usize = 8;

/// Two ends, each of which keeps messages apart.
pub(crate) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// Has the kernel say with each message which process sent it.
pub(crate) fn tell_senders(socket: &OwnedFd) -> io::Result<()> {
    Ok(sockopt::set_socket_passcred(socket, true)?)
}

/// Sends a message. Allocates, so between fork and exec only a process of one thread may call it.
pub(crate) fn send(
    socket: impl AsFd,
    message: &impl Serialize,
    fds: &[&OwnedFd],
) -> io::Result<()> {
    let message = serde_json::to_vec(message)?;
    debug_assert!(message.len() <= MAX_MESSAGE && fds.len() <= MOST_FDS);
    let fds: Vec<_> = fds.iter().map(|fd| fd.as_fd()).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FDS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(&fds));
    }
    sendmsg(socket, &[IoSlice::new(&message)], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// A message, and what came with it.
#[derive(Debug)]
pub(crate) struct Received<T> {
    pub message: T,
    pub fds: Vec<OwnedFd>,
    /// Who sent it, where the socket was asked to say.
    pub sender: Option<Pid>,
}

/// Receives a message; `None` when the other end is closed.
pub(crate) fn receive<T: DeserializeOwned>(
    socket: impl AsFd,
    buffer: &mut [u8],
    flags: RecvFlags,
) -> io::Result<Option<Received<T>>> {
    let mut space =
        [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FDS), ScmCredentials(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = flags | RecvFlags::CMSG_CLOEXEC;
    let received = match recvmsg(socket, &mut [IoSliceMut::new(buffer)], &mut control, flags) {
        Err(rustix::io::Errno::CONNRESET) => return Ok(None),
        received => received?,
    };
    if received.bytes == 0 {
        return Ok(None);
    }
    let (mut fds, mut sender) = (Vec::new(), None);
    for part in control.drain() {
        match part {
            RecvAncillaryMessage::ScmRights(received) => fds.extend(received),
            RecvAncillaryMessage::ScmCredentials(credentials) => sender = Some(credentials.pid),
            _ => {}
        }
    }
    let message = serde_json::from_slice(&buffer[..received.bytes])?;
    Ok(Some(Received { message, fds, sender }))
}

/// A buffer for any message.
pub(crate) fn buffer() -> Vec<u8> {
    vec![0; MAX_MESSAGE]
}
