//! The emulator's end of the guard.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::RecvFlags;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;

use crate::cgroup::{Cgroup, CgroupError};
use crate::cgroups::{CgroupPlan, Made};
use crate::edge::Edge;
use crate::message::{Event, Launch, Network, Ready, Request, Tmp};
use crate::socket;

/// A program that calls [`crate::guard::main`] with its last argument and ends with it.
#[derive(Clone, Debug)]
pub struct GuardProgram {
    /// Executable.
    pub path: PathBuf,
    /// Arguments before the last one, which is the folder to remove at the end.
    pub args: Vec<String>,
}

/// Whether the CPU is to be limited by cgroups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cpu {
    /// By a quota of each environment's cgroup.
    Quota,
    /// By no cgroup.
    Free,
}

/// A guard that nobody serves yet.
#[derive(Debug)]
pub struct Started {
    /// The guard's process.
    pub child: Child,
    /// For [`GuardClient::serve`]. When it is dropped, the guard ends everything and then itself.
    pub socket: OwnedFd,
    /// Which parts of an environment's edge this machine allows.
    pub edge: Edge,
    /// Holds the cgroups of environments, where their CPU is limited by cgroup.
    pub cpu: Option<Cgroup>,
    /// Holds the cgroups of environments by which they are frozen, or says why there are none.
    pub freezer: Result<Cgroup, String>,
    /// Why processes are not counted by a cgroup, if they are not.
    pub no_pids: Option<String>,
}

/// The guard could not be started.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is its message")]
pub enum StartError {
    #[error("failed to make a temporary folder in {}", folder.display())]
    Folder { folder: PathBuf, source: io::Error },
    #[error("failed to start the guard process {}", program.display())]
    Guard { program: PathBuf, source: io::Error },
    #[error("failed to limit the CPU by a cgroup")]
    Cgroup {
        #[from]
        source: CgroupError,
    },
}

/// How long the guard may take to answer before the first environment.
const START_PATIENCE: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };

impl Started {
    /// Starts the guard of an emulator whose environments have their folders in `root`, and waits until it is ready.
    ///
    /// Emulators of one process whose CPU is limited by cgroup must not be started or ended at the same time: they move the
    /// process between cgroups.
    pub fn start(program: &GuardProgram, root: &Path, cpu: Cpu) -> Result<Started, StartError> {
        let own = (cpu == Cpu::Quota).then(crate::cgroup::own).transpose()?;
        let unusable = |source| StartError::Guard { program: program.path.clone(), source };
        let (mut child, socket) = spawn(program, root).map_err(unusable)?;
        let made = first_words(&socket, own, root);
        let failure = match made {
            Ok((Ready { no_folder: Some(error), .. }, _)) => StartError::Folder {
                folder: root.parent().unwrap_or(root).to_owned(),
                source: io::Error::from_raw_os_error(error),
            },
            Ok((Ready { edge, .. }, Made { cpu, freezer, no_pids })) => match cpu.transpose() {
                Ok(cpu) => return Ok(Started { child, socket, edge, cpu, freezer, no_pids }),
                Err(refused) => CgroupError::from(refused).into(),
            },
            Err(source) => {
                // It may not be a guard at all, and not end by itself.
                child.kill().ok();
                unusable(source)
            }
        };
        drop(socket);
        child.wait().ok();
        Err(failure)
    }
}

fn spawn(program: &GuardProgram, root: &Path) -> io::Result<(Child, OwnedFd)> {
    let (ours, theirs) = socket::pair()?;
    #[expect(clippy::disallowed_methods, reason = "the guard is started before everything else")]
    let mut command = Command::new(&program.path);
    let child = command
        // The init of an environment is a copy of the guard, and functions can see both.
        .arg0("kelvin")
        .env_clear()
        .args(&program.args)
        .arg(root)
        .stdin(theirs)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    Ok((child, ours))
}

/// Waits until the guard is there, and has it make its cgroups.
fn first_words(socket: &OwnedFd, cpu: Option<Cgroup>, root: &Path) -> io::Result<(Ready, Made)> {
    let ready: Ready = hear(socket)?;
    // The folder has a name that no other emulator has; so have the cgroups.
    let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let plan = CgroupPlan { cpu, harness: std::process::id(), name };
    if ready.no_folder.is_some() {
        let none = || "there is no folder for them".to_owned();
        return Ok((ready, Made { cpu: None, freezer: Err(none()), no_pids: Some(none()) }));
    }
    socket::send(socket, &Request::MakeCgroups(plan), &[])?;
    Ok((ready, hear(socket)?))
}

fn hear<T: serde::de::DeserializeOwned>(socket: &OwnedFd) -> io::Result<T> {
    let mut fds = [PollFd::new(socket, PollFlags::IN)];
    if poll(&mut fds, Some(&START_PATIENCE))? == 0 {
        return Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "it does not answer; it must call kelvin_emulator::guard::main",
        ));
    }
    let heard = socket::receive(socket, &mut socket::buffer(), RecvFlags::empty())?;
    let heard = heard.ok_or_else(|| {
        io::Error::other("it ended at once; it must call kelvin_emulator::guard::main")
    })?;
    Ok(heard.message)
}

/// An event of the guard's, and the socket that came with it.
#[derive(Debug)]
pub struct Heard {
    /// What has happened.
    pub event: Event,
    /// Comes with [`Event::Listening`].
    pub fd: Option<OwnedFd>,
}

/// Handle to the task that owns the guard's socket.
#[derive(Clone, Debug)]
pub struct GuardClient {
    asks: mpsc::UnboundedSender<Ask>,
}

