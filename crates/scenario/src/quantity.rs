//! What `threshold()` and `compare()` can be about: which invocations, which quantity, which statistic.

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
