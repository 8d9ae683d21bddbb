//! A statistic as scripts and thresholds see it: the number, its interval, and what it is made of.

use kelvin_stats::{
    ByLaunch, Estimate, Interval, PSEUDO_MEDIAN_NEEDS, Sample, TooFew, mean, quantile,
};
use rhai::{Dynamic, Map, NativeCallContext};

use crate::fields::show;
use crate::language::Language;
use crate::number::{as_float, significant, with_decimals};
use crate::quantity::{Metric, Statistic, Unit};

const LAUNCHES: [&str; 2] = ["launch", "launches"];

/// One number with its 95 % interval, or why there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Figure {
    pub(crate) value: Option<f64>,
    pub(crate) ci95: Option<[f64; 2]>,
    /// Why one of the two is missing.
    pub(crate) why: Option<String>,
    /// How many numbers it is made of.
    pub(crate) n: u64,
    /// Of how many launches; `None` where launches play no part.
    pub(crate) launches: Option<u64>,
}

impl Figure {
    /// Of an estimate, or of what it lacks.
    pub(crate) fn new(estimate: Result<Estimate, String>) -> Figure {
        let Estimate { value, ci95 } = match estimate {
            Ok(estimate) => estimate,
            Err(why) => return Figure { why: Some(why), ..Figure::default() },
        };
        let (ci95, why) = match ci95 {
            Ok(Interval { low, high }) => (Some([low, high]), None),
            Err(too_few) => (None, Some(format!("interval {}", too_few.of(LAUNCHES)))),
        };
        Figure { value: Some(value), ci95, why, ..Figure::default() }
    }

    /// `#{ value, low, high, unit, why }`.
    pub(crate) fn to_map(&self, unit: &str) -> Map {
        Map::from([
            ("value".into(), number(self.value)),
            ("low".into(), number(self.ci95.map(|[low, _]| low))),
            ("high".into(), number(self.ci95.map(|[_, high]| high))),
            ("unit".into(), unit.to_owned().into()),
            ("why".into(), self.why.clone().map_or(Dynamic::UNIT, Dynamic::from)),
        ])
    }
}

/// The numbers of one quantity, by what they are one sample of.
pub(crate) enum Sampled {
    /// One number a launch.
    Launches(Sample),
    /// Several numbers a launch, which counts once.
    Invocations(ByLaunch),
    /// The requests of loads.
    Requests(Sample),
}

impl Sampled {
    /// How many numbers there are.
    pub(crate) fn n(&self) -> u64 {
        match self {
            Sampled::Launches(sample) | Sampled::Requests(sample) => sample.len(),
            Sampled::Invocations(numbers) => numbers.len(),
        }
    }

    /// Of how many launches; of requests this is not counted.
    pub(crate) fn launches(&self) -> u64 {
        match self {
            Sampled::Launches(sample) => sample.len(),
            Sampled::Invocations(numbers) => numbers.launches(),
            Sampled::Requests(_) => 0,
        }
    }

    /// The statistic with its interval; the mean of requests has none, as they are not independent of each other.
    pub(crate) fn figure(&self, statistic: Statistic) -> Figure {
        let of = |units: [&'static str; 2]| move |too_few: TooFew| too_few.of(units);
        let estimate = match (self, statistic) {
            (Sampled::Launches(sample), Statistic::Mean) => mean(sample).map_err(of(LAUNCHES)),
            (Sampled::Launches(sample), Statistic::Quantile(q)) => {
                quantile(sample, q).map_err(of(LAUNCHES))
            }
            (Sampled::Invocations(numbers), Statistic::Mean) => {
                numbers.mean().map_err(of(LAUNCHES))
            }
            (Sampled::Invocations(numbers), Statistic::Quantile(q)) => {
                numbers.quantile(q).map_err(of(LAUNCHES))
            }
            (Sampled::Requests(sample), Statistic::Mean) => match sample.mean() {
                Some(value) => {
                    let why = Some("requests of a load are one sample of it".to_owned());
                    return Figure { value: Some(value), why, n: self.n(), ..Figure::default() };
                }
                None => Err("needs 1 request, has 0".to_owned()),
            },
            (Sampled::Requests(sample), Statistic::Quantile(q)) => {
                quantile(sample, q).map_err(of(["request", "requests"]))
            }
        };
        let launches = match self {
            Sampled::Requests(_) => None,
            _ => Some(self.launches()),
        };
        Figure { n: self.n(), launches, ..Figure::new(estimate) }
    }

    /// Mean and quantiles, each as `say` completes it, and what was seen where there is too little for a median.
    pub(crate) fn to_map(&self, metric: Metric, say: impl Fn(Figure) -> Figure) -> Map {
        let unit = match metric.unit() {
            Unit::Milliseconds => "ms",
            Unit::UsDollars => "usd",
            Unit::Share => "share",
        };
        let statistics = [
            ("mean", Statistic::Mean),
            ("p50", Statistic::Quantile(0.5)),
            ("p90", Statistic::Quantile(0.9)),
            ("p99", Statistic::Quantile(0.99)),
        ];
        let mut map = Map::from([
            ("count".into(), count(self.n())),
            ("launches".into(), count(self.launches())),
        ]);
        let mut seen = Dynamic::UNIT;
        for (name, statistic) in statistics {
            let figure = say(self.figure(statistic));
            if name == "p50" && figure.value.is_none() {
                seen = self.seen();
            }
            map.insert(format!("{name}_ms").into(), number(figure.value));
            map.insert(name.into(), figure.to_map(unit).into());
        }
        map.insert("seen".into(), seen);
        map
    }

    fn seen(&self) -> Dynamic {
        let seen = match self {
            Sampled::Launches(sample) | Sampled::Requests(sample) => sample.seen(),
            Sampled::Invocations(numbers) => numbers.seen(),
        };
        let Some(seen) = seen else { return Dynamic::UNIT };
        Map::from([
            ("min_ms".into(), seen.min.into()),
            ("median_ms".into(), seen.median.into()),
            ("max_ms".into(), seen.max.into()),
        ])
        .into()
    }
}

/// Mean and quantiles of the requests of loads; `()` where there are too few. A load is one sample of its level, so that
/// none has an interval.
pub(crate) fn load_map(sample: &Sample) -> Map {
    let at = |q| sample.quantile_if_enough(q);
    Map::from([
        ("mean_ms".into(), number(sample.mean())),
        ("p50_ms".into(), number(at(0.5))),
        ("p90_ms".into(), number(at(0.9))),
        ("p99_ms".into(), number(at(0.99))),
    ])
}

/// Milliseconds of nanoseconds.
pub(crate) fn milliseconds(ns: &[u64]) -> Sample {
    #[expect(clippy::cast_precision_loss, reason = "2^53 ns are 104 days")]
    ns.iter().map(|&ns| ns as f64 / 1e6).collect()
}

/// A number of a script; `()` for none.
pub(crate) fn number(value: Option<f64>) -> Dynamic {
    value.map_or(Dynamic::UNIT, Dynamic::from)
}

/// A count of a script.
pub(crate) fn count(value: u64) -> Dynamic {
    i64::try_from(value).unwrap_or(i64::MAX).into()
}

/// Makes `figure()` known.
pub(crate) fn add(language: &mut Language<'_>) {
    language
        .add(
            "figure(statistic)",
            "A statistic of `f.summary()` or `compare()` as a text: the number with three significant digits, its unit, and its 95 % interval or why there is none.",
            |s| {
                move |ctx: NativeCallContext<'_>, statistic: Dynamic| {
                    s.answer(&ctx, shown(&statistic).map_err(Into::into))
                }
            },
        )
        .returns("a text, such as `2.43 ms (2.32–2.50)`")
        .example("f.repeat(20);\nnote(`${f.describe().name}: ${figure(f.summary().warm.duration.mean)}`);");
}

