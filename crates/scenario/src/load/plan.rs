//! From the map of `f.load()` to a plan of the platform.

use std::time::Duration;

use bytes::Bytes;
use kelvin_lambda::Status;
use kelvin_load::{Phase, Spread, arrivals};
use kelvin_platform::{Gap, Gaps, InvokeRequest, LoadEnd, LoadShape};
use rhai::{Dynamic, Map};

use super::trace;
use crate::chance::Chance;
use crate::events::Events;
use crate::fields::{Fields, show};
use crate::function::Deployed;
use crate::number::as_float;
use crate::{LoadKind, ScriptFolder, conditions, pause, suggest};

/// A load has at most so many different events; then they begin again. They are made before it begins.
const MOST_EVENTS: usize = 10_000;

/// And no more bytes than this.
const MOST_EVENT_BYTES: usize = 256 << 20;

/// A closed loop has at most so many clients, each of which is a task of its own.
const MOST_CLIENTS: u32 = 10_000;

const KEYS: [&str; 16] = [
    "rate",
    "to",
    "concurrency",
    "phases",
    "duration",
    "invocations",
    "arrivals",
    "events",
    "case_name",
    "allow",
    "file",
    "function",
    "from",
    "speed",
    "spread",
    "gap",
];

const ARRIVALS: [&str; 4] = ["constant", "poisson", "ramp", "trace"];

/// A load as a script wants it.
pub(super) struct Plan {
    /// As which case its invocations are recorded.
    pub case: Option<String>,
    pub requests: Vec<InvokeRequest>,
    pub shape: LoadShape,
    pub kind: LoadKind,
    pub planned: Option<u64>,
    pub lasts: Option<Duration>,
    /// How its invocations may end without failing the run.
    pub allowed: Vec<Status>,
}

/// When requests are sent, for the platform and for people, and how long it takes if that is known.
pub(super) type Shape = (LoadShape, LoadKind, Option<Duration>);

impl Plan {
    /// `chance` is the load's own; a trace is read from `beside` the script.
    pub(super) fn read(
        map: Map,
        f: &Deployed,
        mut chance: Chance,
        beside: &dyn ScriptFolder,
        gaps: impl FnOnce(Option<Gap>) -> Gaps,
    ) -> Result<Plan, String> {
        let mut fields = Fields::new("key", map, &KEYS)?;
        let limits = Limits::take(&mut fields)?;
        let is_trace = fields.peek("file").is_some()
            || fields.peek("arrivals").is_some_and(|arrivals| {
                arrivals.as_immutable_string_ref().is_ok_and(|name| name.as_str() == "trace")
            });
        let (shape, kind, lasts) = match fields.whole("concurrency")? {
            Some(clients) => closed(clients, &mut fields, &limits, gaps)?,
            None if fields.peek("gap").is_some() => {
                return Err(
                    "gap is of a closed loop; an open one sends when requests are due".to_owned()
                );
            }
            None if is_trace => trace::read(&mut fields, &limits, chance, beside)?,
            None => open(&mut fields, &limits, || chance.float())?,
        };
        let planned = match &shape {
            LoadShape::Open(schedule) => Some(schedule.len() as u64),
            LoadShape::Closed { until: LoadEnd::Invocations(n), .. } => Some(*n),
            LoadShape::Closed { until: LoadEnd::Elapsed(_), .. } => None,
        };
        let (case, requests) = requests(&mut fields, f, planned)?;
        let allowed = allowed(&mut fields)?;
        Ok(Plan { case, requests, shape, kind, planned, lasts, allowed })
    }
}

/// The statuses of `allow`.
fn allowed(fields: &mut Fields) -> Result<Vec<Status>, String> {
    let names = fields.array("allow")?.unwrap_or_default();
    let status = |name: Dynamic| {
        let shown = show(&name);
        let name = name
            .into_immutable_string()
            .map_err(|_| format!("allow: expected an array of statuses, got {shown} in it"))?;
        Status::from_name(&name)
            .ok_or_else(|| suggest::unknown("status", &name, Status::ALL.map(Status::as_str)))
    };
    names.into_iter().map(status).collect()
}

/// How long a load lasts.
pub(super) struct Limits {
    pub(super) duration: Option<Duration>,
    pub(super) invocations: Option<u64>,
}

impl Limits {
    fn take(fields: &mut Fields) -> Result<Limits, String> {
        let duration = match fields.value("duration") {
            Some(value) => Some(pause::duration(&value).map_err(|e| format!("duration: {e}"))?),
            None => None,
        };
        Ok(Limits { duration, invocations: fields.whole("invocations")?.map(u64::from) })
    }

