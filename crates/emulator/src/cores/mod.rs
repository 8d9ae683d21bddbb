//! Which core is whose: the serving thread polls on one, functions run on others.
//!
//! A function that is woken on the core on which the serving thread polls waits there for the kernel's tick, up to several
//! milliseconds. As long as fewer environments work than there are cores, the kernel therefore has no choice: the serving
//! thread is bound to a core, the harness's own threads stay beside it, and the processes of functions are bound to other
//! cores. Where more environments work, the serving thread sleeps and all cores are for the functions.
//!
//! A function's cores change from launch to launch, and the serving thread moves out of their way.

mod beside;
mod bind;
mod placement;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kelvin_lambda::MemorySize;
use rustix::thread::{CpuSet, gettid, sched_getaffinity};

pub use beside::Beside;
use bind::{bind_process, bind_thread};
use placement::{Placed, home, place, wide};

/// The cores of this machine, and who has which.
#[derive(Clone, Debug)]
pub(crate) struct Cores {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Cores that this process may use, ascending.
    all: Vec<usize>,
    /// How many of them at once: its CPU quota may allow fewer.
    at_once: usize,
    /// Why nothing is bound, if nothing is.
    free: Option<String>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Where the serving thread polls.
    serving: usize,
    serving_thread: Option<i32>,
    /// Where it may run: on all cores while the environments need them all, as it does not poll then.
    serving_on: Vec<usize>,
    /// Threads of the harness that stay away from functions.
    beside: Vec<i32>,
    /// Where they may run.
    beside_on: Vec<usize>,
    environments: BTreeMap<u64, Tenant>,
}

/// An execution environment.
#[derive(Debug)]
struct Tenant {
    /// Its number among the launches of its function.
    launch: u64,
    /// How many cores it sees.
    visible: usize,
    pid: Option<i32>,
    /// Where its processes may run now.
    on: Vec<usize>,
    working: bool,
}

/// What an environment has of the cores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    /// Where its processes run.
    pub on: Vec<usize>,
    /// What it is to see.
    pub visible: Vec<usize>,
    /// Where the serving thread polls meanwhile; `None` if it has no core of its own.
    pub serving: Option<usize>,
}

impl Cores {
    /// The cores that the calling thread may use, of which `at_once` can be used at the same time.
    pub(crate) fn of_this_thread(at_once: usize) -> Cores {
        let all = allowed();
        let free = match all.as_slice() {
            [] => Some("the kernel does not say which cores this process may use".to_owned()),
            [_] => Some("this process may use only one core".to_owned()),
            _ if at_once < 2 => Some("this process may use only one core at a time".to_owned()),
            _ => may_bind(&all).err(),
        };
        let state = State {
            serving: all.first().copied().unwrap_or(0),
            serving_thread: None,
            serving_on: all.clone(),
            beside: Vec::new(),
            beside_on: all.clone(),
            environments: BTreeMap::new(),
        };
        Cores { shared: Arc::new(Shared { all, at_once, free, state: Mutex::new(state) }) }
    }

    /// So many cores that nothing is bound to.
    #[cfg(test)]
    pub(crate) fn numbered(count: usize) -> Cores {
        let state = State {
            serving: 0,
            serving_thread: None,
            serving_on: Vec::new(),
            beside: Vec::new(),
            beside_on: Vec::new(),
            environments: BTreeMap::new(),
        };
        let free = Some("nothing is bound".to_owned());
        let (all, state) = ((0..count).collect(), Mutex::new(state));
        Cores { shared: Arc::new(Shared { all, at_once: count, free, state }) }
    }

    /// Why functions and the serving thread may run on the same core, if they may.
    pub(crate) fn why_free(&self) -> Option<&str> {
        self.shared.free.as_deref()
    }

    /// How many cores this process may use.
    pub(crate) fn count(&self) -> usize {
        self.shared.all.len()
    }

    /// How many cores a function runs on, of so many that it sees, while the serving thread polls.
    pub(crate) fn run_on(&self, visible: usize) -> usize {
        let spared = usize::from(self.why_free().is_none());
        visible.min(self.count().saturating_sub(spared)).max(1)
    }

    /// How many cores this process may use at once.
    pub(crate) fn at_once(&self) -> usize {
        self.shared.at_once
    }

    /// The calling thread is the one that serves.
    pub(crate) fn serve_here(&self) {
        if self.why_free().is_none() {
            let state = &mut *self.state();
            let thread = gettid().as_raw_nonzero().get();
            state.serving_thread = Some(thread);
            state.bind_serving(vec![state.serving]);
        }
    }

    /// What threads of the harness stay away from functions by.
    pub(crate) fn beside(&self) -> Beside {
        Beside::new(self.clone())
    }

    /// An environment is to be started: of its function the `launch`th, counted from 0.
    pub(crate) fn enter(&self, environment: u64, launch: u64, memory: MemorySize) {
        let visible = memory.visible_vcpus().min(self.count());
        let mut tenant = Tenant { launch, visible, pid: None, on: Vec::new(), working: false };
        tenant.on = self.home(&tenant);
        self.state().environments.insert(environment, tenant);
    }

