//! What a run has seen of a function so far: for scripts that react to it, and for thresholds.

use std::collections::HashMap;

use kelvin_lambda::{Invocation, Start, Status};
use kelvin_stats::{ByLaunch, Sample, share};
use rhai::Map;

use crate::figure::{Figure, Sampled, count, load_map, number};
use crate::quantity::{Kind, Metric, Statistic};

/// Counts, and what statistics are made of: 40 bytes an invocation that succeeded.
#[derive(Default)]
pub(crate) struct Tally {
    all: Counts,
    /// Those of `all` that were of loads.
    of_loads: Counts,
    /// Starts that failed outside of loads, cold and warm ones.
    failed_starts: [u64; 2],
    cold: Vec<Row>,
    warm: Vec<Row>,
    load: Vec<Row>,
    /// Numbers of the execution environments outside of loads, in the order in which they were first seen.
    launches: HashMap<u64, u32>,
    /// Of cold starts whose parts are known: INIT, and the wait for pages in it, in nanoseconds.
    init: u64,
    page_in: u64,
}

/// How invocations ended.
#[derive(Default)]
struct Counts {
    invocations: u64,
    failed: u64,
    throttled: u64,
}

/// An invocation that succeeded.
struct Row {
    /// [`Tally::launches`] has it; 0 for those of loads, which are one sample whatever served them.
    launch: u32,
    billed_ms: u32,
    latency_ns: u64,
    duration_ns: Known,
    init_ns: Known,
    /// With the configuration that it ran with.
    cost_usd: f64,
}

/// A number that may not be known, without a word of memory for saying so.
#[derive(Clone, Copy)]
struct Known(u64);

impl Known {
    fn new(value: Option<u64>) -> Known {
        Known(value.unwrap_or(u64::MAX))
    }

