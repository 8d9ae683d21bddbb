//! An environment's own network: its loopback, and the sockets on which the harness listens inside.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::libc;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with, sockopt};

/// The port of the Runtime API on 127.0.0.1, as on Lambda.
pub const RUNTIME_API_PORT: u16 = 9001;

/// Connections that wait until they are accepted.
const BACKLOG: i32 = 1024;

/// Brings the loopback up, which is down in a new network namespace (netdevice(7)).
pub(crate) fn bring_up_loopback() -> io::Result<()> {
    let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    // SAFETY: all fields are numbers or arrays of numbers, of which zero is one.
    #[expect(unsafe_code, reason = "the kernel's own structure has no constructor")]
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = libc::c_char::try_from(*from).unwrap_or(0);
    }
    request.ifr_ifru.ifru_flags = libc::c_short::try_from(libc::IFF_UP).unwrap_or(1);
    // SAFETY: the kernel reads the structure, which is valid until the call returns.
    #[expect(unsafe_code, reason = "no library that is linked here has SIOCSIFFLAGS")]
    let done = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// A socket that listens on a port of 127.0.0.1.
pub(crate) fn listen_on(port: u16) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))?;
    listen(&socket, BACKLOG)?;
    Ok(socket)
}
