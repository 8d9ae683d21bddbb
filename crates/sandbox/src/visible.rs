//! A function sees as many cores as on Lambda, also where it runs on fewer of them.
//!
//! What a program sees is what sched_getaffinity(2) answers: `available_parallelism()`, Go's scheduler, Node.js and the JVM
//! all ask it. A filter (seccomp(2), seccomp_unotify(2)) hands this one call to the guard, which answers it; all other calls
//! go to the kernel as ever. A thread that has bound itself to cores is told what it has bound itself to.

use std::collections::HashSet;
use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::libc;
use nix::sys::uio::{RemoteIoVec, process_vm_writev};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// As many bytes as a set of cores has at most that this module answers with: 8,192 cores.
const SET_BYTES: usize = 1024;

/// The calls of one process, and of those that it starts, that the guard answers.
#[derive(Debug)]
pub(crate) struct Visible {
    listener: OwnedFd,
    cores: Vec<usize>,
    /// Threads that have bound themselves.
    bound: HashSet<u32>,
}

/// Whether there may be another call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    Next,
    /// No thread is left that could ask.
    Last,
}

/// Whether the kernel can hand calls over.
pub(crate) fn is_possible() -> io::Result<()> {
    architecture().ok_or_else(|| io::Error::other("not for this processor"))?;
    let mut sizes = [0_u16; 3];
    // SAFETY: the operation writes three 16-bit numbers (struct seccomp_notif_sizes), for which there is room.
    #[expect(unsafe_code, reason = "no library that is linked here has seccomp(2)")]
    let done = unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_NOTIF_SIZES, 0, sizes.as_mut_ptr())
    };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Of `struct seccomp_data`, by which a program for another instruction set is told.
fn architecture() -> Option<u32> {
    match std::env::consts::ARCH {
        "x86_64" => Some(0xc000_003e),
        "aarch64" => Some(0xc000_00b7),
        _ => None,
    }
}

/// Has the calls of this process and of all that it starts handed over from now on; for good. Returns where they arrive.
///
/// Makes system calls only, for a process between fork and exec.
pub(crate) fn hand_over() -> io::Result<OwnedFd> {
    const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
    const JUMP_IF_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    const RETURN: u16 = 0x06; // BPF_RET | BPF_K
    let architecture = architecture().ok_or(Errno::NOSYS)?;
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let number = |call: libc::c_long| u32::try_from(call).unwrap_or(u32::MAX);
    let mut program = [
        step(LOAD, 0, 0, 4), // seccomp_data.arch
        step(JUMP_IF_EQUAL, 0, 3, architecture),
        step(LOAD, 0, 0, 0), // seccomp_data.nr
        step(JUMP_IF_EQUAL, 2, 0, number(libc::SYS_sched_getaffinity)),
        step(JUMP_IF_EQUAL, 1, 0, number(libc::SYS_sched_setaffinity)),
        step(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW),
        step(RETURN, 0, 0, libc::SECCOMP_RET_USER_NOTIF),
    ];
    let filter = libc::sock_fprog { len: 7, filter: program.as_mut_ptr() };
    let set = || {
        let (set, flags) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER);
        // SAFETY: the kernel reads the filter, which is valid until the call returns, and keeps a copy.
        #[expect(unsafe_code, reason = "no library that is linked here has seccomp(2)")]
        let fd = unsafe { libc::syscall(libc::SYS_seccomp, set, flags, &raw const filter) };
        i32::try_from(fd).ok().filter(|fd| *fd >= 0).ok_or_else(io::Error::last_os_error)
    };
    let fd = match set() {
        // An ordinary user may set a filter only where no program can win privileges by it (seccomp(2)).
        Err(error) if error.raw_os_error() == Some(libc::EACCES) => {
            rustix::thread::set_no_new_privs(true)?;
            set()?
        }
        set => set?,
    };
    // SAFETY: the kernel has just made this descriptor, and nobody else knows it.
    #[expect(unsafe_code, reason = "a descriptor that a system call returned")]
    let listener = unsafe { OwnedFd::from_raw_fd(fd) };
    Ok(listener)
}

impl Visible {
    /// Answers what arrives at `listener` with these cores.
    pub(crate) fn new(listener: OwnedFd, cores: Vec<usize>) -> Visible {
        Visible { listener, cores, bound: HashSet::new() }
    }