    fn value(self) -> Option<u64> {
        Some(self.0).filter(|value| *value != u64::MAX)
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
            self.all.add(invocation);
            if of_load {
                self.of_loads.add(invocation);
            }
            if invocation.status != Status::Ok {
                if !of_load {
                    self.failed_start(invocation);
                }
                continue;
            }
            let launch = match invocation.environment {
                _ if of_load => 0,
                Some(environment) => self.launch(environment),
                // Of what no launch is known, a report makes no statistic either.
                None => continue,
            };
            let rows = match invocation.start {
                _ if of_load => &mut self.load,
                Start::Cold => &mut self.cold,
                Start::Warm => &mut self.warm,
                Start::SuppressedInit | Start::ProactiveInit => continue,
            };
            rows.push(Row::new(launch, invocation, cost_usd(invocation.billed_ms)));
            self.add_init(invocation);
        }
    }

    fn failed_start(&mut self, invocation: &Invocation) {
        match invocation.start {
            // An environment of which INIT fails is never ready for a cold start.
            _ if invocation.init_failed => self.failed_starts[0] += 1,
            Start::Cold => self.failed_starts[0] += 1,
            Start::Warm => self.failed_starts[1] += 1,
            Start::SuppressedInit | Start::ProactiveInit => {}
        }
    }

    /// The figure, which says how many starts failed where it has too few.
    fn with_failed(&self, kind: Kind, mut figure: Figure) -> Figure {
        let [cold, warm] = self.failed_starts;
        let (failed, which) = match kind {
            Kind::Cold => (cold, "cold "),
            Kind::Warm => (warm, "warm "),
            Kind::Any => (cold + warm, ""),
            Kind::Load => (0, ""),
        };
        if let Some(why) = figure.why.as_mut().filter(|_| failed > 0) {
            let starts = if failed == 1 { "start" } else { "starts" };
            *why = format!("{why}; {failed} {which}{starts} failed");
        }
        figure
    }

    fn add_init(&mut self, invocation: &Invocation) {
        let page_in = invocation.launch.as_ref().and_then(|launch| launch.init.page_in_ns);
        if let Some((init, page_in)) = invocation.timing.init_ns.zip(page_in) {
            self.init += init;
            self.page_in += page_in.min(init);
        }
    }

    /// Which share of INIT was waiting for pages; `None` where that is not known.
    fn page_in_share(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "2^53 ns are 104 days")]
        let share = || self.page_in as f64 / self.init as f64;
        (self.init > 0).then(share)
    }

    fn launch(&mut self, environment: u64) -> u32 {
        let next = u32::try_from(self.launches.len()).unwrap_or(u32::MAX);
        *self.launches.entry(environment).or_insert(next)
    }

    /// As a map of the script.
    pub(crate) fn to_map(&self) -> Map {
        Map::from([
            ("invocations".into(), count(self.all.invocations)),
            ("failed".into(), count(self.all.failed)),
            ("throttled".into(), count(self.all.throttled)),
            ("cold".into(), self.starts_map(Kind::Cold).into()),
            ("warm".into(), self.starts_map(Kind::Warm).into()),
            ("load".into(), self.load_map().into()),
        ])
    }

    fn starts_map(&self, kind: Kind) -> Map {
        let metric = |metric| {
            let say = |figure| self.with_failed(kind, figure);
            self.sampled(kind, metric).to_map(metric, say).into()
        };
        let mean = |metric| self.figure(kind, metric, Statistic::Mean);
        let (billed, cost) = (mean(Metric::Billed), mean(Metric::Cost));
        let page_in = self.page_in_share().filter(|_| kind == Kind::Cold);
        Map::from([
            ("page_in_share".into(), number(page_in)),
            ("count".into(), count(self.sampled(kind, Metric::Latency).n())),
            ("launches".into(), count(self.sampled(kind, Metric::Latency).launches())),
            ("duration".into(), metric(Metric::Duration)),
            ("latency".into(), metric(Metric::Latency)),
            ("init".into(), metric(Metric::Init)),
            ("total".into(), metric(Metric::Total)),
            ("billed_ms".into(), number(billed.value)),
            ("billed".into(), billed.to_map("ms").into()),
            ("cost_per_million_usd".into(), number(cost.value)),
            ("cost".into(), cost.to_map("usd").into()),
        ])
    }

    fn load_map(&self) -> Map {
        let sample = |metric: Metric| -> Sample {
            self.load.iter().filter_map(|row| row.get(metric)).collect()
        };
        let map = |metric| load_map(&sample(metric)).into();
        Map::from([
            ("count".into(), count(self.load.len() as u64)),
            ("duration".into(), map(Metric::Duration)),
            ("latency".into(), map(Metric::Latency)),
            ("init".into(), map(Metric::Init)),
            ("total".into(), map(Metric::Total)),
            ("billed_ms".into(), number(sample(Metric::Billed).mean())),
            ("cost_per_million_usd".into(), number(sample(Metric::Cost).mean())),
        ])
    }

    /// Which share of all invocations, or of those of loads, ended in a way, with Clopper and Pearson's interval.
    fn share(&self, metric: Metric, of_loads: bool) -> Figure {
        let counts = if of_loads { &self.of_loads } else { &self.all };
        let part = if metric == Metric::Throttled { counts.throttled } else { counts.failed };
        let nothing = |_| "nothing was invoked".to_owned();
        let figure = Figure::new(share(part, counts.invocations).map_err(nothing));
        Figure { n: counts.invocations, ..figure }
    }

    /// A statistic of those that succeeded, or the share of those that did not.
    pub(crate) fn figure(&self, kind: Kind, metric: Metric, statistic: Statistic) -> Figure {
        if matches!(metric, Metric::Failed | Metric::Throttled) {
            return self.share(metric, kind == Kind::Load);
        }
        self.with_failed(kind, self.sampled(kind, metric).figure(statistic))
    }

    /// The numbers of one quantity, in the way in which they are one sample.
    pub(crate) fn sampled(&self, kind: Kind, metric: Metric) -> Sampled {
        let numbers = |row: &Row| Some((row.launch, row.get(metric)?));
        let by_launch = |rows: &[&[Row]]| -> ByLaunch {
            rows.iter().copied().flatten().filter_map(numbers).collect()
        };
        let one_each = |rows: &[Row]| rows.iter().filter_map(|row| row.get(metric)).collect();
        match kind {
            Kind::Warm => Sampled::Invocations(by_launch(&[&self.warm])),
            Kind::Any => Sampled::Invocations(by_launch(&[&self.warm, &self.cold])),
            Kind::Cold => Sampled::Launches(one_each(&self.cold)),
            Kind::Load => Sampled::Requests(one_each(&self.load)),
        }
    }

    /// The statistic of each launch, in the order of the launches; `None` where a launch is too small for it.
    pub(crate) fn own(&self, kind: Kind, metric: Metric, statistic: Statistic) -> Vec<Option<f64>> {
        match (self.sampled(kind, metric), statistic) {
            (Sampled::Invocations(numbers), Statistic::Mean) => {
                numbers.means().into_iter().map(Some).collect()
            }
            (Sampled::Invocations(numbers), Statistic::Quantile(q)) => numbers.own_quantiles(q),
            _ => {
                let rows = if kind == Kind::Cold { &self.cold } else { &self.load };
                rows.iter().map(|row| row.get(metric)).collect()
            }
        }
    }
}

impl Counts {
    fn add(&mut self, invocation: &Invocation) {
        let status = invocation.status;
        self.invocations = self.invocations.saturating_add(invocation.times());
        self.failed += u64::from(status != Status::Ok);
        self.throttled += u64::from(status == Status::Throttled);
    }
}

