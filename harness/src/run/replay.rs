//! A platform that answers what is on record from the record, and passes on the rest.
//!
//! Each function has a queue of its invocations on record. While there are some, nothing of the function reaches the platform
//! but its deployment, its configuration and its end, so that it is there, as it should be, for what has to be measured.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use kelvin_artifact::BinaryFacts;
use kelvin_lambda::{FunctionError, Invocation, PlatformFacts, Provenance, Status};
use kelvin_platform::{
    ConfigChange, FunctionId, FunctionSpec, Gaps, InvokeRequest, LoadEnd, LoadPlan, LoadShape,
    Platform, PlatformError, PlatformFuture, RepeatPlan, Sink,
};
use kelvin_record::FunctionRecord;
use kelvin_scenario::{ErrorKind, ScenarioError};

use crate::run::kept::OnRecord;

/// Answers handed to a sink at once.
const BATCH: usize = 1024;

/// A platform behind a record.
pub(super) struct Replay {
    platform: Arc<dyn Platform>,
    /// SHA-256 of the bootstraps on record, by function.
    digests: BTreeMap<String, String>,
    state: Mutex<State>,
}

struct State {
    /// Of functions that are not deployed yet.
    waiting: BTreeMap<String, VecDeque<OnRecord>>,
    functions: HashMap<FunctionId, Queue>,
    /// Of bootstraps that are here.
    found: HashMap<PathBuf, String>,
    /// Whether the last answer was on record.
    is_replaying: bool,
}

/// What is on record of one function and has not been asked for.
struct Queue {
    name: String,
    rows: VecDeque<OnRecord>,
    /// The launches of the answers since the function was recycled.
    launches: BTreeSet<u64>,
}

impl Replay {
    pub(super) fn new(
        platform: Arc<dyn Platform>,
        functions: &[FunctionRecord],
        answers: BTreeMap<String, VecDeque<OnRecord>>,
    ) -> Replay {
        let digests = functions
            .iter()
            .filter_map(|function| Some((function.name.clone(), function.binary_sha256.clone()?)));
        let state = State {
            waiting: answers,
            functions: HashMap::new(),
            found: HashMap::new(),
            is_replaying: false,
        };
        Replay { platform, digests: digests.collect(), state: Mutex::new(state) }
    }

    /// Fails if the script ended before it had asked for all that is on record.
    pub(super) fn check_end(&self) -> Result<(), ScenarioError> {
        let state = self.state();
        let of_deployed = state.functions.values().map(|queue| (&queue.name, &queue.rows));
        let mut left = of_deployed.chain(&state.waiting).filter(|(_, rows)| !rows.is_empty());
        let Some((name, rows)) = left.next() else { return Ok(()) };
        let message = format!(
            "function \"{name}\" has {} invocations on record that the script does not make any more; start anew",
            rows.len()
        );
        Err(ScenarioError { kind: ErrorKind::Platform, message, place: None, cause: None })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the state")
    }

    /// Fails unless the function's bootstrap is the one that was measured.
    fn check_bootstrap(&self, spec: &FunctionSpec) -> Result<(), PlatformError> {
        let Some(recorded) = self.digests.get(&spec.config.name) else { return Ok(()) };
        let mut state = self.state();
        let found = match state.found.get(&spec.bootstrap) {
            Some(found) => found.clone(),
            None => match BinaryFacts::of(&spec.bootstrap) {
                Ok(facts) => facts.sha256,
                // The platform has an error for it.
                Err(_) => return Ok(()),
            },
        };
        state.found.insert(spec.bootstrap.clone(), found.clone());
        if found == *recorded {
            return Ok(());
        }
        Err(PlatformError::NotAsRecorded {
            name: spec.config.name.clone(),
            what: format!(
                "has another bootstrap now (sha256 {}…, on record {}…)",
                found.get(..12).unwrap_or_default(),
                recorded.get(..12).unwrap_or_default()
            ),
        })
    }

    /// The next answer on record, if there is one.
    fn answer(
        &self,
        function: FunctionId,
        request: &InvokeRequest,
    ) -> Result<Option<Invocation>, PlatformError> {
        let state = &mut *self.state();
        let answered = match state.functions.get_mut(&function) {
            Some(queue) => queue.answer(request)?,
            None => None,
        };
        state.is_replaying = answered.is_some();
        Ok(answered)
    }

