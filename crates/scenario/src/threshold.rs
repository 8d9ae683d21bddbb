//! `threshold()`: what must hold of a function over the whole run, looked at when the run is over.

use kelvin_platform::FunctionId;
use rhai::{Map, NativeCallContext};

use crate::fields::{Fields, show};
use crate::function::Function;
use crate::host::{Measure, Side};
use crate::language::Language;
use crate::session::{Fault, Session};
use crate::tally::{Kind, Metric, Statistic, Unit};
use crate::{number, suggest};

const KEYS: [&str; 9] =
    ["function", "start", "metric", "p", "mean", "below_ms", "below", "above_ms", "above"];

/// A condition on what will have been recorded.
pub(crate) struct Threshold {
    pub(crate) name: String,
    function: FunctionId,
    kind: Kind,
    metric: Metric,
    statistic: Statistic,
    limit: f64,
    side: Side,
}

pub(crate) fn add(language: &mut Language<'_>) {
    language
        .add(
            "threshold(\"name\", #{ function, start, metric, p | mean, below_ms | below | above_ms | above })",
            "What must hold of a function over the whole run; it is looked at when the run is over, wherever it is declared. The start is \"warm\", \"cold\", \"any\" of both, or \"load\" for the invocations of loads. The metric is \"duration\" (the default), \"latency\", \"init\", \"total\" (INIT and the first duration) or \"billed\", which are below or above so many milliseconds; or \"cost\" (US dollars a million), \"failed\" or \"throttled\" (shares from 0 to 1), which are just below or above a number. It is a percentile `p`, or the mean. Without a start it is about warm starts, with init and total about cold ones, and shares are of all invocations. A threshold that the sample is too small for has failed: p90 needs 36 invocations, p99 368.",
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
        for Threshold { name, function, kind, metric, statistic, limit, side } in thresholds {
            let found = match self.state().tally_of(function) {
                None => Err("not enough data: nothing was invoked".to_owned()),
                Some(tally) => tally.statistic(kind, metric, statistic),
            };
            let passed = found.as_ref().is_ok_and(|(value, _)| match side {
                Side::Below => *value < limit,
                Side::Above => *value > limit,
            });
            let (value, n, reason) = match found {
                Ok((value, n)) => (Some(value), Some(n), None),
                Err(reason) => (None, None, Some(reason)),
            };
            let unit = metric.unit().name();
            let measure = Measure { value, limit, side, unit, n, reason };
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
        let metric = fields.string("metric")?.unwrap_or_else(|| "duration".to_owned());
        let metric = Metric::named(&metric)
            .ok_or_else(|| suggest::unknown("metric", &metric, Metric::ALL.map(Metric::name)))?;
        let kind = kind(&mut fields, metric)?;
        let statistic = statistic(&mut fields, metric)?;
        let (side, limit) = limit(&mut fields, metric)?;
        let function = function.0.id;
        Ok(Threshold { name: name.to_owned(), function, kind, metric, statistic, limit, side })
    }
}

/// Which invocations: those that are asked for, if they have the metric.
fn kind(fields: &mut Fields, metric: Metric) -> Result<Kind, String> {
    let Some(start) = fields.string("start")? else {
        return Ok(match metric {
            Metric::Init | Metric::Total => Kind::Cold,
            Metric::Failed | Metric::Throttled => Kind::Any,
            _ => Kind::Warm,
        });
    };
    let kind = Kind::named(&start)
        .ok_or_else(|| suggest::unknown("start", &start, Kind::ALL.map(Kind::name)))?;
    match (metric, kind) {
        (Metric::Init | Metric::Total, Kind::Warm) => {
            Err(format!("a warm start has no {}; set start: \"cold\"", metric.name()))
        }
        (Metric::Failed | Metric::Throttled, Kind::Warm | Kind::Cold) => Err(format!(
            "{} is a share of all invocations; leave out start, or set start: \"load\"",
            metric.name()
        )),
        _ => Ok(kind),
    }
}

fn statistic(fields: &mut Fields, metric: Metric) -> Result<Statistic, String> {
    let mean = fields.value("mean").map(|value| {
        value.as_bool().map_err(|_| format!("mean: expected true or false, got {}", show(&value)))
    });
    let mean = mean.transpose()?.unwrap_or(false);
    let Some(p) = fields.value("p") else { return Ok(Statistic::Mean) };
    let percent = number::as_float(&p).filter(|p| *p > 0.0 && *p < 100.0).ok_or_else(|| {
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

fn limit(fields: &mut Fields, metric: Metric) -> Result<(Side, f64), String> {
    let in_ms = metric.unit() == Unit::Milliseconds;
    let keys = [("below_ms", Side::Below, true), ("below", Side::Below, false)];
    let keys =
        keys.into_iter().chain([("above_ms", Side::Above, true), ("above", Side::Above, false)]);
    let given = keys.filter_map(|(key, side, ms)| Some((key, side, ms, fields.value(key)?)));
    let given: Vec<_> = given.collect();
    let [(key, side, ms, value)] = given.as_slice() else {
        let unit = if in_ms { "_ms" } else { "" };
        let what = if given.is_empty() { "give the limit" } else { "give only one limit" };
        return Err(format!("{what}: below{unit} or above{unit}"));
    };
    if *ms != in_ms {
        let other =
            if in_ms { format!("{key}_ms") } else { key.trim_end_matches("_ms").to_owned() };
        return Err(format!("{} is compared with {other}, not with {key}", metric.name()));
    }
    let number = number::as_float(value).filter(|number| number.is_finite());
    let number = number.ok_or_else(|| format!("{key}: expected a number, got {}", show(value)))?;
    Ok((*side, number))
}
