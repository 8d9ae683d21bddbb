//! `threshold()`: what must hold of a function over the whole run, looked at when the run is over.

use kelvin_lambda::FunctionConfig;
use kelvin_platform::FunctionId;
use rhai::{Map, NativeCallContext};

use crate::fields::{Fields, show};
use crate::function::Function;
use crate::host::Measure;
use crate::language::Language;
use crate::session::{Fault, Session};
use crate::suggest;
use crate::tally::{Kind, Metric, Statistic, Unit};

const KEYS: [&str; 7] = ["function", "start", "metric", "p", "mean", "below_ms", "below"];

/// A condition on what will have been recorded.
pub(crate) struct Threshold {
    pub(crate) name: String,
    function: FunctionId,
    config: FunctionConfig,
    kind: Kind,
    metric: Metric,
    statistic: Statistic,
    below: f64,
}

pub(crate) fn add(language: &mut Language<'_>) {
    language
        .add(
            "threshold(\"name\", #{ function, start, metric, p | mean, below_ms | below })",
            "What must hold of a function over the whole run; it is looked at when the run is over, wherever it is declared. The start is \"warm\" (the default), \"cold\", \"any\" of both, or \"load\" for the invocations of loads. The metric is \"duration\" (the default), \"latency\", \"init\", \"total\" (INIT and the first duration) or \"billed\", which are below so many milliseconds; or \"cost\" (US dollars a million), \"failed\" or \"throttled\" (shares from 0 to 1), which are just below a number. It is a percentile `p`, or the mean. A threshold that the sample is too small for has failed: p90 needs 36 invocations, p99 368.",
            |s| {
                move |ctx: NativeCallContext<'_>, name: &str, map: Map| {
                    s.answer(&ctx, s.threshold(name, map))
                }
            },
        )
        .example("threshold(\"warm p90 below 50 ms\", #{ function: f, start: \"warm\", metric: \"duration\", p: 90, below_ms: 50 });\nf.invoke();\nf.repeat(40);");
}

impl Session {
    fn threshold(&self, name: &str, map: Map) -> Result<(), Fault> {
        self.outside("threshold")?;
        let threshold = Threshold::read(name, map).map_err(|e| format!("threshold: {e}"))?;
        self.state().thresholds.push(threshold);
        Ok(())
    }

    /// Looks at every threshold.
    pub(crate) fn decide_thresholds(&self) {
        let Ok(outside) = self.outside("threshold") else { return };
        let thresholds = std::mem::take(&mut self.state().thresholds);
        for Threshold { name, function, config, kind, metric, statistic, below } in thresholds {
            let found = match self.state().tally_of(function) {
                None => Err("nothing was invoked".to_owned()),
                Some(tally) => tally.statistic(kind, metric, statistic, &config, &self.prices),
            };
            let passed = found.as_ref().is_ok_and(|(value, _)| *value < below);
            let (value, n, reason) = match found {
                Ok((value, n)) => (Some(value), Some(n), None),
                Err(reason) => (None, None, Some(reason)),
            };
            let measure = Measure { value, below, unit: metric.unit().name(), n, reason };
            self.check(outside, &name, passed, Some(&measure));
        }
    }
}

impl Threshold {
    fn read(name: &str, map: Map) -> Result<Threshold, String> {
        let mut fields = Fields::new("key", map, &KEYS)?;
        let Some(function) = fields.value("function") else {
            return Err("give the function that it is about".to_owned());
        };
        let got = show(&function);
        let function = function
            .try_cast::<Function>()
            .ok_or_else(|| format!("function: expected a function, got {got}"))?;
        let start = fields.string("start")?.unwrap_or_else(|| "warm".to_owned());
        let kind = Kind::named(&start)
            .ok_or_else(|| suggest::unknown("start", &start, Kind::ALL.map(Kind::name)))?;
        let metric = fields.string("metric")?.unwrap_or_else(|| "duration".to_owned());
        let metric = Metric::named(&metric)
            .ok_or_else(|| suggest::unknown("metric", &metric, Metric::ALL.map(Metric::name)))?;
        let statistic = statistic(&mut fields, metric)?;
        let below = below(&mut fields, metric)?;
        let config = function.0.config().clone();
        let function = function.0.id;
        Ok(Threshold { name: name.to_owned(), function, config, kind, metric, statistic, below })
    }
}

fn statistic(fields: &mut Fields, metric: Metric) -> Result<Statistic, String> {
    let mean = fields.value("mean").map(|value| {
        value.as_bool().map_err(|_| format!("mean: expected true or false, got {}", show(&value)))
    });
    let mean = mean.transpose()?.unwrap_or(false);
    let Some(p) = fields.value("p") else { return Ok(Statistic::Mean) };
    let percent = p.as_float().ok().or_else(|| p.as_int().ok().map(|p| p as f64));
    let percent = percent.filter(|p| *p > 0.0 && *p < 100.0).ok_or_else(|| {
        format!("p: expected a percentile above 0 and below 100, got {}", show(&p))
    })?;
    if mean {
        return Err("give either p or mean, not both".to_owned());
    }
    if metric.unit() != Unit::Milliseconds {
        return Err(format!("{} has no percentiles; leave out p", metric.name()));
    }
    Ok(Statistic::Quantile(percent / 100.0))
}

fn below(fields: &mut Fields, metric: Metric) -> Result<f64, String> {
    let key = if metric.unit() == Unit::Milliseconds { "below_ms" } else { "below" };
    let other = if key == "below" { "below_ms" } else { "below" };
    if fields.value(other).is_some() {
        return Err(format!("{} is compared with {key}, not with {other}", metric.name()));
    }
    let Some(value) = fields.value(key) else {
        return Err(format!("give the limit: {key}"));
    };
    let number = value.as_float().ok().or_else(|| value.as_int().ok().map(|n| n as f64));
    number
        .filter(|number| number.is_finite())
        .ok_or_else(|| format!("{key}: expected a number, got {}", show(&value)))
}
