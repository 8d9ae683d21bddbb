//! The emulator's end of the guard.

use std::collections::{HashMap, VecDeque};
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::net::{
    AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags,
    SocketType, recv, sendmsg, socketpair,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;

use super::cgroups::{CgroupPlan, Refusal};
use super::{Event, Launch, MAX_MESSAGE, Ready, Request};
use crate::GuardProgram;
use crate::cpu::CgroupError;
use crate::cpu::cgroup::Cgroup;

/// Handle to the task that owns the guard's socket.
#[derive(Clone, Debug)]
pub(crate) struct GuardClient {
    asks: mpsc::UnboundedSender<Ask>,
}

#[derive(Debug)]
enum Ask {
    Launch { launch: Box<Launch>, output: OwnedFd, events: mpsc::UnboundedSender<Event> },
    Kill { id: u64 },
    Remove { id: u64, path: PathBuf, removed: mpsc::UnboundedSender<Event> },
}

impl GuardClient {
    /// Starts the guard's process and waits until it is ready. The returned socket must be given to [`GuardClient::serve`]; when it is dropped, the
    /// guard ends everything and then itself.
    pub(crate) fn start(
        program: &GuardProgram,
        root: &Path,
    ) -> io::Result<(Child, OwnedFd, Ready)> {
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the guard is started before everything else"
        )]
        let mut command = Command::new(&program.path);
        let child = command
            .args(&program.args)
            .arg(root)
            .stdin(theirs)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let mut message = [0; 4096];
        let (bytes, _) = recv(&ours, &mut message[..], RecvFlags::empty())?;
        if bytes == 0 {
            return Err(io::Error::other(
                "it ended at once; it must call kelvin_emulator::guard::main",
            ));
        }
        Ok((child, ours, serde_json::from_slice(&message[..bytes])?))
    }

    /// Has the guard make cgroups, one for each process launched later; they are gone when the guard is. Must be called
    /// before [`GuardClient::serve`]. Returns the group that will hold them, unless it cannot be made.
    pub(crate) fn make_cgroups(
        socket: &OwnedFd,
        plan: CgroupPlan,
    ) -> io::Result<Result<Cgroup, CgroupError>> {
        let top = plan.top();
        let message = serde_json::to_vec(&Request::MakeCgroups(plan))?;
        rustix::net::send(socket, &message, SendFlags::NOSIGNAL)?;
        let mut answer = vec![0; MAX_MESSAGE];
        let size = recv(socket, &mut answer[..], RecvFlags::empty())?.0;
        let made: Result<(), Refusal> = serde_json::from_slice(&answer[..size])?;
        Ok(made.map(|()| top).map_err(CgroupError::from))
    }

    /// Spawns the task that owns the socket, on the current runtime.
    pub(crate) fn serve(socket: OwnedFd) -> io::Result<GuardClient> {
        rustix::io::ioctl_fionbio(&socket, true)?;
        // SAFETY: an OwnedFd is open for as long as it lives, returns the same descriptor each time, and lives in the
        // AsyncFd.
        #[expect(unsafe_code, reason = "tokio has no type of its own for sequenced-packet sockets")]
        let socket = unsafe { AsyncFd::register(socket)? };
        let (asks, inbox) = mpsc::unbounded_channel();
        tokio::spawn(run(socket, inbox));
        Ok(GuardClient { asks })
    }

    /// Starts a process; what becomes of it arrives at `events`, beginning with `Launched` or `LaunchFailed`.
    pub(crate) fn launch(
        &self,
        launch: Launch,
        output: OwnedFd,
        events: mpsc::UnboundedSender<Event>,
    ) {
        self.ask(Ask::Launch { launch: Box::new(launch), output, events });
    }

    /// Kills a process and everything that it started.
    pub(crate) fn kill(&self, id: u64) {
        self.ask(Ask::Kill { id });
    }

    /// Removes a folder, after everything that was asked before; at the returned end arrives when that has been done. `id`
    /// must never have been used before.
    pub(crate) fn remove(&self, id: u64, path: PathBuf) -> mpsc::UnboundedReceiver<Event> {
        let (removed, end) = mpsc::unbounded_channel();
        self.ask(Ask::Remove { id, path, removed });
        end
    }

    fn ask(&self, ask: Ask) {
        // The task ends only with the emulator's runtime.
        self.asks.send(ask).ok();
    }
}

/// Who hears what becomes of a process or a folder.
type Listeners = HashMap<u64, mpsc::UnboundedSender<Event>>;
type Unsent = VecDeque<(Request, Option<OwnedFd>)>;

async fn run(socket: AsyncFd<OwnedFd>, mut inbox: mpsc::UnboundedReceiver<Ask>) {
    let mut listeners = Listeners::new();
    // What the guard has had no time to read yet: it does one thing after another, and a socket holds few messages.
    let mut unsent = Unsent::new();
    loop {
        tokio::select! {
            ask = inbox.recv() => {
                let Some(ask) = ask else { return };
                unsent.push_back(match ask {
                    Ask::Launch { launch, output, events } => {
                        listeners.insert(launch.id, events);
                        (Request::Launch(launch), Some(output))
                    }
                    Ask::Kill { id } => (Request::Kill { id }, None),
                    Ask::Remove { id, path, removed } => {
                        listeners.insert(id, removed);
                        (Request::Remove { id, path }, None)
                    }
                });
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
            event = receive(&socket) => {
                // Without a guard no process can be trusted to end: dropping the listeners fails every environment.
                let Ok(event) = event else { return };
                let id = event.id();
                let last = !matches!(event, Event::Launched { .. });
                if let Some(listener) = listeners.get(&id) {
                    listener.send(event).ok();
                }
                if last {
                    listeners.remove(&id);
                }
            }
        }
    }
}

/// Sends what there is room for; `false` if something is left.
fn send_unsent(socket: &AsyncFd<OwnedFd>, unsent: &mut Unsent, listeners: &mut Listeners) -> bool {
    while let Some((request, output)) = unsent.front() {
        match send(socket, request, output.as_ref()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            // A guard that is gone shows as the end of the socket. Everything else is for who wants to launch something.
            Err(error) => {
                if let Request::Launch(launch) = request
                    && let Some(listener) = listeners.remove(&launch.id)
                {
                    let message = format!("the guard could not be asked: {error}");
                    listener.send(Event::LaunchFailed { id: launch.id, message }).ok();
                }
            }
        }
        unsent.pop_front();
    }
    true
}

async fn receive(socket: &AsyncFd<OwnedFd>) -> io::Result<Event> {
    let mut message = [0; 4096];
    let bytes = socket
        .async_io(Interest::READABLE, |socket| {
            Ok(recv(socket, &mut message[..], RecvFlags::empty())?.0)
        })
        .await?;
    if bytes == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_slice(&message[..bytes])?)
}

fn send(socket: &AsyncFd<OwnedFd>, request: &Request, output: Option<&OwnedFd>) -> io::Result<()> {
    let message = serde_json::to_vec(request)?;
    debug_assert!(message.len() <= MAX_MESSAGE);
    let fds = output.map(|fd| [fd.as_fd()]);
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if let Some(fds) = &fds {
        control.push(SendAncillaryMessage::ScmRights(fds));
    }
    sendmsg(socket.get_ref(), &[IoSlice::new(&message)], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}
