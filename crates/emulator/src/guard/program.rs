//! The guard's own program.

use std::collections::HashMap;
use std::ffi::CString;
use std::fs::{self, DirBuilder, File};
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use nix::unistd::execve;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, SocketFlags,
    SocketType, recvmsg, send, socketpair,
};
use rustix::process::{
    Pid, PidfdFlags, Rlimit, Signal, WaitOptions, getpid, kill_process, kill_process_group,
    pidfd_open, set_child_subreaper, wait, waitpid,
};
use rustix::thread::{CpuSet, sched_setaffinity};
use serde::Serialize;

use super::cgroups::{CgroupPlan, Cgroups, Refusal};
use super::descendants::{Processes, carries};
use super::exec::{hear_exec, tell_exec};
use super::files::{Files, Mounts};
use super::visible::{self, Answered, Visible};
use super::{Event, ExitStatus, Launch, MAX_MESSAGE, Ready, Request};
use crate::cpu::cgroup::Cgroup;
use crate::descriptors;

/// Runs the guard until the emulator is gone. `root` is the folder that holds all execution environments; it is removed
/// at the end.
///
/// Standard input must be the guard's end of the emulator's socket.
pub fn main(root: &Path) -> io::Result<()> {
    // Handlers that do nothing, not SIG_IGN: an ignored signal would stay ignored in every function (execve(2)).
    for signal in [
        signal_hook::consts::SIGINT,
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGHUP,
        signal_hook::consts::SIGQUIT,
    ] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    set_child_subreaper(Some(getpid()))?;
    let socket = rustix::io::fcntl_dupfd_cloexec(io::stdin().as_fd(), 3)?;
    let made = DirBuilder::new().mode(0o700).create(root);
    let (mounts, no_private_files) = match made.as_ref().map(|()| Mounts::enter(root)) {
        Ok(Ok(mounts)) => (Some(mounts), None),
        Ok(Err(error)) => (None, Some(error.to_string())),
        Err(_) => (None, None),
    };
    let inherited = descriptors::raise_limit();
    let mut guard = Guard { inherited, socket, launched: HashMap::new(), cgroups: None, mounts };
    let no_folder = made.err().map(|error| error.raw_os_error().unwrap_or(0));
    let no_visible = visible::is_possible().err().map(|error| error.to_string());
    guard.tell(&Ready { no_folder, no_private_files, no_visible });
    let served = guard.serve();
    guard.end_everything();
    if let Some(cgroups) = &mut guard.cgroups {
        cgroups.end();
    }
    // They are busy as long as something is mounted on them.
    drop(guard.mounts.take());
    let removed = match fs::remove_dir_all(root) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    served.and(removed)
}

/// Processes that the kernel cannot end in this time, because they wait for a device, are left to it.
const KILL_PATIENCE: Duration = Duration::from_secs(5);
/// After this time a process without environment has been started without one. It is killed at the end of all.
const EXEC_PATIENCE: Duration = Duration::from_millis(50);

struct Guard {
    /// Of open files, for functions: this process needs one for each of them.
    inherited: Rlimit,
    socket: OwnedFd,
    /// Processes that were launched and not yet reaped.
    launched: HashMap<Pid, Launched>,
    /// Where processes are limited by cgroup.
    cgroups: Option<Cgroups>,
    /// Where environments have files of their own.
    mounts: Option<Mounts>,
}

struct Launched {
    id: u64,
    marker: String,
    /// Becomes readable when the process ends. Unlike SIGCHLD it does not wake the guard at each stop and continue.
    pidfd: OwnedFd,
    cgroup: Option<Cgroup>,
    /// Where it sees other cores than it runs on.
    visible: Option<Visible>,
}

/// Why the guard has woken up.
struct Woken {
    asked: bool,
    ended: bool,
    /// Processes that want to know their cores.
    asking: Vec<Pid>,
}

