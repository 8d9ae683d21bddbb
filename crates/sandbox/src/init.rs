//! The first process of an environment: it opens sockets inside, starts the function, and reaps.
//!
//! In a PID namespace (pid_namespaces(7)) it is process 1: what loses its parent becomes its child, no signal from inside
//! can end it, and when it ends the kernel ends all the others. Without one it is a child subreaper (prctl(2)), and the guard
//! ends what it leaves.
//! It is a copy of the guard and never executes another program, so it may allocate: it has one thread.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::libc;
use nix::sched::CloneFlags;
use nix::sys::signal::{
    SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction, sigprocmask,
};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::execve;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::net::RecvFlags;
use rustix::process::{
    DumpableBehavior, Pid, Rlimit, WaitOptions, getpid, set_child_subreaper, set_dumpable_behavior,
    set_parent_process_death_signal, setpgid, wait,
};
use rustix::thread::sched_setaffinity;
use rustix::time::{ClockId, clock_gettime};

use crate::affinity::cpu_set;
use crate::clock::now_ns;
use crate::clone::{Cloned, clone, exit_now};
use crate::edge::{Edge, Part};
use crate::files;
use crate::message::{Exec, ExitStatus, Launch, Request, Told};
use crate::mounts::Tree;
use crate::{limits, network, outside, socket, visible};

/// What an init is told when it is made.
#[derive(Debug)]
pub(crate) struct Setup<'a> {
    pub edge: &'a Edge,
    pub own_network: bool,
    /// Whether that was to get a way out, and whether it gets one.
    pub wants_out: bool,
    pub outside: bool,
    /// What takes the place of another file for that.
    pub resolv_conf: Option<(&'a Path, &'a Path)>,
    /// The folder that is `/dev` of every environment, where it has files of its own.
    pub devices: Option<&'a Path>,
    /// Of open files, as the guard was started with it.
    pub open_files: Rlimit,
}

/// Makes this process, which was just cloned into its namespaces, the init of an environment. Never returns.
pub(crate) fn run(control: OwnedFd, setup: &Setup<'_>) -> ! {
    let work = || {
        let init = Init::enter(control, setup)?;
        init.serve().inspect_err(|error| {
            init.tell(&Told::Failed { message: error.to_string() }, &[]);
        })
    };
    // A panic must not go on into what the guard was doing. Either way the control socket is closed, which the guard notices.
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    exit_now(if matches!(done, Ok(Ok(()))) { 0 } else { 1 })
}

/// Does what an environment needs, in a process that was cloned for that.
pub(crate) fn attempt(edge: &Edge) -> io::Result<()> {
    if edge.has(Part::Network) {
        network::bring_up_loopback()?;
    }
    let proc = edge.has(Part::Processes).then(Tree::proc).transpose()?;
    if edge.has(Part::ReadOnly) {
        crate::mounts::make_all_read_only()?;
    }
    if let Some(proc) = proc {
        files::put_proc(proc)?;
    }
    Ok(())
}

struct Init<'a> {
    control: OwnedFd,
    children: SignalFd,
    setup: &'a Setup<'a>,
}

