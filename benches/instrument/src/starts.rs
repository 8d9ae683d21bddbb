//! Starting an execution environment: a bare process beside Kelvin's, from a small measuring process and from a large one.

use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use kelvin_stats::Sample;

use crate::args::Args;
use crate::contest::nanoseconds;
use crate::floor::Floor;
use crate::kelvin::{self, Kelvin};
use crate::machine::resident_mb;
use crate::process::{By, Process};
use crate::table::{Form, Table, milliseconds, ratio, say};

/// What makes the measuring process large.
const BALLAST: usize = 1 << 30;

/// Milestones of one start, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Start {
    /// Asked → the runtime asks for its first event; Kelvin has handed it over.
    asked_to_ready: u64,
    /// exec(2) → the runtime asks for its first event.
    exec_to_ready: u64,
}

/// What was measured with one size of the measuring process.
struct Size {
    resident_mb: u64,
    kinds: Vec<(&'static str, Vec<Start>)>,
}

pub(crate) struct Starts {
    sizes: Vec<Size>,
    starts: u64,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Starts> {
    say("starts: from a small process");
    let small = measure(args)?;
    say("starts: from a large process");
    let ballast = ballast();
    let large = measure(args)?;
    drop(ballast);
    Ok(Starts { sizes: vec![small, large], starts: args.starts })
}

/// Memory in which every page is written.
fn ballast() -> Vec<u8> {
    let mut ballast = vec![0u8; BALLAST];
    ballast.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    std::hint::black_box(ballast)
}

fn measure(args: &Args) -> anyhow::Result<Size> {
    let mut floor = Floor::new()?;
    let none = Kelvin::start(&args.bootstrap, kelvin::NONE)?;
    let all = Kelvin::start(&args.bootstrap, kelvin::ALL)?;
    let mut kinds = [
        ("bare process, posix_spawn", Vec::new()),
        ("Kelvin, no limits", Vec::new()),
        ("Kelvin, CPU + memory + freeze", Vec::new()),
    ];
    // One more, thrown away: it reads the bootstrap into the page cache.
    for start in 0..=args.starts {
        let spawned = bare(&mut floor, &args.bootstrap, By::Spawn)?;
        let measured = [spawned, cold(&none)?, cold(&all)?];
        if start > 0 {
            kinds.iter_mut().zip(measured).for_each(|((_, starts), start)| starts.push(start));
        }
    }
    // Not in turns with the others: after a fork every page of the parent has to be made writable again, which slows down
    // whatever comes next.
    let forked = (0..args.starts).map(|_| bare(&mut floor, &args.bootstrap, By::Fork));
    let forked = ("bare process, fork + exec", forked.collect::<Result<_, _>>()?);
    let kinds = kinds.into_iter().chain([forked]).collect();
    Ok(Size { resident_mb: resident_mb()?, kinds })
}

/// The process's end is not part of the time.
fn bare(floor: &mut Floor, bootstrap: &Path, by: By) -> anyhow::Result<Start> {
    let address = floor.address()?;
    let asked = Instant::now();
    let process = Process::bootstrap(bootstrap, &address, by)?;
    // Both ways of starting return when the new process has executed its program.
    let executed = Instant::now();
    floor.ready(&process)?;
    let ready = Instant::now();
    Ok(Start {
        asked_to_ready: nanoseconds(ready - asked),
        exec_to_ready: nanoseconds(ready - executed),
    })
}

fn cold(kelvin: &Kelvin) -> anyhow::Result<Start> {
    let timing = kelvin.cold()?.timing;
    Ok(Start {
        asked_to_ready: timing.queue_ns.context("no queue time")?,
        exec_to_ready: timing.init_ns.context("not a cold start")?,
    })
}

impl Starts {
    pub(crate) fn render(&self, form: Form) -> String {
        let mut table = Table::new(
            "Starting an execution environment, median in ms",
            &[
                "started by",
                "measuring process",
                "asked → handed over",
                "/ bare",
                "exec → first /next",
                "/ bare",
                "asked → exec",
            ],
        );
        for size in &self.sizes {
            let bare = size.kinds.first().and_then(|(_, starts)| Medians::of(starts));
            for (name, starts) in &size.kinds {
                let Some(medians) = Medians::of(starts) else { continue };
                table.row(vec![
                    (*name).to_owned(),
                    format!("{} MB", size.resident_mb),
                    milliseconds(medians.asked_to_ready),
                    ratio(medians.asked_to_ready, bare.map(|bare| bare.asked_to_ready)),
                    milliseconds(medians.exec_to_ready),
                    ratio(medians.exec_to_ready, bare.map(|bare| bare.exec_to_ready)),
                    milliseconds(medians.asked_to_exec),
                ]);
            }
        }
        table.note(&format!(
            "{} starts of each kind, in turns after one of each; those by fork + exec on their own, at the end.",
            self.starts
        ));
        table.note(
            "A bare process asks the floor for its first event. Its exec is where posix_spawn(3) or the fork returns, after \
             exec(2); Kelvin's is stamped by the process itself right before exec(2), so that it is part of the time. \
             The end of the process before is part of none.",
        );
        table.note(
            "The second half is measured with 1 GB of written memory in the measuring process.",
        );
        table.render(form)
    }
}

#[derive(Clone, Copy, Debug)]
struct Medians {
    asked_to_ready: f64,
    exec_to_ready: f64,
    asked_to_exec: f64,
}

impl Medians {
    fn of(starts: &[Start]) -> Option<Medians> {
        let median = |figure: fn(&Start) -> u64| {
            Sample::new(starts.iter().map(|start| figure(start) as f64).collect()).quantile(0.5)
        };
        Some(Medians {
            asked_to_ready: median(|start| start.asked_to_ready)?,
            exec_to_ready: median(|start| start.exec_to_ready)?,
            asked_to_exec: median(|start| {
                start.asked_to_ready.saturating_sub(start.exec_to_ready)
            })?,
        })
    }
}