    /// The number of invocations, of a schedule that is made before the load begins.
    pub(super) fn moments(&self) -> Option<usize> {
        self.invocations.map(|n| usize::try_from(n).unwrap_or(usize::MAX))
    }
}

fn closed(
    clients: u32,
    fields: &mut Fields,
    limits: &Limits,
    gaps: impl FnOnce(Option<Gap>) -> Gaps,
) -> Result<Shape, String> {
    let open = ["rate", "to", "phases", "arrivals"];
    for key in open.into_iter().chain(trace::KEYS) {
        if fields.value(key).is_some() {
            return Err(format!(
                "{key} is of an open loop, and concurrency of a closed one; give only one of them"
            ));
        }
    }
    if !(1..=MOST_CLIENTS).contains(&clients) {
        return Err(format!("concurrency: expected 1 to {MOST_CLIENTS} clients, got {clients}"));
    }
    let until = match (limits.duration, limits.invocations) {
        (Some(duration), None) => LoadEnd::Elapsed(duration),
        (None, Some(invocations)) => LoadEnd::Invocations(invocations),
        (None, None) => return Err("give a duration or a number of invocations".to_owned()),
        (Some(_), Some(_)) => {
            return Err("give either a duration or a number of invocations, not both".to_owned());
        }
    };
    let gap = fields.value("gap").map(|gap| conditions::gap(&gap)).transpose();
    let gaps = gaps(gap.map_err(|e| format!("gap: {e}"))?);
    let shape = LoadShape::Closed { clients, until, gaps };
    Ok((shape, LoadKind::Closed { clients, gap: gaps.gap }, limits.duration))
}

fn open(
    fields: &mut Fields,
    limits: &Limits,
    chance: impl FnMut() -> f64,
) -> Result<Shape, String> {
    for key in trace::KEYS {
        if fields.value(key).is_some() {
            return Err(format!("{key} is of arrivals: \"trace\" with a file"));
        }
    }
    let arrivals_name = fields.string("arrivals")?.unwrap_or_else(|| "constant".to_owned());
    let Some(&name) = ARRIVALS.iter().find(|&&known| known == arrivals_name) else {
        return Err(suggest::unknown("arrivals", &arrivals_name, ARRIVALS));
    };
    let spread = if name == "poisson" { Spread::Poisson } else { Spread::Even };
    let rate = rate(fields, "rate")?;
    let to = self::rate(fields, "to")?;
    let phases = fields.array("phases")?;
    let phases_given = phases.is_some();
    let phases = match (phases, rate) {
        (Some(_), Some(_)) => return Err("give either a rate or phases, not both".to_owned()),
        (Some(list), None) => {
            if limits.duration.is_some() || to.is_some() || name == "ramp" {
                return Err("phases have durations and rates of their own".to_owned());
            }
            list.iter().map(phase).collect::<Result<Vec<_>, _>>()?
        }
        (None, Some(from)) => vec![single(from, to, name, limits)?],
        (None, None) => {
            return Err(
                "give a rate, in requests a second, or a concurrency, in clients, or phases, or the file of a trace"
                    .to_owned(),
            );
        }
    };
    let schedule =
        arrivals(&phases, spread, limits.moments(), chance).map_err(|e| e.to_string())?;
    let name = if phases_given { "phases" } else { name };
    let per_second = offered(&phases, &schedule);
    let kind = LoadKind::Open { arrivals: name, per_second, trace: None };
    // One that the number of requests cuts off does not last so long.
    let cut_off = limits.moments().is_some_and(|limit| schedule.len() >= limit);
    let lasts: Option<Duration> = phases.iter().map(|phase| phase.duration).sum();
    Ok((LoadShape::Open(schedule), kind, lasts.filter(|_| !cut_off)))
}

/// One phase of a rate that stays or changes.
fn single(from: f64, to: Option<f64>, name: &str, limits: &Limits) -> Result<Phase, String> {
    match (name, to) {
        ("ramp", None) => return Err("a ramp needs the rate that it goes to: to".to_owned()),
        ("constant" | "poisson", Some(_)) => {
            return Err("only a ramp has a rate that it goes to; set arrivals: \"ramp\"".to_owned());
        }
        _ => {}
    }
    if limits.duration.is_none() && (limits.invocations.is_none() || to.is_some()) {
        return Err("give a duration, such as \"30s\"".to_owned());
    }
    if limits.duration.is_none() && from == 0.0 {
        return Err("rate: expected more than 0 requests a second, got 0".to_owned());
    }
    Ok(Phase { duration: limits.duration, from, to: to.unwrap_or(from) })
}

