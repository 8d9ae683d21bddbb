//! A deployed function as scripts see it, and what they can do with it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use kelvin_lambda::{FunctionConfig, Invocation, Status};
use kelvin_platform::{Caller, ConfigChange, FunctionId, Gap, InvokeRequest, RepeatPlan};
use rhai::{Dynamic, Map};
use tokio::sync::Notify;

use crate::deploy::{read_limits, with_defaults};
use crate::fields::{Fields, show};
use crate::result::InvocationResult;
use crate::session::{Fault, Outside, Sent, Session};
use crate::template::Template;
use crate::{HostError, Progress, WantedRung, json, number, suggest};

/// How much of an invocation can be measured without Lambda around it.
const RUNGS: [&str; 2] = ["compute", "serde"];

/// Each is a number in the record, and in memory.
const MOST_ITERATIONS: u32 = 1_000_000;

/// The properties of the maps that functions of the language return.
pub(crate) const KEYS_OF_MAPS: [&str; 64] = [
    "architecture",
    "behind",
    "billed",
    "billed_ms",
    "cases",
    "cold",
    "compute_ms",
    "cost",
    "cost_per_million_usd",
    "cost_usd",
    "count",
    "decode_ms",
    "duration",
    "encode_ms",
    "env",
    "environments",
    "ephemeral_storage",
    "failed",
    "high",
    "init",
    "invocations",
    "io_ms",
    "iterations",
    "latency",
    "latency_ms",
    "launches",
    "load",
    "low",
    "max_ms",
    "mean",
    "mean_ms",
    "median_ms",
    "memory",
    "min_ms",
    "more",
    "name",
    "ok",
    "p50",
    "p50_ms",
    "p90",
    "p90_ms",
    "p99",
    "p99_ms",
    "pairs",
    "page_in_share",
    "per_second",
    "reserved_concurrency",
    "response",
    "seconds",
    "seen",
    "sent",
    "stages",
    "status",
    "throttled",
    "timeout",
    "times",
    "total",
    "unit",
    "value",
    "variant",
    "verdict",
    "warm",
    "why",
    "workload",
];

/// A script's handle, with the gap that it asks for by `f.gap()` and who calls by `f.caller()`.
#[derive(Clone)]
pub(crate) struct Function(
    pub(crate) Arc<Deployed>,
    pub(crate) Option<Gap>,
    pub(crate) Option<Arc<Caller>>,
);

/// What is known of a function.
pub(crate) struct Deployed {
    pub(crate) id: FunctionId,
    pub(crate) name: String,
    pub(crate) workload: Option<String>,
    pub(crate) variant: String,
    pub(crate) cases: Vec<Case>,
    pub(crate) default_env_vars: BTreeMap<String, String>,
    pub(crate) config: Mutex<FunctionConfig>,
    pub(crate) removed: AtomicBool,
}

/// A case with its event as it is sent.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) payload: Bytes,
}

/// What is sent, and as which case it is recorded.
pub(crate) struct Event<'a> {
    pub(crate) case: Option<&'a str>,
    pub(crate) payload: Bytes,
}

impl Deployed {
    pub(crate) fn config(&self) -> MutexGuard<'_, FunctionConfig> {
        self.config.lock().expect("nothing panics while it holds a configuration")
    }

    /// The default case; `{}` for a function without cases.
    pub(crate) fn default_event(&self) -> Event<'_> {
        match self.cases.first() {
            Some(case) => Event { case: Some(&case.name), payload: case.payload.clone() },
            None => Event { case: None, payload: Bytes::from_static(b"{}") },
        }
    }

    /// The case of that name.
    pub(crate) fn case_event(&self, name: &str) -> Result<Event<'_>, String> {
        match self.cases.iter().find(|case| case.name == name) {
            Some(case) => Ok(Event { case: Some(&case.name), payload: case.payload.clone() }),
            // A workload always has cases. Of one that was not built, nobody knows them.
            None if self.cases.is_empty() && self.workload.is_some() => Ok(self.default_event()),
            None => Err(suggest::unknown("case", name, self.cases.iter().map(|c| c.name.as_str()))),
        }
    }
}

/// An event that the script made itself.
pub(crate) fn own_event(event: &Dynamic) -> Result<Event<'static>, Fault> {
    if event.is::<Template>() {
        return Err("a template is not an event; t.next() gives one".to_owned().into());
    }
    let payload = Bytes::from(json::from_script(event)?.to_string());
    Ok(Event { case: None, payload })
}

