//! The guard: a small process that starts every environment, and ends them all when the emulator is gone.
//!
//! The emulator starts the guard first and speaks with it over a socket that nobody else holds.
//! However the emulator's process ends, even by SIGKILL, the kernel closes its end of the socket; the guard then kills
//! all of its own descendants, removes the folders and the cgroups of the execution environments, and ends.
//! The guard is a child subreaper (prctl(2)), so a process that left its process group or lost its parent is still its
//! descendant.
//!
//! It is also the launcher, because it is small: a fork of a large harness would cost milliseconds. It never waits for one
//! environment while another one may need it.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::RecvFlags;
use rustix::process::{
    Pid, PidfdFlags, Rlimit, Signal, WaitOptions, getpid, kill_process, pidfd_open,
    pidfd_send_signal, set_child_subreaper, wait,
};
use serde::Serialize;

use crate::cgroup::Cgroup;
use crate::cgroups::Hierarchies;
use crate::clone::{Cloned, clone};
use crate::descendants::Processes;
use crate::descriptors;
use crate::edge::{Edge, Part};
use crate::files::Mounts;
use crate::init::{self, Setup};
use crate::message::{Event, ExitStatus, Launch, Network, Ready, Request, Tmp, Told};
use crate::outside::Outside;
use crate::socket;
use crate::visible::{Answered, Visible};

/// Runs the guard until the emulator is gone. `root` is the folder that holds all execution environments; it is removed
/// at the end.
///
/// Standard input must be the guard's end of the emulator's socket, and this process must have one thread.
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
    let (mounts, files) = match made.as_ref().map(|()| Mounts::enter(root)) {
        Ok(Ok(mounts)) => (Some(mounts), Ok(())),
        Ok(Err(error)) => (None, Err(error.to_string())),
        Err(_) => (None, Err("there is no folder for them".to_owned())),
    };
    let mut edge = Edge::find(files);
    let outside = match Outside::find(root) {
        Ok(outside) => Some(outside).filter(|_| edge.has(Part::Network)),
        Err(why) => {
            edge.lacks(Part::Outside, &why);
            None
        }
    };
    let inherited = descriptors::raise_limit();
    let mut guard = Guard {
        inherited,
        socket,
        environments: HashMap::new(),
        cgroups: Hierarchies::default(),
        mounts,
        outside,
        edge,
        buffer: socket::buffer(),
    };
    let no_folder = made.err().map(|error| error.raw_os_error().unwrap_or(0));
    guard.tell(&Ready { no_folder, edge: guard.edge.clone() }, None);
    let served = guard.serve();
    guard.end_everything();
    guard.cgroups.end();
    // They are busy as long as something is mounted on them.
    drop((guard.mounts.take(), guard.outside.take()));
    let removed = match fs::remove_dir_all(root) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    served.and(removed)
}

/// Processes that the kernel cannot end in this time, because they wait for a device, are left to it.
const KILL_PATIENCE: Duration = Duration::from_secs(5);

struct Guard {
    /// Of open files, for functions: this process needs some for each of them.
    inherited: Rlimit,
    socket: OwnedFd,
    environments: HashMap<u64, Environment>,
    cgroups: Hierarchies,
    /// Where environments have files of their own.
    mounts: Option<Mounts>,
    /// Where networks of their own have a way out.
    outside: Option<Outside>,
    edge: Edge,
    buffer: Vec<u8>,
}

/// From the moment at which its init was cloned until that is reaped.
struct Environment {
    init: Pid,
    /// Becomes readable when the init ends. Unlike SIGCHLD it does not wake the guard at each stop and continue.
    pidfd: OwnedFd,
    /// What its init is told and tells.
    control: OwnedFd,
    groups: Vec<Cgroup>,
    /// Those that the function enters.
    procs: Vec<OwnedFd>,
    /// The cores that it is to see.
    cores: Vec<usize>,
    /// Where it sees other cores than it runs on.
    visible: Option<Visible>,
    /// How the function has ended.
    ended: Option<ExitStatus>,
    /// Whether the emulator has been told that it failed.
    failed: bool,
}

/// Why the guard has woken up.
#[derive(Default)]
struct Woken {
    asked: bool,
    /// Environments whose init tells something.
    telling: Vec<u64>,
    /// Environments whose init has ended.
    ended: Vec<u64>,
    /// Environments in which a process wants to know its cores.
    asking: Vec<u64>,
}

impl Guard {
    fn serve(&mut self) -> io::Result<()> {
        loop {
            let woken = self.wait()?;
            for id in woken.asking {
                self.answer(id);
            }
            for id in woken.telling {
                self.listen(id);
            }
            for id in woken.ended {
                self.ended(id);
            }
            if woken.asked {
                let received = socket::receive(&self.socket, &mut self.buffer, RecvFlags::empty())?;
                let Some(received) = received else { return Ok(()) };
                self.carry_out(received.message, &received.fds);
            }
        }
    }