    /// Becomes readable when there is a call to answer.
    pub(crate) fn listener(&self) -> &OwnedFd {
        &self.listener
    }

    /// Answers the call that waits, if one does.
    pub(crate) fn answer(&mut self) -> Answered {
        let mut fds = [PollFd::new(&self.listener, PollFlags::IN)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        if poll(&mut fds, Some(&at_once)).is_err() {
            return Answered::Next;
        }
        // To receive where nobody asks would block.
        let found = fds[0].revents();
        if found.contains(PollFlags::IN) {
            // A thread that is gone by now needs no answer.
            self.answer_next().ok();
        } else if !found.is_empty() {
            return Answered::Last;
        }
        Answered::Next
    }

    /// Answers one call. Fails if there is none, because the thread is gone.
    fn answer_next(&mut self) -> io::Result<()> {
        let call = self.receive()?;
        let number = libc::c_long::from(call.data.nr);
        let [asked, length, address, ..] = call.data.args;
        // Its number, or 0 for the thread that asks.
        let thread = u32::try_from(asked).ok().filter(|asked| *asked != 0).unwrap_or(call.pid);
        if number == libc::SYS_sched_setaffinity {
            self.bound.insert(thread);
        }
        let mut reply = libc::seccomp_notif_resp { id: call.id, val: 0, error: 0, flags: 0 };
        let answered = (number == libc::SYS_sched_getaffinity && !self.bound.contains(&thread))
            .then(|| self.tell(&call, thread, length, address))
            .flatten();
        match answered {
            Some(bytes) => reply.val = bytes,
            // The kernel does what was asked.
            None => {
                reply.flags = u32::try_from(libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE).unwrap_or(1)
            }
        }
        self.control(libc::SECCOMP_IOCTL_NOTIF_SEND, (&raw mut reply).cast())
    }

    /// Writes the cores to where the thread wants them. Returns the number of bytes, as the kernel would; `None` if the
    /// kernel has to answer, for instance with an error.
    fn tell(
        &self,
        call: &libc::seccomp_notif,
        thread: u32,
        length: u64,
        address: u64,
    ) -> Option<i64> {
        let length = usize::try_from(length).ok()?.min(SET_BYTES);
        let mut set = [0_u8; SET_BYTES];
        // SAFETY: the kernel writes at most `length` bytes, for which there is room.
        #[expect(unsafe_code, reason = "the length of the answer depends on what was asked")]
        let bytes =
            unsafe { libc::syscall(libc::SYS_sched_getaffinity, thread, length, set.as_mut_ptr()) };
        let bytes = usize::try_from(bytes).ok().filter(|bytes| *bytes > 0)?;
        let set = set.get_mut(..bytes)?;
        for &core in &self.cores {
            *set.get_mut(core / 8)? |= 1 << (core % 8);
        }
        // The thread may be gone, and its number another's.
        let mut id = call.id;
        self.control(libc::SECCOMP_IOCTL_NOTIF_ID_VALID, (&raw mut id).cast()).ok()?;
        let to = RemoteIoVec { base: usize::try_from(address).ok()?, len: bytes };
        let pid = Pid::from_raw(i32::try_from(call.pid).ok()?);
        let written = process_vm_writev(pid, &[IoSlice::new(set)], &[to]).ok()?;
        (written == bytes).then(|| i64::try_from(bytes).ok())?
    }

    fn receive(&self) -> io::Result<libc::seccomp_notif> {
        // SAFETY: all fields are numbers, of which zero is one; the kernel wants them to be zero.
        #[expect(unsafe_code, reason = "the kernel's own structure has no constructor")]
        let mut call: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        self.control(libc::SECCOMP_IOCTL_NOTIF_RECV, (&raw mut call).cast())?;
        Ok(call)
    }

    fn control(&self, what: libc::Ioctl, argument: *mut libc::c_void) -> io::Result<()> {
        // SAFETY: each of the three operations takes a pointer to its structure, which the callers above pass.
        #[expect(unsafe_code, reason = "no library that is linked here has these operations")]
        let done = unsafe { libc::ioctl(self.listener.as_raw_fd(), what, argument) };
        if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}
