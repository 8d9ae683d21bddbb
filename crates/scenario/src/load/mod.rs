//! `f.load()`: many requests, by a schedule or from clients that wait for their responses.

mod plan;
mod seen;
mod trace;

use std::time::Duration;

use kelvin_lambda::Invocation;
use kelvin_platform::{Gap, LoadEnd, LoadPlan, LoadShape};
use rhai::{Map, NativeCallContext};
use tokio::sync::Notify;

use self::plan::Plan;
use self::seen::Seen;
use crate::chance::{Chance, Purpose};
use crate::function::{Deployed, Function};
use crate::language::Language;
use crate::session::{Fault, Sent, Session};
use crate::{LoadFacts, OfLoad, Progress};

pub(crate) fn add(language: &mut Language<'_>) {
    language.group("Load");
    language
        .add(
            "f.load(#{ rate | concurrency | phases | file, duration | invocations, arrivals, to, events, case_name, allow, gap })",
            "Puts the function under load, in a native loop. With a rate, in requests a second, it is an open loop: requests are sent when they are due, whatever becomes of those before, and latency counts from then. With a concurrency it is a closed loop: so many clients each send a request when they have the response to the one before, and latency is service time; the gap lies between a client's response and its next request, as gap() has it. The arrivals of an open loop are \"constant\" (the default), \"poisson\", or \"ramp\", where the rate changes evenly until it is that of `to`; phases are a list of [duration, rate] or [duration, rate, to], one after another. A file beside the script is a trace of arrivals: one timestamp a line, in seconds, or the traces of Azure Functions of 2019 (invocations in each minute) or 2021 (end and duration of each invocation). Of those it takes the busiest `function` unless one is named, `from` a time of the trace like \"9h\", at a `speed` of so many seconds of the trace in one; with `spread: \"poisson\"` the invocations of a minute are at random moments of it, and else at equal distances. The duration is a text like \"30s\" or a number of seconds. Events are those of an array in turn, of a template, or one for all; without them it is the default case, or the case of that name. Statuses to allow, such as [\"throttled\", \"timeout\"], are what may come of it, and do not fail the run. A load is in a table of its own in the report, and in neither that of cold nor that of warm starts.",
            |s| {
                move |ctx: NativeCallContext<'_>, f: Function, map: Map| {
                    s.answer(&ctx, s.load(&f, map))
                }
            },
        )
        .returns("#{ sent, ok, failed, throttled, cold, environments, seconds, per_second, latency: #{ mean_ms, p50_ms, p90_ms, p99_ms }, duration, behind }; of good answers, quantiles are () where there are too few; behind is by how much an open loop was late")
        .example("let l = f.load(#{ rate: 20, duration: \"2s\", arrivals: \"poisson\" });\nnote(`${l.cold} of ${l.sent} requests started cold; p50 ${l.latency.p50_ms} ms`);\nf.load(#{ concurrency: 4, invocations: 100 });\nf.load(#{ file: \"azure-2019.csv\", from: \"9h\", duration: \"10s\", speed: 30, spread: \"poisson\" });");
    language
        .add(
            "f.summary()",
            "What was seen of the function so far in this run, by cold and warm starts that succeeded, those of loads apart. These are the numbers of `summary.json`: a warm quantile is that of a typical launch (Hodges–Lehmann over the launches' own), a mean that of the launches' means.",
            |s| move |ctx: NativeCallContext<'_>, f: Function| s.answer(&ctx, s.summary(&f.0)),
        )
        .returns("#{ invocations, failed, throttled, cold, warm, load }; each of the last three is #{ count, launches, duration, latency, init, total, billed_ms, billed, cost_per_million_usd, cost }, of which four are #{ count, launches, mean_ms, p50_ms, p90_ms, p99_ms, mean, p50, p90, p99, seen }, with () where there are too few. `mean`, `p50` and so on, `billed` and `cost` are statistics: #{ value, low, high, unit, why }, with the 95 % interval or why there is none, for `figure()`. Where there is no p50, seen is #{ min_ms, median_ms, max_ms } of what there is, which is no estimate. Those of loads have neither launches nor intervals")
        .example("for launch in 0..6 { f.recycle(); f.repeat(11); }\nif f.summary().warm.duration.p90_ms > 10.0 { note(\"too slow\"); }");
}

/// How long a load waits at least that has no duration: until its last request is due, or for what lies between requests.
fn at_least(shape: &LoadShape) -> Duration {
    match shape {
        LoadShape::Open(schedule) => Duration::from_nanos(schedule.last().copied().unwrap_or(0)),
        LoadShape::Closed { until: LoadEnd::Elapsed(duration), .. } => *duration,
        LoadShape::Closed { clients, until: LoadEnd::Invocations(n), gaps } => {
            let each = (n / u64::from((*clients).max(1))).saturating_sub(1);
            gaps.gap.mean().saturating_mul(u32::try_from(each).unwrap_or(u32::MAX))
        }
    }
}

impl Session {
    fn load(&self, f: &Function, map: Map) -> Result<Map, Fault> {
        let (gap, caller) = (f.1, f.2.clone());
        let f = &*f.0;
        let outside = self.outside_for(f, "load")?;
        let chance = Chance::new(self.seed, Purpose::Load, self.state().next_load_of(f.id));
        let gaps = |of_load: Option<Gap>| self.gaps_of(f.id, of_load.or(gap));
        let plan = Plan::read(map, f, chance, &*self.beside, gaps);
        let plan = plan.map_err(|e| format!("load: {e}"))?;
        let Plan { case, mut requests, shape, kind, planned, lasts, allowed } = plan;
        self.will_wait(lasts.unwrap_or_else(|| at_least(&shape)))?;
        let number = self.state().next_load();
        requests.iter_mut().for_each(|request| request.caller.clone_from(&caller));
        let of_load = OfLoad { number, allowed: &allowed };
        outside.host.progress(Progress::Loading { name: &f.name, planned });
        let slot = self.state().slot;
        let facts = LoadFacts { number, function: f.id, shape: kind, planned, lasts, slot };
        outside.host.load_begun(&facts);

        let gap = match &shape {
            LoadShape::Open(_) => None,
            LoadShape::Closed { gaps, .. } => Some(gaps.gap),
        };
        let mut seen = Seen::default();
        let mut lost = None;
        let cannot_record = Notify::new();
        let mut sink = |batch: Vec<Invocation>| {
            if lost.is_some() {
                return;
            }
            let sent = Sent { case: case.as_deref(), load: Some(of_load), gap };
            match self.record(f, sent, batch) {
                Ok(recorded) => seen.add(&recorded),
                Err(error) => {
                    lost = Some(error);
                    cannot_record.notify_one();
                }
            }
        };
        let open = gap.is_none();
        let work = outside.platform.load(f.id, LoadPlan { requests, shape }, &mut sink);
        let work = Box::pin(async {
            // A run that cannot be recorded is not worth going on with.
            tokio::select! {
                biased;
                () = cannot_record.notified() => Ok(()),
                done = work => done,
            }
        });
        let action = || format!("failed to put function \"{}\" under load", f.name);
        let done = self.wait(outside, action, work);
        if let Some(error) = lost {
            return Err(error.into());
        }
        outside.host.load_ended(number, seen.sent());
        done?;
        self.reads();
        Ok(seen.to_map(open))
    }

    fn summary(&self, f: &Deployed) -> Result<Map, Fault> {
        self.outside("summary")?;
        self.reads();
        Ok(self.state().tally(f.id).to_map())
    }
}
