//! The workload `audit`: answers requests, and keeps an audit trail before the answer or after it.
//!
//! The answer is cheap: a request in proper spelling. The trail is not: each field is an entry that names the one before
//! by its hash, and what is pending is compressed, a few milliseconds of work for a long order.
//! `KELVIN_AUDIT` says who waits for that: the caller (`before`), nobody or the next caller (`after`, in what Lambda
//! bills but does not count into the response), a thread that a freeze stops (`background`), or no one because it is not
//! done (`none`). Answers are the same.
//! A request that is refused leaves no entry.

mod auditing;
mod cases;
mod record;
mod request;
mod settings;
mod trail;

use std::io::{Write, stderr};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kelvin_workload::{Case, InitContext, InvokeContext, Workload, WorkloadError};
use serde::{Deserialize, Serialize};

pub use auditing::Auditing;
pub use request::{Event, Line, Login, Order};
pub use settings::When;
pub use trail::Standing;

use crate::record::Record;
use crate::trail::Trail;

/// Answers requests and keeps a trail of them, one for each execution environment.
#[derive(Debug)]
pub struct Audit {
    when: When,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    trail: Trail,
    /// What was answered and is not yet on the trail.
    waiting: Vec<Record>,
}

/// What the caller is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Response {
    /// Of an order.
    Order {
        /// In proper spelling.
        order: Order,
        /// What it costs, in hundredths.
        total_cents: u64,
        /// How many fields were spelled otherwise.
        changed: u64,
    },
    /// Of a login.
    Login {
        /// In proper spelling.
        login: Login,
        /// How many fields were spelled otherwise.
        changed: u64,
    },
    /// Of `verify`.
    Trail(Standing),
}

impl State {
    fn catch_up(&mut self) -> Result<(), WorkloadError> {
        let State { trail, waiting } = self;
        mem::take(waiting).iter().try_for_each(|record| trail.append(record))
    }
}

/// Entries are added as a whole or, if that panics, are found out by the next look at the trail.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// No caller is there to be told; a closed log is no reason to stop.
fn complain(error: &WorkloadError) {
    let _ = writeln!(stderr(), "audit: {}", error.error_message());
}

impl Audit {
    /// The function with an empty trail.
    pub fn new(when: When) -> Audit {
        let state = State { trail: Trail::new(), waiting: Vec::new() };
        Audit { when, state: Arc::new(Mutex::new(state)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Answers one event.
    pub fn answer(&self, event: Event) -> Result<Response, WorkloadError> {
        let Some(record) = record_of(event)? else {
            let mut state = self.state();
            if self.when == When::Background {
                // Whatever its thread has not come to yet belongs to the trail, too.
                state.catch_up()?;
            }
            return state.trail.verify().map(Response::Trail);
        };
        let response = record.response();
        match self.when {
            When::Before => self.state().trail.append(&record)?,
            When::After | When::Background => self.state().waiting.push(record),
            When::Never => {}
        }
        Ok(response)
    }

    /// Puts on the trail what waits for it.
    pub fn catch_up(&self) -> Result<(), WorkloadError> {
        self.state().catch_up()
    }
}

impl Workload for Audit {
    const NAME: &'static str = "audit";
    type Event = Event;
    type Response = Response;

    async fn init(ctx: &InitContext) -> Result<Audit, WorkloadError> {
        When::of(ctx).map(Audit::new)
    }

    async fn handle(&self, event: Event, _: &InvokeContext) -> Result<Response, WorkloadError> {
        self.answer(event)
    }

    async fn after_response(&self) {
        if self.when == When::Background {
            let state = Arc::clone(&self.state);
            // It goes on when the runtime asks for the next event; nobody waits for its end.
            let started = std::thread::Builder::new().spawn(move || {
                if let Err(error) = lock(&state).catch_up() {
                    complain(&error);
                }
            });
            if started.is_ok() {
                return;
            }
        }
        if let Err(error) = self.catch_up() {
            complain(&error);
        }
    }

    fn cases() -> Vec<Case<Event>> {
        cases::of_function()
    }
}

/// What is to be put on the trail; nothing if the event asks for the trail itself.
fn record_of(event: Event) -> Result<Option<Record>, WorkloadError> {
    match event {
        Event::Order(order) => Record::order(order).map(Some),
        Event::Login(login) => Record::login(login).map(Some),
        Event::Verify(true) => Ok(None),
        Event::Verify(false) => Err(WorkloadError::invalid_event("verify is always true")),
    }
}