#[derive(Debug)]
struct Ask {
    request: Request,
    fd: Option<OwnedFd>,
    /// Who hears what becomes of it.
    events: Option<mpsc::UnboundedSender<Heard>>,
}

impl GuardClient {
    /// Spawns the task that owns the socket, on the current runtime.
    pub fn serve(socket: OwnedFd) -> io::Result<GuardClient> {
        rustix::io::ioctl_fionbio(&socket, true)?;
        // SAFETY: an OwnedFd is open for as long as it lives, returns the same descriptor each time, and lives in the
        // AsyncFd.
        #[expect(unsafe_code, reason = "tokio has no type of its own for sequenced-packet sockets")]
        let socket = unsafe { AsyncFd::register(socket)? };
        let (asks, inbox) = mpsc::unbounded_channel();
        tokio::spawn(run(socket, inbox));
        Ok(GuardClient { asks })
    }

    /// Makes an environment, of which `id` must never have been used before. What becomes of it arrives at `events`; the last
    /// is `LaunchFailed` or `Exited`.
    pub fn prepare(
        &self,
        id: u64,
        network: Network,
        tmp: Option<Tmp>,
        events: mpsc::UnboundedSender<Heard>,
    ) {
        let request = Request::Prepare { id, network, tmp };
        self.ask(Ask { request, fd: None, events: Some(events) });
    }

    /// Opens a listening socket on a port of 127.0.0.1 in the network of an environment.
    pub fn listen(&self, id: u64, port: u16) {
        self.ask(Ask { request: Request::Listen { id, port }, fd: None, events: None });
    }

    /// Starts the function of an environment, which is asked for once; it writes to `output`.
    pub fn launch(&self, launch: Launch, output: OwnedFd) {
        let request = Request::Launch(Box::new(launch));
        self.ask(Ask { request, fd: Some(output), events: None });
    }

    /// Kills everything in an environment.
    pub fn kill(&self, id: u64) {
        self.ask(Ask { request: Request::Kill { id }, fd: None, events: None });
    }

    /// Removes a folder, after everything that was asked before; at the returned end arrives when that has been done. `id`
    /// must never have been used before.
    pub fn remove(&self, id: u64, path: PathBuf) -> mpsc::UnboundedReceiver<Heard> {
        let (removed, end) = mpsc::unbounded_channel();
        let request = Request::Remove { id, path };
        self.ask(Ask { request, fd: None, events: Some(removed) });
        end
    }

    fn ask(&self, ask: Ask) {
        // The task ends only with the emulator's runtime.
        self.asks.send(ask).ok();
    }
}

/// Who hears what becomes of an environment or a folder.
type Listeners = HashMap<u64, mpsc::UnboundedSender<Heard>>;
type Unsent = VecDeque<(Request, Option<OwnedFd>)>;

async fn run(socket: AsyncFd<OwnedFd>, mut inbox: mpsc::UnboundedReceiver<Ask>) {
    let mut listeners = Listeners::new();
    // What the guard has had no time to read yet: it does one thing after another, and a socket holds few messages.
    let mut unsent = Unsent::new();
    let mut buffer = socket::buffer();
    loop {
        tokio::select! {
            ask = inbox.recv() => {
                let Some(Ask { request, fd, events }) = ask else { return };
                if let Some(events) = events {
                    listeners.insert(subject(&request), events);
                }
                unsent.push_back((request, fd));
                // At once, if there is room: a task that waits for room is told so only at the next look at the socket.
                send_unsent(&socket, &mut unsent, &mut listeners);
            }
            writable = socket.writable(), if !unsent.is_empty() => {
                // A guard that is gone shows as the end of the socket below.
                let Ok(mut writable) = writable else { return };
                if !send_unsent(&socket, &mut unsent, &mut listeners) {
                    writable.clear_ready();
                }
            }
            heard = receive(&socket, &mut buffer) => {
                // Without a guard no process can be trusted to end: dropping the listeners fails every environment.
                let Ok(heard) = heard else { return };
                let (id, last) = (heard.event.id(), heard.event.is_last());
                if let Some(listener) = listeners.get(&id) {
                    listener.send(heard).ok();
                }
                if last {
                    listeners.remove(&id);
                }
            }
        }
    }
}

/// Of which environment or folder a request is.
fn subject(request: &Request) -> u64 {
    match request {
        Request::MakeCgroups(_) => 0,
        Request::Prepare { id, .. }
        | Request::Listen { id, .. }
        | Request::Kill { id }
        | Request::Remove { id, .. } => *id,
        Request::Launch(launch) => launch.id,
    }
}

/// Sends what there is room for; `false` if something is left.
fn send_unsent(socket: &AsyncFd<OwnedFd>, unsent: &mut Unsent, listeners: &mut Listeners) -> bool {
    while let Some((request, fd)) = unsent.front() {
        match socket::send(socket.get_ref(), request, fd.as_ref().as_slice()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            // A guard that is gone shows as the end of the socket. Everything else is for who wants to launch something.
            Err(error) => {
                let id = subject(request);
                if !matches!(request, Request::Kill { .. })
                    && let Some(listener) = listeners.remove(&id)
                {
                    let message = format!("the guard could not be asked: {error}");
                    let event = Event::LaunchFailed { id, message };
                    listener.send(Heard { event, fd: None }).ok();
                }
            }
        }
        unsent.pop_front();
    }
    true
}

async fn receive(socket: &AsyncFd<OwnedFd>, buffer: &mut [u8]) -> io::Result<Heard> {
    let received = socket
        .async_io(Interest::READABLE, |socket| socket::receive(socket, buffer, RecvFlags::empty()))
        .await?
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(Heard { event: received.message, fd: received.fds.into_iter().next() })
}
