//! An invocation as scripts see it.

use std::sync::Arc;

use kelvin_lambda::{Invocation, Timing};
use rhai::{Dynamic, Map};
use serde_json::Value;

use crate::{json, suggest};

/// What `.invoke()` returns.
#[derive(Clone)]
pub(crate) struct InvocationResult(Arc<Recorded>);

struct Recorded {
    invocation: Invocation,
    cost_usd: f64,
}

type Read = fn(&Recorded) -> Dynamic;

/// Every property; one that does not apply is `()`.
const FIELDS: [(&str, Read); 12] = [
    ("status", |r| text(r.invocation.status.as_str())),
    ("start", |r| text(r.invocation.start.as_str())),
    ("latency_ms", |r| ms(Some(r.invocation.timing.latency_ns))),
    ("duration_ms", |r| ms(r.invocation.timing.duration_ns())),
    ("init_ms", |r| ms(r.invocation.timing.init_ns)),
    ("billed_ms", |r| i64::try_from(r.invocation.billed_ms).unwrap_or(i64::MAX).into()),
    ("cost_usd", |r| r.cost_usd.into()),
    ("spans", |r| spans(&r.invocation.timing).unwrap_or(Dynamic::UNIT)),
    ("response", |r| response(&r.invocation.response)),
    ("logs", |r| r.invocation.log_tail.as_deref().map_or(Dynamic::UNIT, text)),
    ("error_type", |r| r.invocation.error.as_ref().map_or(Dynamic::UNIT, |e| text(&e.error_type))),
    ("error_message", |r| r.invocation.error.as_ref().map_or(Dynamic::UNIT, |e| text(&e.message))),
];

impl InvocationResult {
    pub(crate) fn new(invocation: Invocation, cost_usd: f64) -> InvocationResult {
        InvocationResult(Arc::new(Recorded { invocation, cost_usd }))
    }

    /// The property of that name.
    pub(crate) fn field(&self, name: &str) -> Result<Dynamic, String> {
        match FIELDS.iter().find(|(known, _)| *known == name) {
            Some((_, read)) => Ok(read(&self.0)),
            None => {
                let known = FIELDS.iter().map(|(known, _)| *known);
                Err(suggest::unknown("property of an invocation", name, known))
            }
        }
    }

    /// One line, for `print()`.
    pub(crate) fn line(&self) -> String {
        let Recorded { invocation, .. } = &*self.0;
        let ms = invocation.timing.latency_ns / 1_000_000;
        format!("{} {}, {ms} ms", invocation.start.as_str(), invocation.status.as_str())
    }
}

fn text(text: &str) -> Dynamic {
    text.to_owned().into()
}

fn ms(ns: Option<u64>) -> Dynamic {
    #[expect(
        clippy::cast_precision_loss,
        reason = "scripts see milliseconds; 2^53 ns are 104 days"
    )]
    ns.map_or(Dynamic::UNIT, |ns| (ns as f64 / 1e6).into())
}

fn spans(timing: &Timing) -> Option<Dynamic> {
    let spans = [
        ("decode_ms", timing.decode_ns?),
        ("compute_ms", timing.compute_ns?),
        ("io_ms", timing.io_ns?),
        ("encode_ms", timing.encode_ns?),
    ];
    Some(spans.map(|(name, ns)| (name.into(), ms(Some(ns)))).into_iter().collect::<Map>().into())
}

fn response(bytes: &[u8]) -> Dynamic {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value) => json::to_script(value),
        Err(_) => text(&String::from_utf8_lossy(bytes)),
    }
}
