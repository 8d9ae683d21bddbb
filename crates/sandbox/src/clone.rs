//! Making processes: fork(2), with namespaces.

use std::io;

use nix::libc;
use nix::sched::CloneFlags;
use rustix::process::Pid;

/// Which of the two processes one is after [`clone`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cloned {
    Parent { child: Pid },
    Child,
}

/// A copy of this process, which must have one thread, in new namespaces.
///
/// Unlike unshare(2) it can be repeated: a process makes its own children a PID namespace only once by that.
pub(crate) fn clone(namespaces: CloneFlags) -> io::Result<Cloned> {
    let flags = libc::c_long::from(namespaces.bits() | libc::SIGCHLD);
    // SAFETY: without CLONE_VM the child has a copy of this process's memory and goes on where this one does, as after fork(2).
    // The caller has one thread, so no lock is held by a thread that the child does not have.
    #[expect(unsafe_code, reason = "no library that is linked here has this form of clone(2)")]
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    match i32::try_from(pid) {
        Ok(0) => Ok(Cloned::Child),
        Ok(pid) if pid > 0 => {
            Ok(Cloned::Parent { child: Pid::from_raw(pid).expect("it is above zero") })
        }
        _ => Err(io::Error::last_os_error()),
    }
}

/// Ends this process at once: nothing is dropped and nothing is flushed that its parent has too.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: _exit(2) takes any number and does not return.
    #[expect(unsafe_code, reason = "the end of the guard is not that of its children")]
    unsafe {
        libc::_exit(code)
    }
}