impl Session {
    /// `f.invoke()`.
    pub(crate) fn invoke(&self, f: &Function, event: Event<'_>) -> Result<InvocationResult, Fault> {
        let (gaps, caller) = (self.gaps(f), f.2.clone());
        let f = &*f.0;
        let outside = self.outside_for(f, "invoke")?;
        let Event { case, payload } = event;
        let request = InvokeRequest { payload, log_tail: true, caller };
        let action = || format!("failed to invoke function \"{}\"", f.name);
        let work = outside.platform.invoke(f.id, request, gaps);
        let invocation = self.wait(outside, action, work)?;
        let sent = Sent { case, load: None, gap: Some(gaps.gap) };
        let recorded = self.record(f, sent, vec![invocation])?;
        let invocation = recorded
            .into_iter()
            .next()
            .ok_or_else(|| HostError::new("an invocation was lost while it was recorded"))?;
        #[expect(clippy::cast_precision_loss, reason = "no bill reaches 2^53 milliseconds")]
        let cost_usd = self.cost_usd(f, invocation.billed_ms as f64);
        Ok(InvocationResult::new(f.id, invocation, cost_usd))
    }

    /// US dollars of one invocation with this Billed Duration, the request fee included.
    fn cost_usd(&self, f: &Deployed, billed_ms: f64) -> f64 {
        let config = f.config();
        let (architecture, storage) = (config.architecture, config.ephemeral_storage);
        self.prices.cost(config.memory_size, architecture, storage, billed_ms).total_usd()
    }

    /// The same, of a function as it is now, for many.
    pub(crate) fn price_of(&self, f: &Deployed) -> impl Fn(u64) -> f64 {
        let config = f.config();
        let (memory, architecture) = (config.memory_size, config.architecture);
        let storage = config.ephemeral_storage;
        #[expect(clippy::cast_precision_loss, reason = "no bill reaches 2^53 milliseconds")]
        move |ms| self.prices.cost(memory, architecture, storage, ms as f64).total_usd()
    }

    /// `f.cost(billed_ms)`.
    pub(crate) fn cost(&self, f: &Deployed, billed_ms: &Dynamic) -> Result<f64, Fault> {
        let valid = number::as_float(billed_ms).filter(|ms| ms.is_finite() && *ms >= 0.0);
        let billed_ms = valid.ok_or_else(|| {
            format!("cost: expected 0 or more billed milliseconds, got {}", show(billed_ms))
        })?;
        Ok(self.cost_usd(f, billed_ms))
    }

    /// `f.repeat(n)`: the loop runs on the platform.
    pub(crate) fn repeat(&self, f: &Function, n: i64, event: Event<'_>) -> Result<Map, Fault> {
        let (gaps, caller) = (self.gaps(f), f.2.clone());
        let f = &*f.0;
        let outside = self.outside_for(f, "repeat")?;
        let Ok(invocations) = u64::try_from(n) else {
            return Err(format!("repeat: expected 0 or more invocations, got {n}").into());
        };
        let n_gaps = u32::try_from(invocations.saturating_sub(1)).unwrap_or(u32::MAX);
        self.will_wait(gaps.gap.mean().saturating_mul(n_gaps))?;
        let Event { case, payload } = event;
        let request = InvokeRequest { payload, log_tail: false, caller };
        outside.host.progress(Progress::Repeating { name: &f.name, invocations });

        let mut tally = Tally::default();
        let mut lost = None;
        let cannot_record = Notify::new();
        let mut sink = |batch: Vec<Invocation>| {
            if lost.is_some() {
                return;
            }
            let sent = Sent { case, load: None, gap: Some(gaps.gap) };
            match self.record(f, sent, batch) {
                Ok(recorded) => tally.add(&recorded),
                Err(error) => {
                    lost = Some(error);
                    cannot_record.notify_one();
                }
            }
        };
        let plan = RepeatPlan { request, invocations, gaps };
        let work = outside.platform.repeat(f.id, plan, &mut sink);
        let work = Box::pin(async {
            // A run that cannot be recorded is not worth going on with.
            tokio::select! {
                biased;
                () = cannot_record.notified() => Ok(()),
                done = work => done,
            }
        });
        let action = || format!("failed to invoke function \"{}\" repeatedly", f.name);
        let done = self.wait(outside, action, work);
        if let Some(error) = lost {
            return Err(error.into());
        }
        done?;
        Ok(tally.to_map())
    }

    /// `f.measure("compute", n)`: without Lambda, and without the platform.
    pub(crate) fn measure(&self, f: &Deployed, rung: &str, n: i64) -> Result<Map, Fault> {
        let outside = self.outside_for(f, "measure")?;
        if !RUNGS.contains(&rung) {
            return Err(suggest::unknown("rung", rung, RUNGS).into());
        }
        let Some(iterations) = u32::try_from(n).ok().filter(|n| (1..=MOST_ITERATIONS).contains(n))
        else {
            return Err(
                format!("measure: expected 1 to {MOST_ITERATIONS} iterations, got {n}").into()
            );
        };
        self.go_on()?;
        let (config, slot) = (f.config().clone(), self.state().slot);
        let case = f.cases.first().map(|case| case.name.as_str());
        let wanted = WantedRung { function: f.id, config: &config, rung, case, iterations, slot };
        let times = outside.host.measure(&wanted);
        // What the user stopped has not failed.
        self.go_on()?;
        let times = times?;
        self.reads();
        #[expect(clippy::cast_precision_loss, reason = "no process ran for 2^53 nanoseconds")]
        let mean_ms = times.iter().sum::<u64>() as f64 / times.len().max(1) as f64 / 1e6;
        let iterations = i64::try_from(times.len()).unwrap_or(i64::MAX);
        Ok(Map::from([
            ("iterations".into(), iterations.into()),
            ("mean_ms".into(), mean_ms.into()),
        ]))
    }

