//! `threshold()`: what must hold of a function over the whole run, looked at when the run is over.

use kelvin_platform::FunctionId;
use kelvin_stats::share_needs;
use rhai::{Map, NativeCallContext};

use crate::fields::{Fields, show};
use crate::figure::Figure;
use crate::function::Function;
use crate::host::{Measure, Side};
use crate::language::Language;
use crate::quantity::{Kind, Metric, Statistic, Unit};
use crate::session::{Fault, Session};
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
            "What must hold of a function over the whole run; it is looked at when the run is over, wherever it is declared. The start is \"warm\", \"cold\", \"any\" of both, or \"load\" for the invocations of loads. The metric is \"duration\" (the default), \"latency\", \"init\", \"total\" (INIT and the first duration) or \"billed\", which are below or above so many milliseconds; or \"cost\" (US dollars a million), \"failed\" or \"throttled\" (shares from 0 to 1), which are just below or above a number. It is a percentile `p`, or the mean. Without a start it is about warm starts, with init and total about cold ones, and shares are of all invocations. Percentiles and shares are decided by their 95 % interval: where all of it is on the good side, the threshold has passed, and where none of it is, it has failed. Otherwise it is undecided, which fails the run's checks as well, and so is one that the sample is too small for: warm percentiles need 6 launches (with 10 invocations each for p90, 100 for p99), cold ones 36 launches for p90 and 368 for p99, and those of loads as many requests; that fewer than 1 in 1,000 fails takes 3,688 invocations of which none does. Means are decided by their point alone. `kelvin check` says beforehand which thresholds the plan is too small for.",
            |s| {
                move |ctx: NativeCallContext<'_>, name: &str, map: Map| {
                    s.answer(&ctx, s.threshold(name, map))
                }
            },
        )
        .example("threshold(\"warm p90 below 50 ms\", #{ function: f, start: \"warm\", metric: \"duration\", p: 90, below_ms: 50 });\nfor launch in 0..6 { f.recycle(); f.invoke(); f.repeat(10); }");
}

impl Session {
    fn threshold(&self, name: &str, map: Map) -> Result<(), Fault> {
        self.outside("threshold")?;
        self.add_check("threshold", name)?;
        let threshold = Threshold::read(name, map).map_err(|e| format!("threshold: {e}"))?;
        self.state().thresholds.push(threshold);
        Ok(())
    }

    /// Looks at every threshold.
    pub(crate) fn decide_thresholds(&self) {
        let Ok(outside) = self.outside("threshold") else { return };
        let thresholds = std::mem::take(&mut self.state().thresholds);
        for Threshold { name, function, kind, metric, statistic, limit, side } in thresholds {
            let figure = self.state().tally(function).figure(kind, metric, statistic);
            let verdict = verdict(&figure, metric, statistic, side, limit);
            let measure = Measure {
                value: figure.value,
                ci95: figure.ci95,
                limit,
                side,
                unit: metric.unit().name(),
                n: Some(figure.n),
                launches: figure.launches,
                undecided: verdict == Verdict::Undecided,
                reason: reason(&figure, verdict, metric, side, limit),
            };
            self.check(outside, &name, verdict == Verdict::Passed, Some(&measure));
        }
    }
}

/// What becomes of a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    /// What was measured says neither.
    Undecided,
}

/// By the interval of a share or a quantile, and by the point of a mean.
fn verdict(
    figure: &Figure,
    metric: Metric,
    statistic: Statistic,
    side: Side,
    limit: f64,
) -> Verdict {
    let is_good = |x: f64| match side {
        Side::Below => x < limit,
        Side::Above => x > limit,
    };
    let by_point = statistic == Statistic::Mean && metric.unit() != Unit::Share;
    let bounds = if by_point { figure.value.map(|value| [value; 2]) } else { figure.ci95 };
    match bounds.map(|bounds| bounds.map(is_good)) {
        Some([true, true]) => Verdict::Passed,
        Some([false, false]) => Verdict::Failed,
        _ => Verdict::Undecided,
    }
}