impl Guard {
    fn serve(&mut self) -> io::Result<()> {
        loop {
            let Woken { asked, ended, asking } = self.wait()?;
            for pid in asking {
                self.answer(pid);
            }
            if ended {
                self.reap();
            }
            if asked {
                let Some((request, output)) = self.receive()? else { return Ok(()) };
                self.carry_out(request, output);
            }
        }
    }

    /// Waits until the emulator asks for something, a launched process has ended, or one wants to know its cores.
    fn wait(&self) -> io::Result<Woken> {
        let launched: Vec<(Pid, &Launched)> =
            self.launched.iter().map(|(pid, launched)| (*pid, launched)).collect();
        let looking = launched.iter().filter_map(|(pid, l)| Some((*pid, l.visible.as_ref()?)));
        let looking: Vec<(Pid, &Visible)> = looking.collect();
        let pidfds = launched.iter().map(|(_, launched)| &launched.pidfd);
        let listeners = looking.iter().map(|(_, visible)| visible.listener());
        let mut fds: Vec<PollFd<'_>> = [&self.socket]
            .into_iter()
            .chain(pidfds)
            .chain(listeners)
            .map(|fd| PollFd::new(fd, PollFlags::IN))
            .collect();
        match poll(&mut fds, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
        let (socket, others) = fds.split_first().expect("the socket is there");
        let (ended, listeners) = others.split_at(launched.len());
        let asking = looking.iter().zip(listeners).filter(|(_, fd)| is_ready(fd));
        Ok(Woken {
            asked: is_ready(socket),
            ended: ended.iter().any(is_ready),
            asking: asking.map(|((pid, _), _)| *pid).collect(),
        })
    }

    /// Answers what a process wants to know of its cores.
    fn answer(&mut self, pid: Pid) {
        if let Some(launched) = self.launched.get_mut(&pid)
            && let Some(visible) = &mut launched.visible
            && visible.answer() == Answered::Last
        {
            launched.visible = None;
        }
    }

    /// The next request, or `None` when the emulator is gone.
    fn receive(&self) -> io::Result<Option<(Request, Option<OwnedFd>)>> {
        let mut message = vec![0; MAX_MESSAGE];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received = match recvmsg(
            &self.socket,
            &mut [IoSliceMut::new(&mut message)],
            &mut control,
            RecvFlags::CMSG_CLOEXEC,
        ) {
            Err(rustix::io::Errno::CONNRESET) => return Ok(None),
            received => received?,
        };
        if received.bytes == 0 {
            return Ok(None);
        }
        let mut output = None;
        for part in control.drain() {
            if let RecvAncillaryMessage::ScmRights(fds) = part {
                output = fds.last().or(output);
            }
        }
        let request = serde_json::from_slice(&message[..received.bytes])?;
        Ok(Some((request, output)))
    }

    fn carry_out(&mut self, request: Request, output: Option<OwnedFd>) {
        match request {
            Request::MakeCgroups(plan) => self.make_cgroups(&plan),
            Request::Launch(launch) => {
                let event = self.launch_in_group(*launch, output);
                self.tell(&event);
            }
            Request::Kill { id } => {
                self.kill(id);
                self.reap();
            }
            Request::Remove { id, path } => {
                self.remove(&path);
                self.tell(&Event::Removed { id });
            }
        }
    }

    fn make_cgroups(&mut self, plan: &CgroupPlan) {
        let made = Cgroups::make(plan).map(|cgroups| self.cgroups = Some(cgroups));
        self.tell(&made.map_err(Refusal::from));
    }

    /// Launches a process in a cgroup of its own, where there are cgroups.
    fn launch_in_group(&mut self, launch: Launch, output: Option<OwnedFd>) -> Event {
        let id = launch.id;
        let failed =
            |error: &dyn std::error::Error| Event::LaunchFailed { id, message: error.to_string() };
        let made = self.cgroups.as_ref().map(|cgroups| cgroups.make_group(id)).transpose();
        let (group, procs) = match made {
            Ok(made) => made.unzip(),
            Err(error) => return failed(&error),
        };
        match self.launch(launch, output, group.clone(), procs) {
            Ok(event) => event,
            Err(error) => {
                self.remove_group(group);
                failed(&error)
            }
        }
    }

    fn launch(
        &mut self,
        launch: Launch,
        output: Option<OwnedFd>,
        cgroup: Option<Cgroup>,
        procs: Option<File>,
    ) -> io::Result<Event> {
        let output = output.ok_or_else(|| io::Error::other("the message came without a pipe"))?;
        let (told, tell) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let program = CString::new(launch.program.as_os_str().as_bytes())?;
        let env_vars =
            launch.env_vars.iter().map(|(name, value)| CString::new(format!("{name}={value}")));
        let env_vars = env_vars.collect::<Result<Vec<_>, _>>()?;
        let cpus = cpu_set(&launch.cpus);
        let sees_more = launch.visible.len() > launch.cpus.len() && !launch.cpus.is_empty();
        let files = launch.files;
        if let (Some(mounts), Some(files)) = (&mut self.mounts, &files) {
            mounts.prepare(files)?;
        }
        let mut command = bare_command(&launch.program);
        command
            .current_dir(&launch.folder)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let inherited = self.inherited;
        let exec = move || {
            descriptors::restore_limit(inherited);
            if let Some(procs) = &procs {
                rustix::io::write(procs, b"0")?;
            }
            if let Some(cpus) = &cpus {
                sched_setaffinity(None, cpus)?;
            }
            let unmounted = files.as_ref().map_or(Ok(0), Files::enter)?;
            let listener = if sees_more { visible::hand_over().ok() } else { None };
            tell_exec(&tell, listener.as_ref(), unmounted)?;
            // Not left to `Command`, which would run what is not executable as a script of /bin/sh. Lambda does not.
            let Err(error) = execve(&program, &[&program], &env_vars);
            Err(error.into())
        };
        // SAFETY: the closure runs between fork and exec. It allocates for the list of pointers that execve takes, which is
        // sound because the guard has one thread: no lock of the allocator can be held at the fork. Besides that it makes
        // system calls only.
        #[expect(unsafe_code, reason = "the moment of exec is known only between fork and exec")]
        unsafe {
            command.pre_exec(exec);
        }
        let child = command.spawn()?;
        drop(command);
        let (mut exec, listener) = hear_exec(&told)?;
        // Where it runs on all the cores that it is to see, nothing has to be shown to it.
        exec.sees |= !sees_more;
        let pid = Pid::from_child(&child);
        let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
        let visible = listener.map(|listener| Visible::new(listener, launch.visible));
        let launched = Launched { id: launch.id, marker: launch.marker, pidfd, cgroup, visible };
        self.launched.insert(pid, launched);
        Ok(Event::Launched { id: launch.id, pid: pid.as_raw_nonzero().get(), exec })
    }

    /// Kills the process, its group and its descendants, also those that left the group or were orphaned.
    fn kill(&mut self, id: u64) {
        let Some((&pid, launched)) = self.launched.iter().find(|(_, launched)| launched.id == id)
        else {
            return; // It has ended, and that was told.
        };
        if let Some(group) = &launched.cgroup {
            // What is held back would die only when it gets its next quota.
            group.set_quota(None).ok();
        }
        kill_process_group(pid, Signal::KILL).ok();
        self.kill_rest(pid, &launched.marker);
        if let Ok(Some((_, status))) = waitpid(Some(pid), WaitOptions::empty()) {
            self.ended(pid, status);
        }
    }

    /// Kills the descendants of a process, and by their marker those that it has lost, until there is nobody left.
    ///
    /// Again and again, because a process may be started while this one looks at the others, and one that is just becoming
    /// another program (execve) cannot be told by its environment at that moment.
    fn kill_rest(&self, pid: Pid, marker: &str) {
        let begun = Instant::now();
        loop {
            let processes = Processes::read();
            let mut doomed = processes.descendants(pid);
            let orphans =
                processes.children(getpid()).filter(|pid| !self.launched.contains_key(pid));
            let mut undecided = false;
            for orphan in orphans {
                match carries(orphan, marker) {
                    Some(true) => {
                        doomed.extend(processes.descendants(orphan));
                        doomed.push(orphan);
                    }
                    Some(false) => {}
                    None => undecided = true,
                }
            }
            undecided &= begun.elapsed() < EXEC_PATIENCE;
            if (doomed.is_empty() && !undecided) || begun.elapsed() > KILL_PATIENCE {
                return;
            }
            for process in doomed {
                // It may be gone by now: that is what is wanted.
                kill_process(process, Signal::KILL).ok();
            }
        }
    }

    fn remove(&mut self, path: &Path) {
        if let Some(mounts) = &mut self.mounts {
            mounts.remove_below(path);
        }
        // What cannot be removed now is tried again with the whole root at the end.
        fs::remove_dir_all(path).ok();
    }

    /// Takes note of every child that has ended.
    fn reap(&mut self) {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            self.ended(pid, status);
        }
    }

