//! A platform that starts nothing and answers nominally, in virtual time: for dry runs.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use kelvin_lambda::{
    Cost, FunctionConfig, Invocation, PlatformFacts, PriceTable, Provenance, Start, Status, Timing,
    US_EAST_1, billed_ms,
};
use kelvin_platform::{
    ConfigChange, FunctionId, FunctionSpec, Gaps, InvokeRequest, LoadEnd, LoadPlan, LoadShape,
    Platform, PlatformError, PlatformFuture, RepeatPlan, Sink,
};

/// Init Duration of every cold start.
const INIT: Duration = Duration::from_millis(20);
/// Duration of every invocation.
const DURATION: Duration = Duration::from_millis(1);
/// Invocations between two looks at whoever may want to stop.
const BATCH: u64 = 1024;
/// So many invocations of one function are told one by one, and of each loop or load after them [`OF_EACH`]; of the others,
/// one stands for many, so that what is planned is counted in no time. Thresholds need no more.
const ONE_BY_ONE: u64 = 100_000;
/// A p99 of a launch needs as many.
const OF_EACH: u64 = 100;

/// Counts what a scenario would do. Every invocation succeeds and answers `{}`; a cold start takes 20 ms of INIT, every
/// invocation 1 ms.
#[derive(Debug)]
pub struct NominalPlatform {
    name: String,
    prices: PriceTable,
    state: Mutex<State>,
}

/// What a scenario did on a [`NominalPlatform`]: a lower bound of what it would do on a real one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Functions deployed.
    pub functions: u64,
    /// Cold starts.
    pub launches: u64,
    /// Invocations, cold ones included.
    pub invocations: u64,
    /// Loads.
    pub loads: u64,
    /// Invocations, loads and pauses, one after another; requests of one load overlap.
    pub time: Duration,
    /// At the prices of us-east-1.
    pub cost: Cost,
}

#[derive(Debug, Default)]
struct State {
    functions: BTreeMap<FunctionId, Deployed>,
    totals: Totals,
}

#[derive(Debug)]
struct Deployed {
    config: FunctionConfig,
    environment: Option<u64>,
    /// How many invocations were told one by one.
    told: u64,
}

impl NominalPlatform {
    /// A platform that tells scripts the name of the one that it stands for, so that they take the same branches.
    pub fn standing_for(name: impl Into<String>) -> NominalPlatform {
        NominalPlatform { name: name.into(), prices: US_EAST_1(), state: Mutex::default() }
    }

    /// Everything so far.
    pub fn totals(&self) -> Totals {
        self.state().totals
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the state")
    }

    /// An invocation, which takes its time, after the gap that it has if it is warm.
    fn invoke_now(
        &self,
        function: FunctionId,
        request: &InvokeRequest,
        gap: Duration,
    ) -> Result<Invocation, PlatformError> {
        self.invoke_times(function, request, gap, 1)
    }

    /// As many as that, all after the same gap.
    fn invoke_times(
        &self,
        function: FunctionId,
        request: &InvokeRequest,
        gap: Duration,
        times: u64,
    ) -> Result<Invocation, PlatformError> {
        {
            let state = &mut *self.state();
            if found(&mut state.functions, function)?.environment.is_some() {
                state.totals.time = state.totals.time.saturating_add(many(gap, times));
            }
        }
        let invocation = self.answer(function, request, times)?;
        let latency = Duration::from_nanos(invocation.timing.latency_ns);
        let totals = &mut self.state().totals;
        totals.time = totals.time.saturating_add(many(latency, times));
        Ok(invocation)
    }

    /// The same without their time: requests of a load overlap. Only a single one can be a cold start.
    fn answer(
        &self,
        function: FunctionId,
        request: &InvokeRequest,
        times: u64,
    ) -> Result<Invocation, PlatformError> {
        let mut state = self.state();
        let State { functions, totals } = &mut *state;
        let deployed = found(functions, function)?;
        let sent_at_ns = ns(totals.time);
        let start = match deployed.environment {
            Some(_) => Start::Warm,
            None => Start::Cold,
        };
        let init = (start == Start::Cold).then_some(INIT);
        if init.is_some() {
            totals.launches += 1;
            deployed.environment = Some(totals.launches);
        }
        totals.invocations = totals.invocations.saturating_add(times);
        let latency = init.unwrap_or_default() + DURATION;
        let billed_ms = billed_ms(ns(DURATION), init.map(ns));
        add(&mut totals.cost, self.cost(&deployed.config, billed_ms), times);
        Ok(Invocation {
            provenance: Provenance::Nominal { times },
            request_id: format!("00000000-0000-4000-8000-{:012x}", totals.invocations),
            environment: deployed.environment,
            start,
            status: Status::Ok,
            sent_at_ns,
            intended_at_ns: None,
            launch: None,
            timing: Timing {
                latency_ns: ns(latency),
                queue_ns: Some(init.map_or(0, ns)),
                init_ns: init.map(ns),
                response_latency_ns: Some(ns(DURATION)),
                response_duration_ns: Some(0),
                post_response_ns: Some(0),
                ..Timing::default()
            },
            max_memory_bytes: None,
            billed_ms,
            request_bytes: request.payload.len() as u64,
            event: request.payload.clone(),
            response: Bytes::from_static(b"{}"),
            error: None,
            init_failed: false,
            log_tail: request.log_tail.then(String::new),
        })
    }

