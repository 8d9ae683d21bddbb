//! An invocation as scripts see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kelvin_lambda::{Invocation, Provenance, Timing};
use kelvin_platform::FunctionId;
use rhai::{Dynamic, Map};
use serde_json::Value;

use crate::session::{Fault, Session};
use crate::{HostError, json, suggest};

/// What `.invoke()` returns.
#[derive(Clone)]
pub(crate) struct InvocationResult(Arc<Recorded>);

struct Recorded {
    function: FunctionId,
    invocation: Invocation,
    cost_usd: f64,
    /// Whether the script has read of it what is on record only then.
    was_read: AtomicBool,
}

/// A property: its name, what it is, and where it is found. One that does not apply is `()`.
struct Property {
    name: &'static str,
    doc: &'static str,
    read: fn(&Recorded) -> Dynamic,
}

const fn property(
    name: &'static str,
    doc: &'static str,
    read: fn(&Recorded) -> Dynamic,
) -> Property {
    Property { name, doc, read }
}

const PROPERTIES: [Property; 13] = [
    property("status", "`ok`, or how it failed: the names of `expect_status()`", |r| {
        text(r.invocation.status.as_str())
    }),
    property("start", "`cold` or `warm`", |r| text(r.invocation.start.as_str())),
    property("latency_ms", "the caller sends → the caller has the whole response", |r| {
        ms(Some(r.invocation.timing.latency_ns))
    }),
    property(
        "duration_ms",
        "AWS's Duration: event handed over → the runtime asks for the next",
        |r| ms(r.invocation.timing.duration_ns()),
    ),
    property("init_ms", "AWS's Init Duration, of a cold start", |r| {
        ms(r.invocation.timing.init_ns)
    }),
    property("billed_ms", "AWS's Billed Duration", |r| {
        i64::try_from(r.invocation.billed_ms).unwrap_or(i64::MAX).into()
    }),
    property("cost_usd", "of this invocation in us-east-1, the request fee included", |r| {
        r.cost_usd.into()
    }),
    property("max_memory_mb", "peak memory of the execution environment so far", |r| {
        #[expect(clippy::cast_precision_loss, reason = "no function has 2^53 bytes of memory")]
        let mb = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        r.invocation.max_memory_bytes.map_or(Dynamic::UNIT, |bytes| mb(bytes).into())
    }),
    property(
        "spans",
        "a map with `decode_ms`, `compute_ms`, `io_ms` and `encode_ms`, of workloads that tell",
        |r| spans(&r.invocation.timing).unwrap_or(Dynamic::UNIT),
    ),
    property("response", "what the function answered; text if it is not JSON", |r| {
        response(&r.invocation.response)
    }),
    property("logs", "the last 4 KB of its log", |r| {
        r.invocation.log_tail.as_deref().map_or(Dynamic::UNIT, text)
    }),
    property("error_type", "of a failed one, for instance `Sandbox.Timedout`", |r| {
        r.invocation.error.as_ref().map_or(Dynamic::UNIT, |e| text(&e.error_type))
    }),
    property("error_message", "of a failed one", |r| {
        r.invocation.error.as_ref().map_or(Dynamic::UNIT, |e| text(&e.message))
    }),
];

/// Every property with what it is, for the documentation.
pub(crate) fn properties() -> impl Iterator<Item = (&'static str, &'static str)> {
    PROPERTIES.iter().map(|property| (property.name, property.doc))
}

impl InvocationResult {
    pub(crate) fn new(
        function: FunctionId,
        invocation: Invocation,
        cost_usd: f64,
    ) -> InvocationResult {
        let was_read = AtomicBool::new(invocation.is_recorded());
        InvocationResult(Arc::new(Recorded { function, invocation, cost_usd, was_read }))
    }

    /// The invocation as it was recorded.
    pub(crate) fn invocation(&self) -> &Invocation {
        &self.0.invocation
    }

    /// In US dollars.
    pub(crate) fn cost_usd(&self) -> f64 {
        self.0.cost_usd
    }

    /// Fails unless that property is known. What a resumed run does not have on record ends the run, and is never taken for
    /// nothing.
    pub(crate) fn check_known(&self, name: &str) -> Result<(), Fault> {
        let invocation = &self.0.invocation;
        let is_known = match name {
            "response" => false,
            "logs" => invocation.log_tail.is_some(),
            "error_message" => {
                invocation.error.as_ref().is_none_or(|error| !error.message.is_empty())
            }
            _ => true,
        };
        if is_known || invocation.provenance != (Provenance::Recorded { with_response: false }) {
            return Ok(());
        }
        Err(HostError::new(format!(
            "the run cannot be resumed: its script needs \"{name}\" of an invocation that was made before the interruption, and that is not on record; start anew"
        ))
        .into())
    }

    /// One line, for `print()`.
    pub(crate) fn line(&self) -> String {
        let Recorded { invocation, .. } = &*self.0;
        let ms = invocation.timing.latency_ns / 1_000_000;
        format!("{} {}, {ms} ms", invocation.start.as_str(), invocation.status.as_str())
    }
}

impl Session {
    /// The property of that name.
    pub(crate) fn property(&self, result: &InvocationResult, name: &str) -> Result<Dynamic, Fault> {
        let Some(property) = PROPERTIES.iter().find(|property| property.name == name) else {
            let known = PROPERTIES.iter().map(|property| property.name);
            return Err(suggest::unknown("property of an invocation", name, known).into());
        };
        result.check_known(name)?;
        self.reads();
        if matches!(name, "response" | "logs" | "error_message") {
            self.tell_read(result)?;
        }
        Ok((property.read)(&result.0))
    }

    /// Tells the host what is read, so that it is on record for a run that goes on from this one.
    pub(crate) fn tell_read(&self, result: &InvocationResult) -> Result<(), HostError> {
        let Recorded { function, invocation, was_read, .. } = &*result.0;
        match self.listener() {
            Some(host) if !was_read.swap(true, Ordering::Relaxed) => {
                host.read(*function, invocation)
            }
            _ => Ok(()),
        }
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