    /// Where an environment runs as long as the cores suffice.
    fn home(&self, tenant: &Tenant) -> Vec<usize> {
        let of_its_own = self.why_free().is_none();
        let home = if of_its_own { home } else { wide };
        home(&self.shared.all, tenant.launch, tenant.visible)
    }

    /// The environment is gone.
    pub(crate) fn leave(&self, environment: u64) {
        self.state().environments.remove(&environment);
    }

    /// What the environment has now.
    pub(crate) fn share(&self, environment: u64) -> Share {
        let state = &*self.state();
        let Some(tenant) = state.environments.get(&environment) else { return Share::default() };
        let of_its_own = self.why_free().is_none() && !tenant.on.contains(&state.serving);
        let mut visible = tenant.on.clone();
        let others = self.shared.all.iter().filter(|core| !tenant.on.contains(core));
        visible.extend(others.take(tenant.visible.saturating_sub(tenant.on.len())));
        visible.sort_unstable();
        Share { on: tenant.on.clone(), visible, serving: of_its_own.then_some(state.serving) }
    }

    /// The environment has a process, which has been started on these cores.
    pub(crate) fn started(&self, environment: u64, pid: i32, on: &[usize]) {
        if let Some(tenant) = self.state().environments.get_mut(&environment) {
            tenant.pid = Some(pid);
            if tenant.on != on && self.why_free().is_none() {
                bind_process(pid, &tenant.on);
            }
        }
    }

    /// The environment begins to work; the serving thread may have to move.
    pub(crate) fn begin(&self, environment: u64) {
        if self.why_free().is_some() {
            return;
        }
        let state = &mut *self.state();
        if let Some(tenant) = state.environments.get_mut(&environment) {
            tenant.working = true;
            self.place(state, environment);
        }
    }

    /// The environment rests. Those that go on working leave the serving thread's core, if they had to share it.
    pub(crate) fn end(&self, environment: u64) {
        if self.why_free().is_some() {
            return;
        }
        let state = &mut *self.state();
        let was_crowded = self.is_crowded(state);
        if let Some(tenant) = state.environments.get_mut(&environment) {
            tenant.working = false;
        }
        if was_crowded && !self.is_crowded(state) {
            let working = state.environments.iter().filter(|(_, tenant)| tenant.working);
            let working: Vec<u64> = working.map(|(id, _)| *id).collect();
            working.into_iter().for_each(|id| self.place(state, id));
        }
    }

    /// Whether the environments at work leave no core for the serving thread.
    fn is_crowded(&self, state: &State) -> bool {
        let working = state.environments.values().filter(|tenant| tenant.working).count();
        working >= self.shared.at_once.min(self.count())
    }

    fn place(&self, state: &mut State, environment: u64) {
        let all = &self.shared.all;
        let crowded = self.is_crowded(state);
        let others = state.environments.iter();
        let others = others.filter(|(id, tenant)| tenant.working && **id != environment);
        let others: Vec<usize> = others.flat_map(|(_, tenant)| tenant.on.clone()).collect();
        let Some(tenant) = state.environments.get_mut(&environment) else { return };
        let Placed { serving, on } = if crowded {
            Placed { serving: state.serving, on: wide(all, tenant.launch, tenant.visible) }
        } else {
            place(all, state.serving, &others, &self.home(tenant))
        };
        if tenant.on != on {
            tenant.on.clone_from(&on);
            tenant.pid.into_iter().for_each(|pid| bind_process(pid, &on));
        }
        state.serving = serving;
        state.bind_serving(if crowded { all.clone() } else { vec![serving] });
        if !crowded && state.beside_on.iter().any(|core| on.contains(core)) {
            let is_free = |core: &&usize| !on.contains(core) && !others.contains(core);
            state.beside_on = all.iter().filter(is_free).copied().collect();
            state.bind_beside();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Binds the serving thread, unless it is bound like that.
    fn bind_serving(&mut self, on: Vec<usize>) {
        if self.serving_on != on {
            self.serving_thread.into_iter().for_each(|thread| _ = bind_thread(thread, &on));
            self.serving_on = on;
        }
    }

    /// Binds the threads of the harness; those that have ended are forgotten.
    fn bind_beside(&mut self) {
        let on = &self.beside_on;
        self.beside.retain(|thread| bind_thread(*thread, on));
    }
}

/// The cores that the calling thread may use.
pub(crate) fn allowed() -> Vec<usize> {
    let set = sched_getaffinity(None).unwrap_or_default();
    (0..CpuSet::MAX_CPU).filter(|&core| set.is_set(core)).collect()
}

/// Tries it, on the calling thread, and takes it back.
fn may_bind(all: &[usize]) -> Result<(), String> {
    let thread = gettid().as_raw_nonzero().get();
    let bound = bind::try_bind_thread(thread, &all[..1]);
    bind_thread(thread, all);
    bound.map_err(|error| format!("threads cannot be bound to cores: {error}"))
}

#[cfg(test)]
mod tests;