    /// How many of so many invocations are told one by one.
    fn one_by_one(&self, function: FunctionId, invocations: u64) -> Result<u64, PlatformError> {
        let state = &mut *self.state();
        let deployed = found(&mut state.functions, function)?;
        let told = invocations.min(ONE_BY_ONE.saturating_sub(deployed.told).max(OF_EACH));
        deployed.told = deployed.told.saturating_add(told);
        Ok(told)
    }

    fn cost(&self, config: &FunctionConfig, billed_ms: u64) -> Cost {
        #[expect(clippy::cast_precision_loss, reason = "21 ms at most")]
        let billed_ms = billed_ms as f64;
        self.prices.cost(
            config.memory_size,
            config.architecture,
            config.ephemeral_storage,
            billed_ms,
        )
    }

    fn deploy_now(&self, spec: FunctionSpec) -> Result<FunctionId, PlatformError> {
        let config = spec.config;
        let name = config.name.clone();
        if let Err(source) = config.validate() {
            return Err(PlatformError::InvalidConfig { name, source });
        }
        let mut state = self.state();
        if state.functions.values().any(|deployed| deployed.config.name == name) {
            return Err(PlatformError::NameTaken { name });
        }
        let id = u32::try_from(state.totals.functions).map_err(|_| PlatformError::Stopped)?;
        state.totals.functions += 1;
        state.functions.insert(FunctionId(id), Deployed { config, environment: None, told: 0 });
        Ok(FunctionId(id))
    }

    fn change_now(&self, function: FunctionId, change: ConfigChange) -> Result<(), PlatformError> {
        let mut state = self.state();
        let deployed = found(&mut state.functions, function)?;
        let mut config = deployed.config.clone();
        change.apply(&mut config);
        if let Err(source) = config.validate() {
            return Err(PlatformError::InvalidConfig { name: config.name, source });
        }
        *deployed = Deployed { config, environment: None, told: deployed.told };
        Ok(())
    }
}

impl Platform for NominalPlatform {
    fn describe(&self) -> PlatformFacts {
        PlatformFacts {
            name: self.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            enforcement: Vec::new(),
            unavailable: BTreeMap::new(),
            notes: vec!["Nothing was started: every figure is nominal.".to_owned()],
        }
    }