    fn ended(&mut self, pid: Pid, status: rustix::process::WaitStatus) {
        let Some(launched) = self.launched.remove(&pid) else { return };
        // What the process started goes with it, as on Lambda.
        kill_process_group(pid, Signal::KILL).ok();
        if has_other_children(&self.launched) {
            self.kill_rest(pid, &launched.marker);
        }
        let status = match status.terminating_signal() {
            Some(signal) => ExitStatus::Signal(signal),
            None => ExitStatus::Code(status.exit_status().unwrap_or(0)),
        };
        self.tell(&Event::Exited { id: launched.id, status });
        self.remove_group(launched.cgroup);
    }

    fn remove_group(&mut self, group: Option<Cgroup>) {
        if let (Some(cgroups), Some(group)) = (&mut self.cgroups, group) {
            cgroups.remove(group);
        }
    }

    fn tell(&self, answer: &impl Serialize) {
        let message = serde_json::to_vec(answer).expect("answers can always be written as JSON");
        // The emulator may be gone; the next receive finds out.
        send(&self.socket, &message, SendFlags::NOSIGNAL).ok();
    }

    /// Kills every descendant, however it is called and whoever is its parent by now.
    fn end_everything(&mut self) {
        let deadline = Instant::now() + KILL_PATIENCE;
        while Instant::now() < deadline {
            let left = Processes::read().descendants(getpid());
            if left.is_empty() {
                break;
            }
            for pid in left {
                kill_process(pid, Signal::KILL).ok();
            }
            // Blocks until one has ended, so this loop does not spin.
            wait(WaitOptions::empty()).ok();
        }
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
    }
}

/// Whether this process has children that it did not launch: functions have left them behind. Reading the kernel's own list
/// is quicker than looking at every process; it is whole, because nobody else reaps them (proc_tid_children(5)).
fn has_other_children(launched: &HashMap<Pid, Launched>) -> bool {
    let pid = getpid().as_raw_nonzero();
    let Ok(list) = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")) else {
        return true;
    };
    let mut children =
        list.split_ascii_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?));
    children.any(|child| !launched.contains_key(&child))
}

fn cpu_set(cpus: &[usize]) -> Option<CpuSet> {
    let mut set = CpuSet::new();
    for &cpu in cpus.iter().filter(|&&cpu| cpu < CpuSet::MAX_CPU) {
        set.set(cpu);
    }
    (set.count() > 0).then_some(set)
}

#[expect(clippy::disallowed_methods, reason = "the guard is where functions are started")]
fn bare_command(program: &Path) -> Command {
    Command::new(program)
}