/// `[duration, rate]` or `[duration, rate, to]`.
fn phase(value: &Dynamic) -> Result<Phase, String> {
    let wrong = || {
        let got = show(value);
        format!("phases: expected arrays like [\"10s\", 20] or [\"10s\", 20, 50], got {got} in it")
    };
    let parts = value.as_array_ref().map_err(|_| wrong())?.clone();
    let (duration, rates) = match parts.as_slice() {
        [duration, rates @ ..] if matches!(rates.len(), 1 | 2) => (duration, rates),
        _ => return Err(wrong()),
    };
    let duration = pause::duration(duration).map_err(|e| format!("phases: {e}"))?;
    let from = number("phases", &rates[0])?;
    let to = rates.get(1).map_or(Ok(from), |to| number("phases", to))?;
    Ok(Phase { duration: Some(duration), from, to })
}

fn rate(fields: &mut Fields, key: &str) -> Result<Option<f64>, String> {
    fields.value(key).map(|value| number(key, &value)).transpose()
}

/// Requests a second.
pub(super) fn number(key: &str, value: &Dynamic) -> Result<f64, String> {
    let number = as_float(value);
    number.filter(|rate| rate.is_finite() && *rate >= 0.0).ok_or_else(|| {
        let got = show(value);
        format!("{key}: expected a number of requests a second from 0, got {got}")
    })
}

/// Requests a second on average, as planned; of a load without an end, as its moments say.
fn offered(phases: &[Phase], schedule: &[u64]) -> Option<f64> {
    let seconds: Option<f64> =
        phases.iter().map(|phase| phase.duration.map(|d| d.as_secs_f64())).sum();
    let planned = |seconds: f64| {
        let requests: f64 = phases
            .iter()
            .map(|p| p.duration.map_or(0.0, |d| d.as_secs_f64()) * (p.from + p.to) / 2.0)
            .sum();
        requests / seconds
    };
    match seconds {
        Some(seconds) if seconds > 0.0 => Some(planned(seconds)),
        Some(_) => None,
        None => phases.last().map(|phase| phase.from).filter(|_| !schedule.is_empty()),
    }
}

/// What is sent, and as which case it is recorded.
fn requests(
    fields: &mut Fields,
    f: &Deployed,
    planned: Option<u64>,
) -> Result<(Option<String>, Vec<InvokeRequest>), String> {
    let request = InvokeRequest::new;
    let case = fields.string("case_name")?;
    match (fields.value("events"), case) {
        (Some(_), Some(_)) => Err("give either events or a case_name, not both".to_owned()),
        (Some(events), None) => {
            let events = Events::from_dynamic(&events).map_err(|e| format!("events: {e}"))?;
            let planned = planned.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
            let most = events.distinct().unwrap_or(usize::MAX).min(MOST_EVENTS);
            let mut left = MOST_EVENT_BYTES;
            let fit = |payload: Bytes| {
                left = left.checked_sub(payload.len()).ok_or_else(|| {
                    format!(
                        "events: those of a load have at most {MOST_EVENT_BYTES} bytes together"
                    )
                })?;
                Ok(request(payload))
            };
            let requests: Result<_, String> =
                events.take(planned.min(most).max(1)).map(fit).collect();
            Ok((None, requests?))
        }
        (None, Some(name)) => {
            let event = f.case_event(&name)?;
            Ok((event.case.map(str::to_owned), vec![request(event.payload)]))
        }
        (None, None) => {
            let event = f.default_event();
            Ok((event.case.map(str::to_owned), vec![request(event.payload)]))
        }
    }
}

#[cfg(test)]
mod tests {
    use rhai::Array;

    use super::*;

    fn check(phases: &str, expected: Result<&[Phase], &str>) {
        let list = rhai::Engine::new().eval::<Array>(phases).unwrap();
        let read: Result<Vec<Phase>, String> = list.iter().map(phase).collect();
        assert_eq!(read, expected.map(<[Phase]>::to_vec).map_err(str::to_owned));
    }

    #[test]
    fn phases_are_read_as_people_write_them() {
        let seconds = |s| Some(Duration::from_secs(s));
        let phase = |duration, from, to| Phase { duration, from, to };
        check(
            "[[\"10s\", 5], [2, 50.0, 0]]",
            Ok(&[phase(seconds(10), 5.0, 5.0), phase(seconds(2), 50.0, 0.0)]),
        );
        let wrong = "phases: expected arrays like [\"10s\", 20] or [\"10s\", 20, 50], got";
        check("[5]", Err(&format!("{wrong} 5 in it")));
        check("[[\"10s\"]]", Err(&format!("{wrong} an array in it")));
        check(
            "[[\"10s\", -1]]",
            Err("phases: expected a number of requests a second from 0, got -1"),
        );
        check(
            "[[\"soon\", 1]]",
            Err(
                "phases: expected a number of seconds or a text like \"200ms\", \"1.5s\", \"5m\", \"2h\", got \"soon\"",
            ),
        );
    }
}