fn shown(statistic: &Dynamic) -> Result<String, String> {
    let wrong = || {
        let got = show(statistic);
        format!("figure: expected a statistic such as f.summary().warm.duration.p50, got {got}")
    };
    let map = statistic.read_lock::<Map>().ok_or_else(wrong)?;
    let value = map.get("value").ok_or_else(wrong)?;
    let text = |key: &str| map.get(key).and_then(|text| text.clone().into_string().ok());
    let bound = |key: &str| map.get(key).and_then(as_float);
    let unit = text("unit").unwrap_or_default();
    let with_unit = |number: &str| match unit.as_str() {
        "usd" => format!("${number}"),
        "" => number.to_owned(),
        unit => format!("{number} {unit}"),
    };
    let (said, around) = match (as_float(value), bound("low").zip(bound("high"))) {
        (Some(value), Some((low, high))) => {
            // Of nothing, the bounds say how finely to read it.
            let like = if value == 0.0 { high.abs().max(low.abs()) } else { value };
            let to = if low < 0.0 { " to " } else { "–" };
            let [said, low, high] = [value + 0.0, low, high].map(|x| with_decimals(x, like, 3));
            (said, Some(format!("{low}{to}{high}")))
        }
        (Some(value), None) => (significant(value, 3), text("why")),
        (None, _) => {
            let why = text("why").map(|why| format!(" ({why})")).unwrap_or_default();
            return Ok(format!("–{why}"));
        }
    };
    let around = around.map(|around| format!(" ({around})")).unwrap_or_default();
    Ok(format!("{}{around}", with_unit(&said)))
}

/// What pairs lack.
pub(crate) fn pairs_lack(too_few: TooFew) -> String {
    debug_assert_eq!(too_few.needs, PSEUDO_MEDIAN_NEEDS);
    too_few.of(["pair of launches", "pairs of launches"])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(statistic: &Figure, unit: &str, expected: &str) {
        assert_eq!(shown(&statistic.to_map(unit).into()), Ok(expected.to_owned()));
    }

    #[test]
    fn a_figure_has_its_interval_or_says_why_not() {
        let value = |value, ci95| Figure { value, ci95, ..Figure::default() };
        check(&value(Some(2.4321), Some([2.3217, 2.5])), "ms", "2.43 ms (2.32–2.50)");
        check(&value(Some(0.25), Some([0.2487, 0.3])), "usd", "$0.250 (0.249–0.300)");
        check(&value(Some(2.0), Some([1.5, 12.0])), "", "2.00 (1.50–12.00)");
        check(&value(Some(-0.0), Some([-1.0, 0.5])), "ms", "0.00 ms (-1.00 to 0.50)");
        let why = Some("interval needs 10 launches, has 6".to_owned());
        let figure = Figure { why, ..value(Some(2.0), None) };
        check(&figure, "ms", "2.00 ms (interval needs 10 launches, has 6)");
        let figure = Figure::new(Err("needs 6 launches, has 1".to_owned()));
        check(&figure, "ms", "– (needs 6 launches, has 1)");
        assert!(shown(&1.into()).is_err() && shown(&Map::new().into()).is_err());
    }
}