impl<'a> Init<'a> {
    fn enter(control: OwnedFd, setup: &'a Setup<'a>) -> io::Result<Init<'a>> {
        let control = keep_only(control)?;
        let init = || {
            // Nobody who looks at it finds the guard's memory and variables (proc_pid_environ(5)).
            set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
            set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
            if !setup.edge.has(Part::Processes) {
                set_child_subreaper(Some(getpid()))?;
            }
            if setup.own_network {
                network::bring_up_loopback()?;
            }
            if setup.outside {
                let flags = OFlags::RDONLY | OFlags::CLOEXEC;
                let network = openat(CWD, "/proc/self/ns/net", flags, Mode::empty())?;
                socket::send(&control, &Told::Network, &[&network])?;
            }
            watch_children()
        };
        match init() {
            Ok(children) => Ok(Init { control, children, setup }),
            Err(error) => {
                let failed = Told::Failed { message: error.to_string() };
                socket::send(&control, &failed, &[]).ok();
                Err(error)
            }
        }
    }

    fn serve(&self) -> io::Result<()> {
        let mut function = None;
        let mut buffer = socket::buffer();
        loop {
            let mut fds = [
                PollFd::from_borrowed_fd(self.control.as_fd(), PollFlags::IN),
                PollFd::from_borrowed_fd(self.children.as_fd(), PollFlags::IN),
            ];
            match poll(&mut fds, None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let [asked, ended] = fds.map(|fd| !fd.revents().is_empty());
            if ended && self.reap(function) {
                return Ok(());
            }
            if asked {
                let flags = RecvFlags::DONTWAIT;
                let received = match socket::receive::<Request>(&self.control, &mut buffer, flags) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                    // The guard is gone.
                    Ok(None) => return Ok(()),
                    received => received?,
                };
                let Some(received) = received else { return Ok(()) };
                match received.message {
                    Request::Listen { port, .. } => {
                        let listener = match network::listen_on(port) {
                            Ok(listener) => Some(listener),
                            // The function has taken the port itself.
                            Err(_) if function.is_some() => None,
                            Err(error) => {
                                let message = format!("listen on port {port}: {error}");
                                return Err(io::Error::new(error.kind(), message));
                            }
                        };
                        self.tell(&Told::Listening { port }, &Vec::from_iter(&listener));
                    }
                    Request::Launch(launch) => function = Some(self.launch(&launch, received.fds)?),
                    _ => {}
                }
            }
        }
    }

    /// Reaps all children that have ended; whether the function is one of them.
    fn reap(&self, function: Option<Pid>) -> bool {
        while let Ok(Some(_)) = self.children.read_signal() {}
        let mut over = false;
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            if Some(pid) == function {
                self.tell(&Told::Ended(ExitStatus::of(status)), &[]);
                over = true;
            }
        }
        over
    }

    /// Starts the function in a process of its own.
    fn launch(&self, launch: &Launch, fds: Vec<OwnedFd>) -> io::Result<Pid> {
        let has_way_out = self.setup.outside && outside::wait_for_route();
        let no_way_out = self.setup.wants_out && !has_way_out;
        if let Some((copy, target)) = self.setup.resolv_conf {
            let target = target.canonicalize()?;
            rustix::mount::mount_bind(copy, target)?;
        }
        let unmounted = self.show_files(launch)?;
        let facts = Exec { unmounted, no_way_out, ..Exec::default() };
        let mut fds = fds.into_iter();
        let output =
            fds.next().ok_or_else(|| io::Error::other("the message came without a pipe"))?;
        let groups: Vec<OwnedFd> = fds.collect();
        match clone(CloneFlags::empty())? {
            Cloned::Parent { child } => Ok(child),
            Cloned::Child => {
                let error = self.become_function(launch, &output, &groups, &facts);
                self.tell(&Told::Failed { message: error.to_string() }, &[]);
                exit_now(127)
            }
        }
    }

    /// Makes this process, and thereby the function, see the files of the environment. Returns how many could not be mounted.
    fn show_files(&self, launch: &Launch) -> io::Result<u32> {
        let Setup { edge, devices, .. } = self.setup;
        let own_processes = edge.has(Part::Processes);
        let proc = own_processes.then(Tree::proc).transpose()?;
        let unmounted = match (&launch.files, devices) {
            (Some(files), Some(devices)) => files.enter(edge, devices)?,
            _ => 0,
        };
        if let Some(proc) = proc {
            files::put_proc(proc)?;
            if edge.has(Part::ProcessCount) {
                limits::limit_process_numbers().ok();
            }
        }
        if edge.has(Part::ReadOnly) && launch.files.is_some() {
            files::protect_proc()?;
        }
        Ok(unmounted)
    }

    /// Returns only if it cannot be executed.
    fn become_function(
        &self,
        launch: &Launch,
        output: &OwnedFd,
        groups: &[OwnedFd],
        facts: &Exec,
    ) -> io::Error {
        let sees_more = launch.visible.len() > launch.cpus.len() && !launch.cpus.is_empty();
        let prepared = || -> io::Result<(CString, Vec<CString>, Option<OwnedFd>)> {
            let text = |bytes: Vec<u8>| CString::new(bytes).map_err(io::Error::from);
            let program = text(launch.program.as_os_str().as_bytes().to_vec())?;
            let variables = launch.env_vars.iter();
            let variables = variables.map(|(name, value)| text(format!("{name}={value}").into()));
            let variables = variables.collect::<io::Result<Vec<CString>>>()?;
            setpgid(None, None)?;
            for group in groups {
                rustix::io::write(group, b"0")?;
            }
            if !launch.cpus.is_empty() {
                sched_setaffinity(None, &cpu_set(&launch.cpus))?;
            }
            if launch.files.is_none() {
                rustix::process::chdir(&launch.folder)?;
            }
            redirect(output)?;
            default_signals()?;
            limits::limit_open_files(self.setup.open_files);
            limits::drop_privileges()?;
            let listener = if sees_more { visible::hand_over().ok() } else { None };
            Ok((program, variables, listener))
        };
        let (program, variables, listener) = match prepared() {
            Ok(prepared) => prepared,
            Err(error) => return error,
        };
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        let cpu_ns = cpu.tv_sec.unsigned_abs() * 1_000_000_000 + cpu.tv_nsec.unsigned_abs();
        // Where it runs on all the cores that it is to see, nothing has to be shown to it.
        let sees = listener.is_some() || !sees_more;
        let exec = Exec { at_ns: now_ns(), cpu_ns, sees, ..facts.clone() };
        let fds: Vec<&OwnedFd> = listener.iter().collect();
        self.tell(&Told::Executing(exec), &fds);
        // A file that is not executable is not run as a script of /bin/sh, as a shell would: Lambda does not either.
        let Err(error) = execve(&program, &[&program], &variables);
        error.into()
    }

    fn tell(&self, told: &Told, fds: &[&OwnedFd]) {
        // A guard that is gone has ended this process, or is about to.
        socket::send(&self.control, told, fds).ok();
    }
}

