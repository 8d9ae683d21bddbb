//! `pipe()`: each response is the event of the next function.

use kelvin_lambda::{Invocation, Start, Status};
use kelvin_platform::FunctionId;
use rhai::{Array, Dynamic, Map, NativeCallContext};

use crate::HostError;
use crate::fields::show;
use crate::function::{Event, Function, own_event};
use crate::language::Language;
use crate::result::InvocationResult;
use crate::session::{Fault, Session};

/// A chain that was run through, for the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipeFacts {
    /// The functions that were invoked, one after another.
    pub functions: Vec<FunctionId>,
    /// When each of them was sent, by the platform's clock.
    pub sent_at_ns: Vec<u64>,
    /// Latency of each of them.
    pub latency_ns: Vec<u64>,
    /// How many of them started cold.
    pub cold: u64,
    /// From the first request to the last response, by the platform's clock.
    pub whole_ns: u64,
    /// Whether every function of the chain has answered.
    pub ok: bool,
    /// Whether it is on record already, from a run that was interrupted.
    pub is_recorded: bool,
    /// Where, inside `blocks()`.
    pub slot: Option<crate::Slot>,
}

pub(crate) fn add(language: &mut Language<'_>) {
    language
        .add(
            "pipe([f, g, …], event)",
            "Invokes functions one after another: the event goes to the first, and each response is the event of the next. It ends at the first that fails. Each is an invocation like any other; the whole is on record, too.",
            |s| {
                move |ctx: NativeCallContext<'_>, functions: Array, event: Dynamic| {
                    s.answer(&ctx, s.pipe(functions, &event))
                }
            },
        )
        .returns("#{ status, latency_ms, cost_usd, stages, response }; stages is an array of invocations")
        .example("let f = deploy(#{ workload: \"json\" });\nlet g = deploy(#{ workload: \"hello\" });\nlet whole = pipe([f, g], #{ name: \"you\" });\nnote(`${whole.status} after ${whole.latency_ms} ms`);");
}

impl Session {
    fn pipe(&self, functions: Array, event: &Dynamic) -> Result<Map, Fault> {
        let outside = self.outside("pipe")?;
        let function = |value: Dynamic| {
            let shown = show(&value);
            value
                .try_cast::<Function>()
                .ok_or_else(|| format!("pipe: expected an array of functions, got {shown} in it"))
        };
        let functions = functions.into_iter().map(function).collect::<Result<Vec<_>, _>>()?;
        if functions.is_empty() {
            return Err("pipe: expected functions, got an empty array".to_owned().into());
        }
        let mut stages: Vec<InvocationResult> = Vec::new();
        let mut payload = own_event(event)?.payload;
        for f in &functions {
            let stage = self.invoke(f, Event { case: None, payload })?;
            stage.check_known("response")?;
            let Invocation { status, response, .. } = stage.invocation();
            let (status, response) = (*status, response.clone());
            stages.push(stage);
            payload = response;
            if status != Status::Ok {
                break;
            }
        }
        let facts = self.facts(&functions, &stages)?;
        #[expect(clippy::cast_precision_loss, reason = "2^53 ns are 104 days")]
        let latency_ms = facts.whole_ns as f64 / 1e6;
        outside.host.pipe(&facts)?;
        // Only now, when nothing is timed any more.
        stages.iter().try_for_each(|stage| self.tell_read(stage))?;
        self.reads();
        let last = stages.last().expect("there are functions");
        let cost_usd: f64 = stages.iter().map(InvocationResult::cost_usd).sum();
        Ok(Map::from([
            ("status".into(), last.invocation().status.as_str().into()),
            ("latency_ms".into(), latency_ms.into()),
            ("cost_usd".into(), cost_usd.into()),
            ("response".into(), self.property(last, "response")?),
            ("stages".into(), stages.into_iter().map(Dynamic::from).collect::<Array>().into()),
        ]))
    }

    /// Fails if some stages were made before an interruption and some after it, which have no whole.
    fn facts(
        &self,
        functions: &[Function],
        stages: &[InvocationResult],
    ) -> Result<PipeFacts, HostError> {
        let made: Vec<&Invocation> = stages.iter().map(InvocationResult::invocation).collect();
        let recorded = made.iter().filter(|stage| stage.is_recorded()).count();
        if recorded > 0 && recorded < made.len() {
            return Err(HostError::new(
                "the run cannot be resumed: only a part of a pipe() is on record; start anew",
            ));
        }
        let begin_ns = made.first().map_or(0, |first| first.sent_at_ns);
        let end_ns = made.last().map_or(0, |last| last.sent_at_ns + last.timing.latency_ns);
        Ok(PipeFacts {
            functions: functions.iter().take(made.len()).map(|f| f.0.id).collect(),
            sent_at_ns: made.iter().map(|stage| stage.sent_at_ns).collect(),
            latency_ns: made.iter().map(|stage| stage.timing.latency_ns).collect(),
            cold: made.iter().map(|stage| u64::from(stage.start == Start::Cold)).sum(),
            whole_ns: end_ns.saturating_sub(begin_ns),
            ok: made.iter().all(|stage| stage.status == Status::Ok),
            is_recorded: recorded > 0,
            slot: self.state().slot,
        })
    }
}
