//! `pipe()`: each response is the event of the next function.

use kelvin_lambda::{Invocation, Status};
use kelvin_platform::FunctionId;
use rhai::{Array, Dynamic, Map, NativeCallContext};

use crate::fields::show;
use crate::function::{Event, Function, own_event};
use crate::language::Language;
use crate::session::{Fault, Session};

/// A chain that was run through, for the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipeFacts {
    /// The functions that were invoked, one after another.
    pub functions: Vec<FunctionId>,
    /// Latency of each of them.
    pub latency_ns: Vec<u64>,
    /// How many of them started cold.
    pub cold: u64,
    /// From the first request to the last response, by the platform's clock.
    pub whole_ns: u64,
    /// Whether every function of the chain has answered.
    pub ok: bool,
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
        let mut stages = Vec::new();
        let mut payload = own_event(event)?.payload;
        let mut response = Dynamic::UNIT;
        let mut cost_usd = 0.0;
        let (mut first_ns, mut last_ns) = (None, 0);
        let mut facts = PipeFacts {
            functions: Vec::new(),
            latency_ns: Vec::new(),
            cold: 0,
            whole_ns: 0,
            ok: false,
            slot: self.state().slot,
        };
        let mut status = Status::Ok;
        for f in &functions {
            let result = self.invoke(&f.0, Event { case: None, payload })?;
            let invocation: &Invocation = result.invocation();
            facts.functions.push(f.0.id);
            facts.latency_ns.push(invocation.timing.latency_ns);
            facts.cold += u64::from(invocation.start == kelvin_lambda::Start::Cold);
            first_ns.get_or_insert(invocation.sent_at_ns);
            last_ns = invocation.sent_at_ns + invocation.timing.latency_ns;
            cost_usd += result.cost_usd();
            status = invocation.status;
            payload = invocation.response.clone();
            response = result.field("response")?;
            stages.push(Dynamic::from(result));
            if status != Status::Ok {
                break;
            }
        }
        facts.ok = status == Status::Ok;
        facts.whole_ns = last_ns.saturating_sub(first_ns.unwrap_or(last_ns));
        #[expect(clippy::cast_precision_loss, reason = "2^53 ns are 104 days")]
        let latency_ms = facts.whole_ns as f64 / 1e6;
        outside.host.pipe(&facts)?;
        Ok(Map::from([
            ("status".into(), status.as_str().into()),
            ("latency_ms".into(), latency_ms.into()),
            ("cost_usd".into(), cost_usd.into()),
            ("stages".into(), Dynamic::from_array(stages)),
            ("response".into(), response),
        ]))
    }
}
