//! The contest: everybody serves warm invocations, in turns.

use std::path::Path;
use std::time::{Duration, Instant};

use kelvin_stats::Sample;

use crate::args::Args;
use crate::cargo_lambda::CargoLambda;
use crate::floor::{Handicap, Served};
use crate::http::Wait;
use crate::kelvin::{self, Kelvin};
use crate::simulator::LambdaSimulator;
use crate::table::{Form, Table, microseconds, ratio, say};

/// Serves warm invocations of one bootstrap.
pub(crate) trait Contestant {
    /// What it is compared as.
    fn role(&self) -> Role;

    /// Invokes in a closed loop, and appends the nanoseconds from asking to having the response.
    fn repeat(&mut self, invocations: u64, latencies: &mut Vec<u64>) -> anyhow::Result<()>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Floor,
    /// Not what others are compared with.
    OtherFloor,
    Kelvin,
    Peer,
}

/// A contestant, as long as it works, and what it has done so far.
struct Entry {
    name: &'static str,
    contestant: Result<Box<dyn Contestant>, String>,
    turns: Vec<Turn>,
}

/// What was measured in one turn.
struct Turn {
    latencies: Vec<u64>,
    /// From the first question of the turn to the last answer, divided by the invocations.
    cycle_ns: f64,
}

type Start = fn(&Args) -> anyhow::Result<Box<dyn Contestant>>;

/// The runtime has gone to sleep by then.
const PAUSE: Duration = Duration::from_micros(50);

/// About one reading of a file under `/proc`.
const SHORT_PAUSE: Duration = Duration::from_micros(5);

/// The cores that Kelvin has kept awake sleep again after this time.
const BETWEEN_TURNS: Duration = Duration::from_millis(200);

const CONTESTANTS: [(&str, Start); 13] = [
    ("floor: raw sockets that spin", |args| floor(args, Handicap::default())),
    ("floor, 5 µs between invocations", |args| {
        floor(args, Handicap { pause: SHORT_PAUSE, ..Handicap::default() })
    }),
    ("floor, 50 µs between invocations", |args| {
        floor(args, Handicap { pause: PAUSE, ..Handicap::default() })
    }),
    ("floor, cores awake", |args| {
        floor(args, Handicap { awake_cores: true, ..Handicap::default() })
    }),
    ("Kelvin, no limits", |args| kelvin(args, kelvin::NONE, true)),
    ("Kelvin, freeze", |args| kelvin(args, kelvin::FREEZE, true)),
    ("Kelvin, CPU + memory + freeze", |args| kelvin(args, kelvin::ALL, true)),
    ("Kelvin, no limits, cores may sleep", |args| kelvin(args, kelvin::NONE, false)),
    ("Kelvin, all limits, cores may sleep", |args| kelvin(args, kelvin::ALL, false)),
    ("cargo lambda watch, client spins", |args| cargo_lambda(args, Wait::Spin)),
    ("cargo lambda watch, client sleeps", |args| cargo_lambda(args, Wait::Sleep)),
    ("lambda-simulator 0.2, client polls", |args| simulator(&args.bootstrap, Wait::Spin)),
    ("lambda-simulator 0.2, client waits", |args| simulator(&args.bootstrap, Wait::Sleep)),
];

fn floor(args: &Args, handicap: Handicap) -> anyhow::Result<Box<dyn Contestant>> {
    Ok(Box::new(Served::start(&args.bootstrap, handicap)?))
}

fn kelvin(
    args: &Args,
    limits: kelvin_emulator::Limits,
    awake_cores: bool,
) -> anyhow::Result<Box<dyn Contestant>> {
    Ok(Box::new(Kelvin::start_with(&args.bootstrap, limits, awake_cores)?))
}

fn cargo_lambda(args: &Args, wait: Wait) -> anyhow::Result<Box<dyn Contestant>> {
    let Some(program) = &args.cargo_lambda else { anyhow::bail!("{}", args.no_cargo_lambda) };
    Ok(Box::new(CargoLambda::start(program, &args.bootstrap, wait)?))
}

fn simulator(bootstrap: &Path, wait: Wait) -> anyhow::Result<Box<dyn Contestant>> {
    Ok(Box::new(LambdaSimulator::start(bootstrap, wait)?))
}

/// What the contest has shown.
pub(crate) struct Contest {
    entries: Vec<Entry>,
    rounds: u64,
    invocations: u64,
    discarded: u64,
}

/// Starts everybody, then lets everybody have a turn in each round, in an order that is reversed every other round.
pub(crate) fn run(args: &Args) -> anyhow::Result<Contest> {
    let wanted = |name: &str| {
        args.only.is_empty() || args.only.iter().any(|part| name.contains(part.as_str()))
    };
    let contestants = CONTESTANTS.into_iter().filter(|(name, _)| wanted(name));
    let mut entries: Vec<Entry> = contestants
        .map(|(name, start)| {
            let contestant = start(args).map_err(|error| format!("not available: {error:#}"));
            Entry { name, contestant, turns: Vec::new() }
        })
        .collect();
    anyhow::ensure!(!entries.is_empty(), "no contestant is named like that");
    for round in 0..args.rounds {
        say(&format!("warm: round {} of {}", round + 1, args.rounds));
        if round % 2 == 0 {
            entries.iter_mut().for_each(|entry| entry.turn(args));
        } else {
            entries.iter_mut().rev().for_each(|entry| entry.turn(args));
        }
    }
    let Args { rounds, invocations, discard, .. } = *args;
    Ok(Contest { entries, rounds, invocations, discarded: discard })
}