    /// `f.recycle()`.
    pub(crate) fn recycle(&self, f: &Deployed) -> Result<(), Fault> {
        let outside = self.outside_for(f, "recycle")?;
        let action = || format!("failed to recycle function \"{}\"", f.name);
        self.wait(outside, action, outside.platform.recycle(f.id))?;
        self.tell_launch(outside, f);
        Ok(())
    }

    /// `f.configure(#{…})`.
    pub(crate) fn configure(&self, f: &Deployed, map: Map) -> Result<(), Fault> {
        let outside = self.outside_for(f, "configure")?;
        let (change, config) = change(f, map).map_err(|e| format!("configure: {e}"))?;
        if config != *f.config() {
            self.add_function("configure")?;
        }
        let action = || format!("failed to configure function \"{}\"", f.name);
        self.wait(outside, action, outside.platform.configure(f.id, change))?;
        outside.host.configured(f.id, &config);
        *f.config() = config;
        self.tell_launch(outside, f);
        Ok(())
    }

    /// `f.remove()`.
    pub(crate) fn remove(&self, f: &Deployed) -> Result<(), Fault> {
        let outside = self.outside_for(f, "remove")?;
        let action = || format!("failed to remove function \"{}\"", f.name);
        self.wait(outside, action, outside.platform.remove(f.id))?;
        f.removed.store(true, Ordering::Relaxed);
        outside.host.removed(f.id);
        Ok(())
    }

    fn tell_launch(&self, outside: &Outside, f: &Deployed) {
        let slot = self.state().slot;
        outside.host.launch(f.id, slot);
    }

    pub(crate) fn outside_for(&self, f: &Deployed, call: &'static str) -> Result<&Outside, Fault> {
        if f.removed.load(Ordering::Relaxed) {
            return Err(format!("{call}: function \"{}\" was removed", f.name).into());
        }
        self.outside(call)
    }
}

/// The change that a script asked for, and the whole configuration after it.
fn change(f: &Deployed, map: Map) -> Result<(ConfigChange, FunctionConfig), String> {
    const KEYS: [&str; 4] = ["memory", "timeout", "ephemeral_storage", "env"];
    let mut fields = Fields::new("key", map, &KEYS)?;
    let mut config = f.config().clone();
    read_limits(&mut fields, &mut config)?;
    let env_vars = fields.strings("env")?.map(|given| with_defaults(&f.default_env_vars, given));
    let change = ConfigChange {
        memory_size: Some(config.memory_size),
        timeout: Some(config.timeout),
        ephemeral_storage: Some(config.ephemeral_storage),
        env_vars,
    };
    change.clone().apply(&mut config);
    config.validate().map_err(|e| e.to_string())?;
    Ok((change, config))
}

/// `f.describe()`.
pub(crate) fn describe(f: &Deployed) -> Map {
    let config = f.config();
    let text = |text: &str| Dynamic::from(text.to_owned());
    let env = config.env_vars.iter().map(|(name, value)| (name.as_str().into(), text(value)));
    let cases = f.cases.iter().map(|case| text(&case.name));
    Map::from([
        ("name".into(), text(&f.name)),
        ("workload".into(), f.workload.as_deref().map_or(Dynamic::UNIT, text)),
        ("variant".into(), text(&f.variant)),
        ("memory".into(), i64::from(config.memory_size.mb()).into()),
        ("timeout".into(), i64::from(config.timeout.seconds()).into()),
        ("architecture".into(), text(config.architecture.as_str())),
        ("ephemeral_storage".into(), i64::from(config.ephemeral_storage.mb()).into()),
        (
            "reserved_concurrency".into(),
            config.reserved_concurrency.map_or(Dynamic::UNIT, |n| i64::from(n).into()),
        ),
        ("env".into(), Dynamic::from_map(env.collect())),
        ("cases".into(), Dynamic::from_array(cases.collect())),
    ])
}

/// What `repeat()` returns.
#[derive(Default)]
struct Tally {
    invocations: i64,
    failed: i64,
}

impl Tally {
    fn add(&mut self, recorded: &[Invocation]) {
        for invocation in recorded {
            let times = i64::try_from(invocation.times()).unwrap_or(i64::MAX);
            self.invocations = self.invocations.saturating_add(times);
            self.failed += i64::from(invocation.status != Status::Ok);
        }
    }

    fn to_map(&self) -> Map {
        Map::from([
            ("invocations".into(), self.invocations.into()),
            ("failed".into(), self.failed.into()),
        ])
    }
}