/// Why a threshold is undecided, with what would decide it where that is known.
fn reason(
    figure: &Figure,
    verdict: Verdict,
    metric: Metric,
    side: Side,
    limit: f64,
) -> Option<String> {
    if verdict != Verdict::Undecided {
        return None;
    }
    if figure.ci95.is_none() {
        return figure.why.clone();
    }
    if metric.unit() != Unit::Share {
        return Some("the interval contains the limit; more launches narrow it".to_owned());
    }
    let needs = share_needs(if side == Side::Below { limit } else { 1.0 - limit });
    Some(if figure.n < needs && needs < u64::MAX {
        format!(
            "the interval contains the limit; it takes {needs} invocations at least, has {}",
            figure.n
        )
    } else {
        "the interval contains the limit; more invocations narrow it".to_owned()
    })
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
        let metric = metric(&mut fields)?;
        let kind = kind(&mut fields, metric)?;
        let statistic = statistic(&mut fields, metric)?;
        let (side, limit) = limit(&mut fields, metric)?;
        let function = function.0.id;
        Ok(Threshold { name: name.to_owned(), function, kind, metric, statistic, limit, side })
    }
}

/// Which quantity; the duration if none is named.
pub(crate) fn metric(fields: &mut Fields) -> Result<Metric, String> {
    let metric = fields.string("metric")?.unwrap_or_else(|| "duration".to_owned());
    Metric::named(&metric)
        .ok_or_else(|| suggest::unknown("metric", &metric, Metric::ALL.map(Metric::name)))
}

/// Which invocations: those that are asked for, if they have the metric.
pub(crate) fn kind(fields: &mut Fields, metric: Metric) -> Result<Kind, String> {
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

/// A percentile, or else the mean.
pub(crate) fn statistic(fields: &mut Fields, metric: Metric) -> Result<Statistic, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const P50: Statistic = Statistic::Quantile(0.5);

    #[test]
    fn an_interval_decides_only_if_all_of_it_is_on_one_side() {
        let check = |ci95, side, limit, expected| {
            let figure = Figure { value: Some(2.0), ci95, ..Figure::default() };
            let found = verdict(&figure, Metric::Duration, P50, side, limit);
            assert_eq!(found, expected, "{ci95:?} {side:?} {limit}");
        };
        let narrow = Some([1.0, 3.0]);
        check(narrow, Side::Below, 3.5, Verdict::Passed);
        check(narrow, Side::Below, 3.0, Verdict::Undecided);
        check(narrow, Side::Below, 2.5, Verdict::Undecided);
        check(narrow, Side::Below, 1.0, Verdict::Failed);
        check(narrow, Side::Above, 0.5, Verdict::Passed);
        check(narrow, Side::Above, 1.0, Verdict::Undecided);
        check(narrow, Side::Above, 3.0, Verdict::Failed);
        check(None, Side::Below, 3.5, Verdict::Undecided);
    }

    #[test]
    fn a_mean_is_decided_by_its_point_and_nothing_by_nothing() {
        let mean = |value| {
            let figure = Figure { value, ci95: Some([0.0, 9.0]), ..Figure::default() };
            verdict(&figure, Metric::Cost, Statistic::Mean, Side::Below, 3.0)
        };
        assert_eq!(mean(Some(2.0)), Verdict::Passed);
        assert_eq!(mean(Some(3.0)), Verdict::Failed);
        assert_eq!(mean(None), Verdict::Undecided);
        let share =
            Figure { value: Some(0.0), ci95: Some([0.0, 0.036]), n: 100, ..Figure::default() };
        let found = |limit| verdict(&share, Metric::Failed, Statistic::Mean, Side::Below, limit);
        assert_eq!(found(0.05), Verdict::Passed);
        assert_eq!(found(0.001), Verdict::Undecided);
        let why = |limit| reason(&share, found(limit), Metric::Failed, Side::Below, limit);
        assert_eq!(why(0.05), None);
        let needs = "the interval contains the limit; it takes 3688 invocations at least, has 100";
        assert_eq!(why(0.001).as_deref(), Some(needs));
    }
}