    /// The next load on record, if there is one: whole, as others are not kept.
    fn load_on_record(
        &self,
        function: FunctionId,
        shape: &LoadShape,
    ) -> Result<Option<Vec<Invocation>>, PlatformError> {
        let state = &mut *self.state();
        let answered = match state.functions.get_mut(&function) {
            Some(queue) => queue.load(shape)?,
            None => None,
        };
        state.is_replaying = answered.is_some();
        Ok(answered)
    }

    /// Ends the launch that is on record. `false` if nothing is, so that it is the platform's to do.
    fn recycle_on_record(&self, function: FunctionId) -> Result<bool, PlatformError> {
        let state = &mut *self.state();
        let Some(queue) = state.functions.get_mut(&function) else { return Ok(false) };
        queue.recycle()?;
        Ok(!queue.rows.is_empty())
    }
}

impl Queue {
    fn answer(&mut self, request: &InvokeRequest) -> Result<Option<Invocation>, PlatformError> {
        let Some(answer) = self.rows.pop_front() else { return Ok(None) };
        let row = &answer.row;
        if row.load.is_some() {
            return Err(self.differs("was put under load where it is invoked now".to_owned()));
        }
        let bytes = request.payload.len() as u64;
        if row.request_bytes != bytes {
            let what = format!(
                "gets an event of {bytes} bytes where one of {} bytes is on record",
                row.request_bytes
            );
            return Err(self.differs(what));
        }
        self.launches.extend(row.launch);
        Ok(Some(invocation(answer)))
    }

    /// All of the load that is on record next; `None` if nothing is.
    fn load(&mut self, shape: &LoadShape) -> Result<Option<Vec<Invocation>>, PlatformError> {
        let Some(first) = self.rows.front() else { return Ok(None) };
        let load = first.row.load;
        if load.is_none() {
            return Err(self.differs("was invoked where it is put under load now".to_owned()));
        }
        let count = self.rows.iter().take_while(|answer| answer.row.load == load).count();
        if self.rows.iter().skip(count).any(|answer| answer.row.load == load) {
            return Err(
                self.differs("was invoked during a load, which cannot be resumed".to_owned())
            );
        }
        let planned = match shape {
            LoadShape::Open(schedule) => Some(schedule.len() as u64),
            LoadShape::Closed { until: LoadEnd::Invocations(invocations), .. } => {
                Some(*invocations)
            }
            LoadShape::Closed { until: LoadEnd::Elapsed(_), .. } => None,
        };
        if planned.is_some_and(|planned| planned != count as u64) {
            return Err(self.differs(format!("has a load of {count} requests on record")));
        }
        let rows: Vec<OnRecord> = self.rows.drain(..count).collect();
        self.launches.extend(rows.iter().filter_map(|answer| answer.row.launch));
        Ok(Some(rows.into_iter().map(invocation).collect()))
    }

    fn recycle(&mut self) -> Result<(), PlatformError> {
        let next = self.rows.front().and_then(|answer| answer.row.launch);
        if next.is_some_and(|next| self.launches.contains(&next)) {
            return Err(self.differs("has a longer launch on record than now".to_owned()));
        }
        self.launches.clear();
        Ok(())
    }

    fn differs(&self, what: String) -> PlatformError {
        PlatformError::NotAsRecorded { name: self.name.clone(), what }
    }
}