impl Row {
    fn new(launch: u32, invocation: &Invocation, cost_usd: f64) -> Row {
        let timing = &invocation.timing;
        Row {
            launch,
            billed_ms: u32::try_from(invocation.billed_ms).unwrap_or(u32::MAX),
            latency_ns: timing.latency_ns,
            duration_ns: Known::new(timing.duration_ns()),
            init_ns: Known::new(timing.init_ns),
            cost_usd,
        }
    }

    /// In milliseconds, or in US dollars of a million such invocations; `None` where it does not have it.
    fn get(&self, metric: Metric) -> Option<f64> {
        let ns = match metric {
            Metric::Latency => Some(self.latency_ns),
            Metric::Duration => self.duration_ns.value(),
            Metric::Init => self.init_ns.value(),
            Metric::Total => Some(self.init_ns.value()?.saturating_add(self.duration_ns.value()?)),
            Metric::Billed => return Some(f64::from(self.billed_ms)),
            Metric::Cost => return Some(self.cost_usd * 1e6),
            Metric::Failed | Metric::Throttled => None,
        };
        #[expect(clippy::cast_precision_loss, reason = "2^53 ns are 104 days")]
        ns.map(|ns| ns as f64 / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use kelvin_lambda::{Provenance, Timing, billed_ms};

    use super::*;

    fn invocation(environment: u64, start: Start, ns: u64) -> Invocation {
        let init_ns = (start == Start::Cold).then_some(20_000_000);
        Invocation {
            launch: None,
            provenance: Provenance::Made,
            request_id: String::new(),
            environment: Some(environment),
            start,
            status: Status::Ok,
            sent_at_ns: 0,
            intended_at_ns: None,
            timing: Timing {
                latency_ns: ns + init_ns.unwrap_or(0),
                init_ns,
                response_latency_ns: Some(ns),
                response_duration_ns: Some(0),
                post_response_ns: Some(0),
                ..Timing::default()
            },
            max_memory_bytes: None,
            billed_ms: billed_ms(ns, init_ns),
            request_bytes: 0,
            event: bytes::Bytes::new(),
            response: bytes::Bytes::new(),
            error: None,
            init_failed: false,
            log_tail: None,
        }
    }

    /// Twelve launches, by turns of one warm invocation that takes 3.1 ms and of fifty that take 1.1 ms.
    fn uneven() -> Tally {
        let mut tally = Tally::default();
        for environment in 0..12 {
            let (n, ns) = if environment % 2 == 0 { (1, 3_100_000) } else { (50, 1_100_000) };
            let mut made = vec![invocation(environment, Start::Cold, ns)];
            made.extend((0..n).map(|_| invocation(environment, Start::Warm, ns)));
            tally
                .add(&made, false, |billed_ms| 1e-6 * f64::from(u32::try_from(billed_ms).unwrap()));
        }
        tally
    }

    #[test]
    fn a_launch_counts_once_in_every_statistic() {
        let tally = uneven();
        let check = |kind, metric, statistic, expected: f64, n, launches| {
            let figure = tally.figure(kind, metric, statistic);
            let value = figure.value.unwrap();
            assert!((value - expected).abs() < 1e-9, "{metric:?}: {value}");
            assert_eq!((figure.n, figure.launches), (n, Some(launches)), "{metric:?}");
            assert!(figure.ci95.is_some_and(|[low, high]| low <= value && value <= high));
        };
        check(Kind::Warm, Metric::Duration, Statistic::Mean, 2.1, 306, 12);
        // What is billed is never less than what it is billed for.
        check(Kind::Warm, Metric::Billed, Statistic::Mean, 3.0, 306, 12);
        check(Kind::Warm, Metric::Cost, Statistic::Mean, 3.0, 306, 12);
        // Six launches have a median of their own.
        check(Kind::Warm, Metric::Duration, Statistic::Quantile(0.5), 1.1, 306, 12);
        check(Kind::Cold, Metric::Total, Statistic::Quantile(0.5), 22.1, 12, 12);
        let own = tally.own(Kind::Warm, Metric::Duration, Statistic::Quantile(0.5));
        assert_eq!(own.iter().flatten().count(), 6);
        assert_eq!(tally.own(Kind::Cold, Metric::Init, Statistic::Mean), [Some(20.0); 12]);
    }

    #[test]
    fn too_few_launches_have_no_quantile_however_many_invocations() {
        let mut tally = Tally::default();
        let made: Vec<_> = (0..1000).map(|n| invocation(n % 5, Start::Warm, 1_000_000)).collect();
        tally.add(&made, false, |_| 0.0);
        let figure = tally.figure(Kind::Warm, Metric::Latency, Statistic::Quantile(0.5));
        assert_eq!((figure.value, figure.n, figure.launches), (None, 1000, Some(5)));
        assert_eq!(figure.why.as_deref(), Some("needs 6 launches with 2 invocations each, has 5"));
    }

    #[test]
    fn an_invocation_takes_40_bytes() {
        assert_eq!(size_of::<Row>(), 40);
    }
}
