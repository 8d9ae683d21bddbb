//! `compare()`: one function beside another, launch by launch.

use kelvin_stats::{more, times};
use rhai::{Array, Map, NativeCallContext};

use crate::fields::{Fields, show};
use crate::figure::{Figure, count, pairs_lack};
use crate::function::Function;
use crate::language::Language;
use crate::number::as_float;
use crate::quantity::{Kind, Unit};
use crate::session::{Fault, Session};
use crate::threshold::{kind, metric, statistic};

const KEYS: [&str; 4] = ["start", "metric", "p", "mean"];

/// Makes `compare()` known.
pub(crate) fn add(language: &mut Language<'_>) {
    language
        .add(
            "compare(f, g, #{ start, metric, p | mean })",
            "How much more one function takes than another, from pairs of launches: the first launch of each, the second, and so on, which in `blocks()` are of one block and share the drift of the machine. Of each launch it takes the mean, or its own percentile `p`; the estimates are the Hodges–Lehmann pseudo-medians over pairs, with their signed-rank intervals, and need 6 pairs. Start and metric are those of `threshold()`.",
            |s| {
                move |ctx: NativeCallContext<'_>, f: Function, g: Function, map: Map| {
                    s.answer(&ctx, s.compare(&f, &g, map))
                }
            },
        )
        .returns("#{ times, more, verdict, pairs }: how many times the number of `g` that of `f` is, and by how much it is more, each #{ value, low, high, unit, why }. The verdict is \"more\" or \"less\" where all of the interval of `more` is on one side of 0, \"open\" where it is not, and \"unknown\" with too few pairs")
        .example("let f = deploy(#{ workload: \"json\" });\nlet g = deploy(#{ workload: \"json\", memory: 512 });\nfor block in 0..6 { for x in [f, g] { x.recycle(); x.repeat(5); } }\nlet c = compare(f, g, #{ start: \"warm\", metric: \"latency\" });\nanswer(`${f.describe().name} takes ${figure(c.times)} times as long as ${g.describe().name}.`);");
    language
        .add(
            "compare(list, other_list)",
            "The same for numbers that a script has collected, such as of a load in every block: the first of each, the second, and so on. A pair with () in it does not count.",
            |s| {
                move |ctx: NativeCallContext<'_>, one: Array, other: Array| {
                    s.answer(&ctx, compare_lists(&one, &other))
                }
            },
        )
        .returns("#{ times, more, verdict, pairs }, as above; more has no unit")
        .example("let f = deploy(#{ workload: \"json\" });\nlet first = [];\nlet second = [];\nfor block in 0..6 { f.recycle(); first.push(f.invoke().latency_ms); second.push(f.invoke().latency_ms); }\nnote(`the first takes ${figure(compare(first, second).times)} times as long`);");
}

fn compare_lists(one: &Array, other: &Array) -> Result<Map, Fault> {
    let number = |value: &rhai::Dynamic| match as_float(value) {
        _ if value.is_unit() => Ok(None),
        Some(number) => Ok(Some(number)),
        None => Err(format!("compare: expected lists of numbers, got {} in one", show(value))),
    };
    let mut pairs = Vec::new();
    for (one, other) in one.iter().zip(other) {
        pairs.extend(number(one)?.zip(number(other)?));
    }
    Ok(of_pairs(&pairs, ""))
}

fn of_pairs(pairs: &[(f64, f64)], unit: &str) -> Map {
    let times = Figure::new(times(pairs.iter().copied()).map_err(pairs_lack));
    let more = Figure::new(more(pairs.iter().copied()).map_err(pairs_lack));
    let verdict = match more.ci95 {
        Some([low, _]) if low > 0.0 => "more",
        Some([_, high]) if high < 0.0 => "less",
        Some(_) => "open",
        None => "unknown",
    };
    Map::from([
        ("times".into(), times.to_map("").into()),
        ("more".into(), more.to_map(unit).into()),
        ("verdict".into(), verdict.into()),
        ("pairs".into(), count(pairs.len() as u64)),
    ])
}

impl Session {
    fn compare(&self, f: &Function, g: &Function, map: Map) -> Result<Map, Fault> {
        self.outside("compare")?;
        self.reads();
        let wrong = |error: String| format!("compare: {error}");
        let mut fields = Fields::new("key", map, &KEYS).map_err(wrong)?;
        let metric = metric(&mut fields).map_err(wrong)?;
        let kind = kind(&mut fields, metric).map_err(wrong)?;
        let statistic = statistic(&mut fields, metric).map_err(wrong)?;
        let unit = match metric.unit() {
            Unit::Milliseconds => "ms",
            Unit::UsDollars => "usd",
            Unit::Share => return Err(wrong("shares are not compared".to_owned()).into()),
        };
        if kind == Kind::Load {
            return Err(wrong("a load has no launches of its own".to_owned()).into());
        }
        let mut state = self.state();
        let [one, other] = [f, g].map(|f| state.tally(f.0.id).own(kind, metric, statistic));
        let pairs: Vec<(f64, f64)> =
            one.into_iter().zip(other).filter_map(|(one, other)| Some((one?, other?))).collect();
        Ok(of_pairs(&pairs, unit))
    }
}