/// An invocation as it is on record.
fn invocation(OnRecord { row, response }: OnRecord) -> Invocation {
    let timing = row.timing();
    let provenance = Provenance::Recorded { with_response: response.is_some() };
    let (response, log_tail, message) = match response {
        Some(read) => {
            (read.response, read.log_tail, read.error_message.or_else(|| row.error_message.clone()))
        }
        // Records that are older than kinds of failures have all of it.
        None if row.failure_kind.is_none() => {
            (Bytes::new(), row.log_tail, row.error_message.clone())
        }
        None => (Bytes::new(), None, None),
    };
    let error = |error_type| FunctionError { error_type, message: message.unwrap_or_default() };
    Invocation {
        provenance,
        request_id: row.request_id.unwrap_or_default(),
        // Environments are counted from below.
        environment: row.launch.map(|launch| u64::MAX - launch),
        start: row.start,
        status: row.status,
        sent_at_ns: row.at_ns,
        intended_at_ns: row.intended_ns,
        timing,
        launch: None,
        max_memory_bytes: row.max_memory_bytes.value(),
        billed_ms: row.billed_ms,
        request_bytes: row.request_bytes,
        event: Bytes::new(),
        response,
        error: row.error_type.clone().filter(|_| row.status != Status::Ok).map(error),
        init_failed: row.init_failed,
        log_tail,
    }
}

impl Platform for Replay {
    fn describe(&self) -> PlatformFacts {
        self.platform.describe()
    }

    fn deploy(&self, spec: FunctionSpec) -> PlatformFuture<'_, FunctionId> {
        Box::pin(async move {
            self.check_bootstrap(&spec)?;
            let name = spec.config.name.clone();
            let function = self.platform.deploy(spec).await?;
            let state = &mut *self.state();
            let rows = state.waiting.remove(&name).unwrap_or_default();
            state.functions.insert(function, Queue { name, rows, launches: BTreeSet::new() });
            Ok(function)
        })
    }

    fn configure(&self, function: FunctionId, change: ConfigChange) -> PlatformFuture<'_, ()> {
        Box::pin(async move {
            self.recycle_on_record(function)?;
            self.platform.configure(function, change).await
        })
    }

    fn recycle(&self, function: FunctionId) -> PlatformFuture<'_, ()> {
        Box::pin(async move {
            if self.recycle_on_record(function)? {
                return Ok(());
            }
            self.platform.recycle(function).await
        })
    }

    fn invoke(
        &self,
        function: FunctionId,
        request: InvokeRequest,
        gaps: Gaps,
    ) -> PlatformFuture<'_, Invocation> {
        Box::pin(async move {
            match self.answer(function, &request)? {
                Some(invocation) => Ok(invocation),
                None => self.platform.invoke(function, request, gaps).await,
            }
        })
    }

    fn repeat<'a>(
        &'a self,
        function: FunctionId,
        plan: RepeatPlan,
        sink: &'a mut Sink<'_>,
    ) -> PlatformFuture<'a, ()> {
        Box::pin(async move {
            let RepeatPlan { request, mut invocations, mut gaps } = plan;
            let mut batch = Vec::new();
            while invocations > 0 {
                let Some(invocation) = self.answer(function, &request)? else { break };
                batch.push(invocation);
                invocations -= 1;
                gaps = gaps.after(1);
                if batch.len() == BATCH {
                    sink(std::mem::take(&mut batch));
                    // Whoever wants to stop comes in between.
                    tokio::task::yield_now().await;
                }
            }
            if !batch.is_empty() {
                sink(batch);
            }
            if invocations == 0 {
                return Ok(());
            }
            self.platform.repeat(function, RepeatPlan { request, invocations, gaps }, sink).await
        })
    }

    fn load<'a>(
        &'a self,
        function: FunctionId,
        plan: LoadPlan,
        sink: &'a mut Sink<'_>,
    ) -> PlatformFuture<'a, ()> {
        Box::pin(async move {
            let answers = self.load_on_record(function, &plan.shape)?;
            match answers {
                Some(invocations) => {
                    sink(invocations);
                    Ok(())
                }
                None => self.platform.load(function, plan, sink).await,
            }
        })
    }

    /// What the script waits for after an answer on record has passed long ago.
    fn sleep(&self, duration: Duration) -> PlatformFuture<'_, ()> {
        if self.state().is_replaying {
            return Box::pin(async { Ok(()) });
        }
        self.platform.sleep(duration)
    }

    fn remove(&self, function: FunctionId) -> PlatformFuture<'_, ()> {
        Box::pin(async move {
            if let Some(queue) = self.state().functions.get(&function)
                && !queue.rows.is_empty()
            {
                return Err(queue.differs("was invoked more often than now".to_owned()));
            }
            self.platform.remove(function).await
        })
    }
}
