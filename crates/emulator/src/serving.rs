//! The serving thread: one current-thread runtime for everything that is measured.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use kelvin_platform::{FunctionId, FunctionSpec, LoadPlan, PlatformError, RepeatPlan};
use kelvin_sandbox::GuardClient;
use tokio::sync::{mpsc, oneshot};

use crate::client::{Callee, Records};
use crate::environment::Context;
use crate::frame::Frame;
use crate::function::{Command, Function};
use crate::page_cache::PageCaches;
use crate::sandboxes::{Allowed, Sandboxes};
use crate::scaling::{Account, Scaling};
use crate::spin::Spin;
use crate::starts::Starts;
use crate::watch::Limits;
use crate::{client, load};

/// What other threads ask of the serving thread.
#[derive(Debug)]
pub(crate) enum Ask {
    Deploy {
        spec: FunctionSpec,
        starts: Starts,
        done: oneshot::Sender<Result<FunctionId, PlatformError>>,
    },
    Call {
        function: FunctionId,
        plan: RepeatPlan,
        frames: Option<mpsc::UnboundedSender<Frame>>,
        done: oneshot::Sender<Records>,
    },
    Load {
        function: FunctionId,
        plan: LoadPlan,
        results: load::Results,
    },
    Command {
        function: FunctionId,
        command: Command,
    },
}

/// Where environments live, and under which limits.
#[derive(Debug)]
pub(crate) struct Place {
    /// Holds their folders.
    pub root: PathBuf,
    pub allowed: Arc<Allowed>,
    pub limits: Limits,
    pub scaling: Scaling,
    pub init_timeout: Duration,
    pub page_caches: PageCaches,
}

/// Serves until nobody can ask any more; then everything on this thread is dropped, the guard's socket last of all.
pub(crate) async fn serve(
    guard_socket: OwnedFd,
    place: Place,
    spin: Spin,
    mut asks: mpsc::UnboundedReceiver<Ask>,
) {
    spin.cores().serve_here();
    let Ok(guard) = GuardClient::serve(guard_socket) else { return };
    tokio::spawn(spin.clone().run());
    let next_id = Arc::new(AtomicU64::new(1));
    let Place { root, allowed, limits, scaling, init_timeout, page_caches } = place;
    let account = Arc::new(Account::new(scaling.concurrency));
    let spins = spin.clone();
    let context = Context {
        sandboxes: Sandboxes { guard, allowed },
        account,
        scaling,
        root,
        limits,
        init_timeout,
        spin: spins,
        page_caches,
        next_id,
    };
    let mut functions: HashMap<FunctionId, Deployed> = HashMap::new();
    let mut next_function = 0;
    while let Some(ask) = asks.recv().await {
        match ask {
            Ask::Deploy { spec, starts, done } => {
                functions.retain(|_, function| !function.commands.is_closed());
                let name = spec.config.name.clone();
                if functions.values().any(|function| function.name == name) {
                    done.send(Err(PlatformError::NameTaken { name })).ok();
                    continue;
                }
                if let Some(wanted) = spec.config.reserved_concurrency
                    && let Err(left) = context.account.reserve(wanted)
                {
                    done.send(Err(PlatformError::ReservedConcurrency { name, wanted, left })).ok();
                    continue;
                }
                let id = FunctionId(next_function);
                next_function += 1;
                let (commands, inbox) = mpsc::unbounded_channel();
                let mut function = Function::new(id, spec, starts, context.clone());
                tokio::spawn(async move {
                    function.prepare().await;
                    done.send(Ok(id)).ok();
                    function.run(inbox).await;
                });
                functions.insert(id, Deployed { name, commands });
            }
            Ask::Call { function, plan, frames, done } => match functions.get(&function) {
                None => drop(done.send(Err(PlatformError::NoSuchFunction { id: function.0 }))),
                Some(deployed) => {
                    let callee = deployed.callee(function);
                    tokio::spawn(client::call(callee, plan, frames, spin.clone(), done));
                }
            },
            Ask::Load { function, plan, results } => match functions.get(&function) {
                None => {
                    let gone = PlatformError::NoSuchFunction { id: function.0 };
                    results.batches.send(Err(gone)).ok();
                }
                Some(deployed) => {
                    tokio::spawn(load::run(deployed.callee(function), plan, spin.clone(), results));
                }
            },
            Ask::Command { function, command } => match functions.get(&function) {
                Some(deployed) => drop(deployed.commands.send(command)),
                // Dropping the command drops its `done`, which the asker reads as "no such function".
                None => drop(command),
            },
        }
    }
}

#[derive(Debug)]
struct Deployed {
    name: String,
    commands: mpsc::UnboundedSender<Command>,
}

impl Deployed {
    fn callee(&self, id: FunctionId) -> Callee {
        Callee { id, commands: self.commands.clone() }
    }
}
