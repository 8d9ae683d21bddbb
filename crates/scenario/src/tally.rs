//! What a run has seen of a function so far: for scripts that react to it, and for thresholds.

use kelvin_lambda::{Invocation, Start, Status};
use kelvin_stats::{Sample, quantile_needs};
use rhai::{Dynamic, Map};

/// Counts, and the numbers that quantiles are made of: 40 bytes an invocation.
#[derive(Default)]
pub(crate) struct Tally {
    all: Counts,
    /// Those of `all` that were of loads.
    of_loads: Counts,
    cold: Numbers,
    warm: Numbers,
    load: Numbers,
}

/// How invocations ended.
#[derive(Default)]
struct Counts {
    invocations: u64,
    failed: u64,
    throttled: u64,
}

/// Of invocations of one kind that succeeded.
#[derive(Default)]
struct Numbers {
    duration_ns: Vec<u64>,
    latency_ns: Vec<u64>,
    init_ns: Vec<u64>,
    total_ns: Vec<u64>,
    billed_ms: Vec<u64>,
    /// Of all of them, each with the configuration that it ran with.
    cost_usd: f64,
}

/// Which invocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Warm,
    Cold,
    /// Both of them.
    Any,
    /// Those of loads, however they started.
    Load,
}

/// Which quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metric {
    Duration,
    Latency,
    Init,
    Total,
    Billed,
    Cost,
    Failed,
    Throttled,
}

/// What a quantity is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Milliseconds,
    UsDollars,
    Share,
}

/// What is made of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Statistic {
    Mean,
    Quantile(f64),
}

impl Kind {
    pub(crate) const ALL: [Kind; 4] = [Kind::Warm, Kind::Cold, Kind::Any, Kind::Load];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Warm => "warm",
            Kind::Cold => "cold",
            Kind::Any => "any",
            Kind::Load => "load",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Metric {
    pub(crate) const ALL: [Metric; 8] = [
        Metric::Duration,
        Metric::Latency,
        Metric::Init,
        Metric::Total,
        Metric::Billed,
        Metric::Cost,
        Metric::Failed,
        Metric::Throttled,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Metric::Duration => "duration",
            Metric::Latency => "latency",
            Metric::Init => "init",
            Metric::Total => "total",
            Metric::Billed => "billed",
            Metric::Cost => "cost",
            Metric::Failed => "failed",
            Metric::Throttled => "throttled",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Metric> {
        Metric::ALL.into_iter().find(|metric| metric.name() == name)
    }

    pub(crate) fn unit(self) -> Unit {
        match self {
            Metric::Cost => Unit::UsDollars,
            Metric::Failed | Metric::Throttled => Unit::Share,
            _ => Unit::Milliseconds,
        }
    }
}

impl Unit {
    /// As it stands in records.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Unit::Milliseconds => "ms",
            Unit::UsDollars => "usd_per_million",
            Unit::Share => "share",
        }
    }
}

impl Tally {
    /// Adds recorded invocations; `cost_usd` is of a Billed Duration, with the configuration that they ran with.
    pub(crate) fn add(
        &mut self,
        recorded: &[Invocation],
        of_load: bool,
        cost_usd: impl Fn(u64) -> f64,
    ) {
        for invocation in recorded {
            self.all.add(invocation.status);
            if of_load {
                self.of_loads.add(invocation.status);
            }
            if invocation.status != Status::Ok {
                continue;
            }
            let numbers = match invocation.start {
                _ if of_load => &mut self.load,
                Start::Cold => &mut self.cold,
                Start::Warm => &mut self.warm,
                Start::SuppressedInit | Start::ProactiveInit => continue,
            };
            numbers.add(invocation, cost_usd(invocation.billed_ms));
        }
    }

    /// As a map of the script.
    pub(crate) fn to_map(&self) -> Map {
        Map::from([
            ("invocations".into(), count(self.all.invocations)),
            ("failed".into(), count(self.all.failed)),
            ("throttled".into(), count(self.all.throttled)),
            ("cold".into(), self.cold.to_map().into()),
            ("warm".into(), self.warm.to_map().into()),
            ("load".into(), self.load.to_map().into()),
        ])
    }