    fn deploy(&self, spec: FunctionSpec) -> PlatformFuture<'_, FunctionId> {
        Box::pin(async move { self.deploy_now(spec) })
    }

    fn configure(&self, function: FunctionId, change: ConfigChange) -> PlatformFuture<'_, ()> {
        Box::pin(async move { self.change_now(function, change) })
    }

    fn recycle(&self, function: FunctionId) -> PlatformFuture<'_, ()> {
        self.configure(function, ConfigChange::default())
    }

    fn invoke(
        &self,
        function: FunctionId,
        request: InvokeRequest,
        gaps: Gaps,
    ) -> PlatformFuture<'_, Invocation> {
        Box::pin(async move { self.invoke_now(function, &request, gaps.nth(0)) })
    }

    fn repeat<'a>(
        &'a self,
        function: FunctionId,
        plan: RepeatPlan,
        sink: &'a mut Sink<'_>,
    ) -> PlatformFuture<'a, ()> {
        Box::pin(async move {
            let told = self.one_by_one(function, plan.invocations)?;
            let mut done = 0;
            while done < told {
                let n = BATCH.min(told - done);
                let gaps = plan.gaps.after(done);
                let batch = (0..n).map(|i| self.invoke_now(function, &plan.request, gaps.nth(i)));
                sink(batch.collect::<Result<_, _>>()?);
                done += n;
                tokio::task::yield_now().await;
            }
            let rest = plan.invocations - told;
            if rest > 0 {
                let gap = plan.gaps.gap.mean();
                sink(vec![self.invoke_times(function, &plan.request, gap, rest)?]);
            }
            Ok(())
        })
    }

    fn load<'a>(
        &'a self,
        function: FunctionId,
        plan: LoadPlan,
        sink: &'a mut Sink<'_>,
    ) -> PlatformFuture<'a, ()> {
        Box::pin(async move {
            let LoadPlan { requests, shape } = plan;
            let began = self.totals().time;
            let (invocations, lasts) = extent(&shape);
            let invocations = if requests.is_empty() { 0 } else { invocations };
            let mut requests = requests.iter().cycle();
            let told = self.one_by_one(function, invocations)?;
            let mut stood_for = standing_for(invocations, told).peekable();
            while stood_for.peek().is_some() {
                let n = usize::try_from(BATCH).unwrap_or(usize::MAX);
                let batch = stood_for.by_ref().take(n).zip(requests.by_ref());
                let batch = batch.map(|((index, times), request)| {
                    let mut invocation = self.answer(function, request, times)?;
                    let due = match &shape {
                        LoadShape::Open(schedule) => {
                            usize::try_from(index).ok().and_then(|at| schedule.get(at)).copied()
                        }
                        LoadShape::Closed { .. } => None,
                    };
                    let due_ns = due.unwrap_or_else(|| turn(&shape, index));
                    invocation.sent_at_ns = ns(began).saturating_add(due_ns);
                    invocation.intended_at_ns = due.map(|_| invocation.sent_at_ns);
                    Ok(invocation)
                });
                sink(batch.collect::<Result<_, PlatformError>>()?);
                tokio::task::yield_now().await;
            }
            let totals = &mut self.state().totals;
            totals.loads += 1;
            // Another load can have ended meanwhile.
            totals.time = totals.time.max(began.saturating_add(lasts));
            Ok(())
        })
    }

    fn sleep(&self, duration: Duration) -> PlatformFuture<'_, ()> {
        Box::pin(async move {
            let mut state = self.state();
            state.totals.time = state.totals.time.saturating_add(duration);
            Ok(())
        })
    }

    fn remove(&self, function: FunctionId) -> PlatformFuture<'_, ()> {
        Box::pin(async move {
            let removed = self.state().functions.remove(&function);
            removed.map(drop).ok_or(PlatformError::NoSuchFunction { id: function.0 })
        })
    }
}

/// How many invocations a load has, and how long it lasts.
fn extent(shape: &LoadShape) -> (u64, Duration) {
    match shape {
        LoadShape::Open(schedule) => {
            let last = schedule.last().copied().unwrap_or(0);
            (schedule.len() as u64, Duration::from_nanos(last) + DURATION)
        }
        LoadShape::Closed { until: LoadEnd::Invocations(n), .. } => {
            (*n, Duration::from_nanos(turn(shape, n.saturating_sub(1))) + DURATION)
        }
        LoadShape::Closed { clients, until: LoadEnd::Elapsed(duration), gaps } => {
            let turn = DURATION + gaps.gap.mean();
            let each = u64::try_from(duration.as_nanos() / turn.as_nanos());
            (each.unwrap_or(u64::MAX).saturating_mul(u64::from(*clients)), *duration)
        }
    }
}

/// When the request of this number is sent in a closed loop: each client has one at a time.
fn turn(shape: &LoadShape, index: u64) -> u64 {
    match shape {
        LoadShape::Closed { clients, gaps, .. } => {
            let turn = DURATION + gaps.gap.mean();
            (index / u64::from((*clients).max(1))).saturating_mul(ns(turn))
        }
        LoadShape::Open(_) => 0,
    }
}

/// The numbers of the requests of a load that are told, and for how many each stands. The last is among them.
fn standing_for(invocations: u64, told: u64) -> impl Iterator<Item = (u64, u64)> {
    let each = invocations.div_ceil(told.max(1)).max(1);
    // The first stands for itself, as it may be a cold start.
    let first = (invocations > 0).then_some((0, 1));
    let rest = (0..invocations.saturating_sub(1).div_ceil(each)).map(move |group| {
        let before = 1 + group * each;
        let times = each.min(invocations - before);
        (before + times - 1, times)
    });
    first.into_iter().chain(rest)
}

fn many(duration: Duration, times: u64) -> Duration {
    let ns = duration.as_nanos().saturating_mul(u128::from(times));
    let seconds = u64::try_from(ns / 1_000_000_000).unwrap_or(u64::MAX);
    Duration::new(seconds, u32::try_from(ns % 1_000_000_000).unwrap_or(0))
}

fn found(
    functions: &mut BTreeMap<FunctionId, Deployed>,
    function: FunctionId,
) -> Result<&mut Deployed, PlatformError> {
    functions.get_mut(&function).ok_or(PlatformError::NoSuchFunction { id: function.0 })
}

fn add(sum: &mut Cost, cost: Cost, times: u64) {
    #[expect(clippy::cast_precision_loss, reason = "a cost needs no more than 53 bits")]
    let times = times as f64;
    sum.compute_usd += times * cost.compute_usd;
    sum.request_usd += times * cost.request_usd;
}

fn ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