/// Closes all descriptors of the guard's but this one, and reads nothing from standard input.
fn keep_only(control: OwnedFd) -> io::Result<OwnedFd> {
    const CONTROL: i32 = 3;
    let null = openat(CWD, "/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    let (control, null) = (control.into_raw_fd(), null.into_raw_fd());
    // SAFETY: system calls on numbers of descriptors. Whatever has owned those of the guard is never used or dropped in this
    // process, which ends without dropping anything; the one returned is owned by nobody else.
    #[expect(unsafe_code, reason = "descriptors are given numbers and closed by number")]
    let control = unsafe {
        // First to where nothing is, so that none of the three steps closes what the next one needs.
        let control = libc::fcntl(control, libc::F_DUPFD_CLOEXEC, 512);
        let null = libc::fcntl(null, libc::F_DUPFD_CLOEXEC, 512);
        let closed = control >= 0
            && null >= 0
            && (0..CONTROL).all(|number| libc::dup2(null, number) >= 0)
            && libc::dup3(control, CONTROL, libc::O_CLOEXEC) >= 0
            && libc::syscall(libc::SYS_close_range, CONTROL + 1, u32::MAX, 0) >= 0;
        if !closed {
            return Err(io::Error::last_os_error());
        }
        OwnedFd::from_raw_fd(CONTROL)
    };
    Ok(control)
}

/// Becomes readable when a child has ended, but not when one is stopped or continued, as a freeze does.
fn watch_children() -> io::Result<SignalFd> {
    for signal in Signal::iterator() {
        let flags =
            if signal == Signal::SIGCHLD { SaFlags::SA_NOCLDSTOP } else { SaFlags::empty() };
        let action = SigAction::new(SigHandler::SigDfl, flags, SigSet::empty());
        // It fails for SIGKILL and SIGSTOP, which have no other action.
        // SAFETY: no handler is installed.
        #[expect(unsafe_code, reason = "handlers would have to be safe for signals")]
        unsafe {
            sigaction(signal, &action).ok();
        }
    }
    let child = SigSet::from(Signal::SIGCHLD);
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&child), None)?;
    Ok(SignalFd::with_flags(&child, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?)
}

/// The init has no handlers; what it blocks, the function does not.
fn default_signals() -> io::Result<()> {
    Ok(sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?)
}

/// Sends standard output and standard error to the pipe.
fn redirect(output: &OwnedFd) -> io::Result<()> {
    rustix::stdio::dup2_stdout(output)?;
    rustix::stdio::dup2_stderr(output)?;
    Ok(())
}