    /// Waits until somebody needs something.
    fn wait(&self) -> io::Result<Woken> {
        let environments: Vec<(u64, &Environment)> =
            self.environments.iter().map(|(id, environment)| (*id, environment)).collect();
        let mut fds = vec![PollFd::new(&self.socket, PollFlags::IN)];
        for (_, environment) in &environments {
            fds.push(PollFd::new(&environment.control, PollFlags::IN));
            fds.push(PollFd::new(&environment.pidfd, PollFlags::IN));
        }
        let looking = environments.iter().filter_map(|(id, e)| Some((*id, e.visible.as_ref()?)));
        let looking: Vec<(u64, &Visible)> = looking.collect();
        fds.extend(looking.iter().map(|(_, v)| PollFd::new(v.listener(), PollFlags::IN)));
        match poll(&mut fds, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut ready = fds.iter().map(|fd| !fd.revents().is_empty());
        let mut woken = Woken { asked: ready.next().unwrap_or(false), ..Woken::default() };
        for (id, _) in &environments {
            if ready.next() == Some(true) {
                woken.telling.push(*id);
            }
            if ready.next() == Some(true) {
                woken.ended.push(*id);
            }
        }
        for (id, _) in &looking {
            if ready.next() == Some(true) {
                woken.asking.push(*id);
            }
        }
        Ok(woken)
    }

    /// Answers what a process wants to know of its cores.
    fn answer(&mut self, id: u64) {
        if let Some(environment) = self.environments.get_mut(&id)
            && let Some(visible) = &mut environment.visible
            && visible.answer() == Answered::Last
        {
            environment.visible = None;
        }
    }

    /// Hears what an init, or a process that becomes a function, has to tell. Returns whether there was anything.
    fn listen(&mut self, id: u64) -> bool {
        let Some(environment) = self.environments.get_mut(&id) else { return false };
        let control = &environment.control;
        let Ok(Some(received)) =
            socket::receive::<Told>(control, &mut self.buffer, RecvFlags::DONTWAIT)
        else {
            return false;
        };
        let mut fds = received.fds.into_iter();
        let mut with_it = None;
        let event = match received.message {
            Told::Network => {
                // A network without a way out shows when the function starts.
                if let Some((outside, network)) = self.outside.as_ref().zip(fds.next()) {
                    outside.attach(id, &network).ok();
                }
                return true;
            }
            Told::Listening { port } => {
                with_it = fds.next();
                Event::Listening { id, port }
            }
            Told::Executing(exec) => {
                let cores = std::mem::take(&mut environment.cores);
                environment.visible = fds.next().map(|listener| Visible::new(listener, cores));
                let Some(sender) = received.sender else { return true };
                let (pid, init) = (sender.as_raw_nonzero().get(), environment.init);
                Event::Launched { id, pid, init: init.as_raw_nonzero().get(), exec }
            }
            Told::Failed { message } => {
                environment.failed = true;
                Event::LaunchFailed { id, message }
            }
            Told::Ended(status) => {
                environment.ended = Some(status);
                return true;
            }
        };
        self.tell(&event, with_it.as_ref());
        true
    }

    fn carry_out(&mut self, request: Request, fds: &[OwnedFd]) {
        match request {
            Request::MakeCgroups(plan) => {
                let made = self.cgroups.make(&plan);
                self.tell(&made, None);
            }
            Request::Prepare { id, network, tmp } => {
                if let Err(error) = self.prepare(id, network, tmp.as_ref()) {
                    self.tell(&Event::LaunchFailed { id, message: error.to_string() }, None);
                }
            }
            Request::Listen { id, .. } => self.hand_on(id, &request, &[]),
            Request::Launch(launch) => self.launch(launch, fds),
            Request::Kill { id } => self.kill(id),
            Request::Remove { id, path } => {
                self.remove(&path);
                self.tell(&Event::Removed { id }, None);
            }
        }
    }

    /// Makes an environment: its namespaces with their init, and its cgroups.
    fn prepare(&mut self, id: u64, network: Network, tmp: Option<&Tmp>) -> io::Result<()> {
        // Before its mount namespace, which has what is mounted by then.
        if let (Some(mounts), Some(tmp)) = (&mut self.mounts, tmp) {
            mounts.prepare(tmp)?;
        }
        let (groups, procs) = self.cgroups.enter(id).map_err(io::Error::other)?;
        let own_network = network != Network::Host && self.edge.has(Part::Network);
        let wants_out = network == Network::Outside;
        let outside = self.outside.as_ref().filter(|_| own_network && wants_out);
        let cloned = socket::pair().and_then(|(ours, theirs)| {
            socket::tell_senders(&ours)?;
            match clone(self.edge.namespaces(own_network))? {
                Cloned::Parent { child } => Ok((child, ours)),
                Cloned::Child => init::run(
                    theirs,
                    &Setup {
                        edge: &self.edge,
                        own_network,
                        wants_out,
                        outside: outside.is_some(),
                        resolv_conf: outside.and_then(Outside::resolv_conf),
                        devices: self.mounts.as_ref().map(Mounts::devices),
                        open_files: self.inherited,
                    },
                ),
            }
        });
        let pidfd = cloned.and_then(|(init, control)| {
            Ok((init, control, pidfd_open(init, PidfdFlags::empty())?))
        });
        let (init, control, pidfd) = match pidfd {
            Ok(made) => made,
            Err(error) => {
                self.cgroups.remove(groups);
                return Err(error);
            }
        };
        let environment = Environment {
            init,
            pidfd,
            control,
            groups,
            procs: procs.into_iter().map(File::into).collect(),
            cores: Vec::new(),
            visible: None,
            ended: None,
            failed: false,
        };
        self.environments.insert(id, environment);
        Ok(())
    }

    fn launch(&mut self, launch: Box<Launch>, fds: &[OwnedFd]) {
        let id = launch.id;
        let Some(environment) = self.environments.get_mut(&id) else { return };
        environment.cores.clone_from(&launch.visible);
        let procs = std::mem::take(&mut environment.procs);
        let fds: Vec<&OwnedFd> = fds.iter().chain(&procs).collect();
        self.hand_on(id, &Request::Launch(launch), &fds);
    }

    /// Hands a request on to the init of an environment.
    fn hand_on(&mut self, id: u64, request: &Request, fds: &[&OwnedFd]) {
        // An environment that is not there has ended, and that was told.
        let Some(environment) = self.environments.get(&id) else { return };
        if let Err(error) = socket::send(&environment.control, request, fds) {
            self.fail(id, &error);
        }
    }

    fn fail(&mut self, id: u64, error: &io::Error) {
        if let Some(environment) = self.environments.get_mut(&id)
            && !std::mem::replace(&mut environment.failed, true)
        {
            self.tell(&Event::LaunchFailed { id, message: error.to_string() }, None);
        }
        self.kill(id);
    }

    /// Kills the init, and with it everything in the environment; that it has ended is told when it has.
    fn kill(&mut self, id: u64) {
        let Some(environment) = self.environments.get(&id) else {
            return; // It has ended, and that was told.
        };
        self.cgroups.lift_quota(id);
        pidfd_send_signal(&environment.pidfd, Signal::KILL).ok();
    }

    /// The init has ended: with it, in a PID namespace, all processes of the environment.
    fn ended(&mut self, id: u64) {
        // What it told last.
        while self.listen(id) {}
        let Some(environment) = self.environments.remove(&id) else { return };
        let mut status = ExitStatus::Signal(Signal::KILL.as_raw());
        // Reaps what has been left behind besides.
        while let Ok(Some((pid, found))) = wait(WaitOptions::NOHANG) {
            if pid == environment.init {
                status = ExitStatus::of(found);
            }
        }
        if !self.edge.has(Part::Processes) {
            self.kill_orphans();
        }
        if !environment.failed {
            let status = environment.ended.unwrap_or(status);
            self.tell(&Event::Exited { id, status }, None);
        }
        if let Some(outside) = &self.outside {
            outside.detach(id);
        }
        self.cgroups.remove(environment.groups);
    }

    /// Without PID namespaces: kills what has become this process's child because its init has ended, until nobody is left.
    fn kill_orphans(&self) {
        let deadline = Instant::now() + KILL_PATIENCE;
        loop {
            let processes = Processes::read();
            let is_init = |pid: &Pid| self.environments.values().any(|other| other.init == *pid);
            let orphans = processes.children(getpid()).filter(|pid| !is_init(pid));
            let doomed: Vec<Pid> = orphans
                .flat_map(|orphan| processes.descendants(orphan).into_iter().chain([orphan]))
                .collect();
            if doomed.is_empty() || Instant::now() > deadline {
                return;
            }
            for process in doomed {
                // It may be gone by now: that is what is wanted.
                kill_process(process, Signal::KILL).ok();
            }
            while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
        }
    }

    fn remove(&mut self, path: &Path) {
        if let Some(mounts) = &mut self.mounts {
            mounts.remove_below(path);
        }
        // What cannot be removed now is tried again with the whole root at the end.
        fs::remove_dir_all(path).ok();
    }

    fn tell(&self, answer: &impl Serialize, fd: Option<&OwnedFd>) {
        // The emulator may be gone; the next receive finds out.
        socket::send(&self.socket, answer, fd.as_slice()).ok();
    }

    /// Kills every descendant, however it is called and whoever is its parent by now.
    fn end_everything(&mut self) {
        for id in self.environments.keys().copied().collect::<Vec<u64>>() {
            self.kill(id);
        }
        let deadline = Instant::now() + KILL_PATIENCE;
        while Instant::now() < deadline {
            while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
            let left = Processes::read().descendants(getpid());
            if left.is_empty() {
                break;
            }
            for pid in left {
                kill_process(pid, Signal::KILL).ok();
            }
            // Until one of the inits has ended, or a little later.
            let pidfds = self.environments.values().map(|environment| &environment.pidfd);
            let mut fds: Vec<PollFd<'_>> =
                pidfds.map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
            poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 1_000_000 })).ok();
        }
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
    }
}