    /// Which share of all invocations, or of those of loads, ended in a way; and of how many.
    pub(crate) fn share(&self, metric: Metric, of_loads: bool) -> Result<(f64, u64), String> {
        let counts = if of_loads { &self.of_loads } else { &self.all };
        let part = if metric == Metric::Throttled { counts.throttled } else { counts.failed };
        match counts.invocations {
            0 => Err("not enough data: nothing was invoked".to_owned()),
            all => Ok((float(part) / float(all), all)),
        }
    }

    /// A statistic of those that succeeded and the size of its sample; otherwise what the sample lacks.
    pub(crate) fn statistic(
        &self,
        kind: Kind,
        metric: Metric,
        statistic: Statistic,
    ) -> Result<(f64, u64), String> {
        let numbers: &[&Numbers] = match kind {
            Kind::Warm => &[&self.warm],
            Kind::Cold => &[&self.cold],
            Kind::Any => &[&self.warm, &self.cold],
            Kind::Load => &[&self.load],
        };
        let gather = |of: fn(&Numbers) -> &[u64], unit: f64| -> Sample {
            let values = numbers.iter().flat_map(|numbers| of(numbers));
            values.map(|&value| float(value) / unit).collect()
        };
        let sample = match metric {
            Metric::Failed | Metric::Throttled => return self.share(metric, kind == Kind::Load),
            Metric::Duration => gather(|n| &n.duration_ns, 1e6),
            Metric::Latency => gather(|n| &n.latency_ns, 1e6),
            Metric::Init => gather(|n| &n.init_ns, 1e6),
            Metric::Total => gather(|n| &n.total_ns, 1e6),
            Metric::Billed | Metric::Cost => gather(|n| &n.billed_ms, 1.0),
        };
        let (needs, value) = match statistic {
            Statistic::Mean => (1, sample.mean()),
            Statistic::Quantile(q) => (quantile_needs(q), sample.quantile(q)),
        };
        let n = sample.len();
        let Some(value) = value.filter(|_| n >= needs) else {
            let plural = if needs == 1 { "" } else { "s" };
            return Err(format!("not enough data: needs {needs} invocation{plural}, has {n}"));
        };
        let cost = || numbers.iter().map(|numbers| numbers.cost_usd).sum::<f64>() * 1e6 / float(n);
        Ok((if metric == Metric::Cost { cost() } else { value }, n))
    }
}

impl Counts {
    fn add(&mut self, status: Status) {
        self.invocations += 1;
        self.failed += u64::from(status != Status::Ok);
        self.throttled += u64::from(status == Status::Throttled);
    }
}

impl Numbers {
    fn add(&mut self, invocation: &Invocation, cost_usd: f64) {
        let timing = &invocation.timing;
        self.latency_ns.push(timing.latency_ns);
        self.duration_ns.extend(timing.duration_ns());
        self.init_ns.extend(timing.init_ns);
        self.total_ns.extend(timing.cold_total_ns());
        self.billed_ms.push(invocation.billed_ms);
        self.cost_usd += cost_usd;
    }

    fn to_map(&self) -> Map {
        let billed: Sample = self.billed_ms.iter().map(|&ms| float(ms)).collect();
        let cost = billed.mean().map(|_| self.cost_usd * 1e6 / float(billed.len()));
        Map::from([
            ("count".into(), count(self.latency_ns.len() as u64)),
            ("duration".into(), quantiles(&self.duration_ns).into()),
            ("latency".into(), quantiles(&self.latency_ns).into()),
            ("init".into(), quantiles(&self.init_ns).into()),
            ("total".into(), quantiles(&self.total_ns).into()),
            ("billed_ms".into(), number(billed.mean())),
            ("cost_per_million_usd".into(), number(cost)),
        ])
    }
}

/// Mean and quantiles in milliseconds; `()` where the sample is too small.
pub(crate) fn quantiles(ns: &[u64]) -> Map {
    let sample: Sample = ns.iter().map(|&ns| float(ns) / 1e6).collect();
    let at = |q| sample.quantile_if_enough(q);
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