impl Entry {
    fn turn(&mut self, args: &Args) {
        let Ok(contestant) = &mut self.contestant else { return };
        std::thread::sleep(BETWEEN_TURNS);
        match measure(contestant.as_mut(), args) {
            Ok(turn) => self.turns.push(turn),
            Err(error) => {
                // What it has done before is of no use beside those who went on.
                self.turns.clear();
                self.contestant = Err(format!("failed: {error:#}"));
            }
        }
    }

    fn role(&self) -> Option<Role> {
        self.contestant.as_ref().ok().map(|contestant| contestant.role())
    }

    fn summary(&self) -> Option<Summary> {
        let sample = |latencies: &[u64]| {
            Sample::new(latencies.iter().map(|&nanoseconds| nanoseconds as f64).collect())
        };
        let medians = self.turns.iter().map(|turn| sample(&turn.latencies).quantile(0.5));
        let medians = Sample::new(medians.collect::<Option<_>>()?);
        let all: Vec<u64> = self.turns.iter().flat_map(|turn| turn.latencies.clone()).collect();
        let all = sample(&all);
        Some(Summary {
            p50: all.quantile(0.5)?,
            p99: all.quantile(0.99)?,
            lowest_p50: medians.quantile(0.0)?,
            highest_p50: medians.quantile(1.0)?,
            mean: all.mean()?,
            cycle: Sample::new(self.turns.iter().map(|turn| turn.cycle_ns).collect()).mean()?,
        })
    }
}

fn measure(contestant: &mut dyn Contestant, args: &Args) -> anyhow::Result<Turn> {
    contestant.repeat(args.discard, &mut Vec::new())?;
    let mut latencies = Vec::with_capacity(usize::try_from(args.invocations)?);
    let begun = Instant::now();
    contestant.repeat(args.invocations, &mut latencies)?;
    let cycle_ns = nanoseconds(begun.elapsed()) as f64 / args.invocations as f64;
    Ok(Turn { latencies, cycle_ns })
}

/// Nanoseconds over all turns of a contestant.
#[derive(Clone, Copy, Debug)]
struct Summary {
    p50: f64,
    p99: f64,
    /// Of the turns' own medians.
    lowest_p50: f64,
    highest_p50: f64,
    mean: f64,
    cycle: f64,
}

impl Contest {
    pub(crate) fn render(&self, form: Form) -> String {
        let mut table = Table::new(
            "The cycle of a warm invocation, in µs",
            &[
                "contestant",
                "p50",
                "p50 by round",
                "p99",
                "mean",
                "p50 / floor",
                "p50 / best peer",
                "cycle",
                "cycle / floor",
                "cycle / best peer",
            ],
        );
        let floor = self.best(Role::Floor, |summary| summary.p50);
        let floor_cycle = self.best(Role::Floor, |summary| summary.cycle);
        let peer = self.best(Role::Peer, |summary| summary.p50);
        let peer_cycle = self.best(Role::Peer, |summary| summary.cycle);
        for entry in &self.entries {
            match (&entry.contestant, entry.summary()) {
                (Err(why), _) => table.row(vec![entry.name.to_owned(), why.clone()]),
                (Ok(_), None) => table.row(vec![entry.name.to_owned(), "no turn".to_owned()]),
                (Ok(_), Some(summary)) => table.row(vec![
                    entry.name.to_owned(),
                    microseconds(summary.p50),
                    format!(
                        "{}–{}",
                        microseconds(summary.lowest_p50),
                        microseconds(summary.highest_p50)
                    ),
                    microseconds(summary.p99),
                    microseconds(summary.mean),
                    ratio(summary.p50, floor),
                    ratio(summary.p50, peer),
                    microseconds(summary.cycle),
                    ratio(summary.cycle, floor_cycle),
                    ratio(summary.cycle, peer_cycle),
                ]),
            }
        }
        table.note(&format!(
            "{} rounds; in each, everybody in turn serves {} warm invocations after {} that are thrown away; every other \
             round in reverse order.",
            self.rounds, self.invocations, self.discarded
        ));
        table.note(
            "p50, p99, mean: asked → response in hand, by the caller's clock. Cycle: the time of a whole turn divided by \
             its invocations, with all that lies between two of them.",
        );
        table.note(
            "The floor and Kelvin ask when the runtime has asked for its next event. The peers' callers cannot know that \
             and ask at once; where the runtime is not ready, their latency contains the wait for it.",
        );
        table.note(
            "The floor asks so soon that the runtime has often not gone to sleep yet. Two of the others pause first, so that the \
             runtime has to be woken; their cycles contain the pause. Cores are awake where that is said, and for Kelvin \
             unless they may sleep.",
        );
        table.note("Nothing is pinned to a core and no priority is set.");
        table.render(form)
    }

    /// The lowest figure among those of one role.
    fn best(&self, role: Role, figure: impl Fn(&Summary) -> f64) -> Option<f64> {
        let entries = self.entries.iter().filter(|entry| entry.role() == Some(role));
        entries.filter_map(Entry::summary).map(|summary| figure(&summary)).min_by(f64::total_cmp)
    }
}

/// Whole nanoseconds.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
