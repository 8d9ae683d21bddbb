//! What a run has seen of a function so far, for scripts that react to it: `f.summary()`.

use kelvin_lambda::{FunctionConfig, Invocation, PriceTable, Start, Status};
use kelvin_stats::{Sample, quantile_needs};
use rhai::{Dynamic, Map};

/// Counts, and the numbers that quantiles are made of: 40 bytes an invocation.
#[derive(Default)]
pub(crate) struct Tally {
    invocations: u64,
    failed: u64,
    throttled: u64,
    cold: Numbers,
    warm: Numbers,
}

/// Of the invocations that succeeded after one kind of start, outside of loads.
#[derive(Default)]
struct Numbers {
    duration_ns: Vec<u64>,
    latency_ns: Vec<u64>,
    init_ns: Vec<u64>,
    total_ns: Vec<u64>,
    billed_ms: Vec<u64>,
}

impl Tally {
    /// Adds recorded invocations. Those of a load are only counted: they are of another kind, and the load has told them.
    pub(crate) fn add(&mut self, recorded: &[Invocation], of_load: bool) {
        for invocation in recorded {
            self.invocations += 1;
            self.throttled += u64::from(invocation.status == Status::Throttled);
            if invocation.status != Status::Ok {
                self.failed += 1;
                continue;
            }
            match invocation.start {
                Start::Cold if !of_load => self.cold.add(invocation),
                Start::Warm if !of_load => self.warm.add(invocation),
                _ => {}
            }
        }
    }

    /// As a map of the script; costs are of this configuration.
    pub(crate) fn to_map(&self, config: &FunctionConfig, prices: &PriceTable) -> Map {
        Map::from([
            ("invocations".into(), count(self.invocations)),
            ("failed".into(), count(self.failed)),
            ("throttled".into(), count(self.throttled)),
            ("cold".into(), self.cold.to_map(config, prices).into()),
            ("warm".into(), self.warm.to_map(config, prices).into()),
        ])
    }
}

impl Numbers {
    fn add(&mut self, invocation: &Invocation) {
        let timing = &invocation.timing;
        self.latency_ns.push(timing.latency_ns);
        self.duration_ns.extend(timing.duration_ns());
        self.init_ns.extend(timing.init_ns);
        self.total_ns.extend(timing.cold_total_ns());
        self.billed_ms.push(invocation.billed_ms);
    }

    fn to_map(&self, config: &FunctionConfig, prices: &PriceTable) -> Map {
        let sample: Sample = self.billed_ms.iter().map(|&ms| float(ms)).collect();
        let cost = sample.mean().map(|billed_ms| {
            let (memory, storage) = (config.memory_size, config.ephemeral_storage);
            prices.cost(memory, config.architecture, storage, billed_ms).total_usd() * 1e6
        });
        Map::from([
            ("count".into(), count(self.latency_ns.len() as u64)),
            ("duration".into(), quantiles(&self.duration_ns).into()),
            ("latency".into(), quantiles(&self.latency_ns).into()),
            ("init".into(), quantiles(&self.init_ns).into()),
            ("total".into(), quantiles(&self.total_ns).into()),
            ("billed_ms".into(), number(sample.mean())),
            ("cost_per_million_usd".into(), number(cost)),
        ])
    }
}

/// Mean and quantiles in milliseconds; `()` where the sample is too small.
pub(crate) fn quantiles(ns: &[u64]) -> Map {
    let sample: Sample = ns.iter().map(|&ns| float(ns) / 1e6).collect();
    let at = |q| sample.quantile(q).filter(|_| sample.len() >= quantile_needs(q));
    Map::from([
        ("mean_ms".into(), number(sample.mean())),
        ("p50_ms".into(), number(at(0.5))),
        ("p90_ms".into(), number(at(0.9))),
        ("p99_ms".into(), number(at(0.99))),
    ])
}

fn number(value: Option<f64>) -> Dynamic {
    value.map_or(Dynamic::UNIT, Dynamic::from)
}

pub(crate) fn count(value: u64) -> Dynamic {
    i64::try_from(value).unwrap_or(i64::MAX).into()
}

#[expect(clippy::cast_precision_loss, reason = "2^53 ns are 104 days")]
fn float(value: u64) -> f64 {
    value as f64
}
