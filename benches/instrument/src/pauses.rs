//! What an invocation takes besides its CPU time when there was a pause before it, beside a bare process that sleeps as long.
//!
//! A core that has slept, a thread that has to be woken and a scheduler that has others to run all show here, and nowhere in a
//! loop without pauses.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use kelvin_emulator::{IdleExpiry, ReleaseDelay, Scaling};
use kelvin_lambda::{Invocation, Start};
use kelvin_platform::{Gap, Gaps, LoadShape};
use kelvin_stats::Sample;

use crate::args::Args;
use crate::contest::nanoseconds;
use crate::kelvin::{self, Kelvin};
use crate::process::Process;
use crate::table::{Form, Table, milliseconds, say};

const PAUSES_MS: [u64; 5] = [0, 1, 5, 20, 100];

/// Thrown away at the beginning of each turn, which comes after a pause of another length.
const DISCARD: u32 = 2;

/// After a long pause there are fewer invocations in a turn.
const LONG_MS: u64 = 100;
const FEWER: u32 = 4;

/// A function, and what it burns.
struct Program {
    name: &'static str,
    /// CPU time that the bare process burns to compare with it.
    burn: Duration,
    /// What an invocation takes of the interval of an open loop.
    work: Duration,
    kelvin: Kelvin,
}

/// How pauses come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// No Kelvin.
    Bare,
    /// `pause()` in a script, then one invocation.
    Script,
    /// The gap of a closed loop.
    Repeat,
    /// The interval of an open loop, less what an invocation takes.
    Open,
}

const WAYS: [Way; 4] = [Way::Bare, Way::Script, Way::Repeat, Way::Open];

impl Way {
    fn name(self) -> &'static str {
        match self {
            Way::Bare => "bare process",
            Way::Script => "script that pauses",
            Way::Repeat => "loop with a gap",
            Way::Open => "open loop",
        }
    }
}

/// One invocation, or one turn of the bare process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Taken {
    wall_ns: u64,
    cpu_ns: u64,
}

/// What was measured of one function after one pause in one way.
struct Cell {
    program: usize,
    pause_ms: u64,
    way: Way,
    taken: Vec<Taken>,
}

pub(crate) struct Pauses {
    programs: Vec<&'static str>,
    cells: Vec<Cell>,
    rounds: u64,
}

/// On a thread of its own, as it stays away from functions from then on.
pub(crate) fn run(args: &Args) -> anyhow::Result<Pauses> {
    std::thread::scope(|scope| {
        let measured = scope.spawn(|| measure(args)).join();
        measured.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn measure(args: &Args) -> anyhow::Result<Pauses> {
    let Some(burner) = &args.burner else { bail!("no burner for pauses: {}", args.no_burner) };
    // Both emulators before this thread joins one of them: what they start begins on the cores that it may use.
    let programs = [
        Program {
            name: "burns 1.9 ms",
            burn: Duration::from_micros(1900),
            work: Duration::from_millis(2),
            kelvin: start(burner)?,
        },
        Program {
            name: "hello",
            burn: Duration::from_micros(50),
            work: Duration::from_micros(100),
            kelvin: start(&args.bootstrap)?,
        },
    ];
    let mut cells = Vec::new();
    for pause_ms in PAUSES_MS {
        for program in 0..programs.len() {
            // An open loop without a pause has no room for an invocation that takes longer than usual.
            let ways = WAYS.into_iter().filter(|way| *way != Way::Open || pause_ms > 0);
            cells.extend(ways.map(|way| Cell { program, pause_ms, way, taken: Vec::new() }));
        }
    }
    for round in 0..args.rounds {
        say(&format!("pauses: round {} of {}", round + 1, args.rounds));
        let turn = |cell: &mut Cell| cell.turn(&programs[cell.program], burner, args.paused);
        if round % 2 == 0 {
            cells.iter_mut().try_for_each(turn)?;
        } else {
            cells.iter_mut().rev().try_for_each(turn)?;
        }
    }
    let programs = programs.iter().map(|program| program.name).collect();
    Ok(Pauses { programs, cells, rounds: args.rounds })
}

/// One environment serves an open loop that is not saturated, so that it has the pauses that are meant.
fn start(bootstrap: &Path) -> anyhow::Result<Kelvin> {
    let scaling =
        Scaling { release: ReleaseDelay::None, idle: IdleExpiry::Never, ..Scaling::default() };
    Kelvin::start_scaled(bootstrap, kelvin::ALL, true, scaling)
}

impl Cell {
    fn turn(&mut self, program: &Program, burner: &Path, invocations: u32) -> anyhow::Result<()> {
        let pause = Duration::from_millis(self.pause_ms);
        let fewer = if self.pause_ms >= LONG_MS { FEWER } else { 1 };
        let count = DISCARD + invocations.div_ceil(fewer);
        let Program { kelvin, burn, work, .. } = program;
        let mut taken = Vec::new();
        let each = |invocation: &Invocation| taken.extend(warm(invocation));
        if self.way != Way::Bare {
            kelvin.join();
        }
        match self.way {
            Way::Bare => taken = bare(burner, pause, *burn, count)?,
            Way::Script => {
                for _ in 0..count {
                    taken.extend(warm(&kelvin.invoke_after(pause)?));
                }
            }
            Way::Repeat => {
                kelvin.repeat_with(count.into(), Gaps::new(Gap::Fixed(pause), 0), each)?;
            }
            Way::Open => {
                let interval = nanoseconds(pause + *work);
                let moments = (0..u64::from(count)).map(|number| number * interval).collect();
                kelvin.load(vec![kelvin::request()], LoadShape::Open(moments), each)?;
            }
        }
        self.taken.extend(taken.into_iter().skip(DISCARD as usize));
        Ok(())
    }

    /// Wall time less CPU time, in nanoseconds.
    fn besides(&self) -> Sample {
        let besides = |taken: &Taken| taken.wall_ns as f64 - taken.cpu_ns as f64;
        self.taken.iter().map(besides).collect()
    }

    fn cpu(&self) -> Sample {
        self.taken.iter().map(|taken| taken.cpu_ns as f64).collect()
    }
}

/// Of an invocation that found its environment ready; a first one is another thing.
fn warm(invocation: &Invocation) -> Option<Taken> {
    let timing = &invocation.timing;
    let (wall_ns, cpu_ns) = timing.duration_ns().zip(timing.cpu_ns)?;
    (invocation.start == Start::Warm).then_some(Taken { wall_ns, cpu_ns })
}

/// What the same program takes by itself.
fn bare(burner: &Path, pause: Duration, burn: Duration, count: u32) -> anyhow::Result<Vec<Taken>> {
    let args = [pause.as_micros().to_string(), burn.as_micros().to_string(), count.to_string()];
    let text = Process::read(burner, &args).context("the bare process")?;
    let taken = parse(&text);
    anyhow::ensure!(taken.len() == count as usize, "the bare process printed {text:?}");
    Ok(taken)
}

fn parse(text: &str) -> Vec<Taken> {
    let line = |line: &str| {
        let (wall, cpu) = line.split_once(' ')?;
        Some(Taken { wall_ns: wall.parse().ok()?, cpu_ns: cpu.parse().ok()? })
    };
    text.lines().filter_map(line).collect()
}

impl Pauses {
    fn bare(&self, of: &Cell) -> Option<&Cell> {
        let is_beside = |cell: &&Cell| {
            (cell.program, cell.pause_ms, cell.way) == (of.program, of.pause_ms, Way::Bare)
        };
        self.cells.iter().find(is_beside)
    }

    pub(crate) fn render(&self, form: Form) -> String {
        let mut table = Table::new(
            "Wall time less CPU time of an invocation after a pause, in ms",
            &[
                "function",
                "pause",
                "by",
                "invocations",
                "CPU p50",
                "besides p50",
                "p90",
                "more than bare p50",
                "p90",
            ],
        );
        for cell in &self.cells {
            let (besides, bare) = (cell.besides(), self.bare(cell).map(Cell::besides));
            let at = |sample: &Sample, q| sample.quantile(q).unwrap_or(f64::NAN);
            let more = |q| match &bare {
                Some(bare) if cell.way != Way::Bare => {
                    format!("{:+.3}", (at(&besides, q) - at(bare, q)) / 1e6)
                }
                _ => String::new(),
            };
            table.row(vec![
                self.programs[cell.program].to_owned(),
                cell.pause_ms.to_string(),
                cell.way.name().to_owned(),
                besides.len().to_string(),
                milliseconds(at(&cell.cpu(), 0.5)),
                format!("{:.3}", at(&besides, 0.5) / 1e6),
                format!("{:.3}", at(&besides, 0.9) / 1e6),
                more(0.5),
                more(0.9),
            ]);
        }
        table.note(&format!(
            "{} rounds, every other one backwards; the first {DISCARD} of each turn are thrown away. CPU limit of 1,769 MB, memory limit and freeze are on.",
            self.rounds
        ));
        table.note(
            "A bare process sleeps as long and then burns the same CPU time (0.05 ms beside hello); the wall time of its burning \
             begins when it has been woken. Kelvin's is the Duration: from the event to the next question for one.",
        );
        table.render(form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_bare_process_prints_is_read() {
        let expected = [Taken { wall_ns: 1900, cpu_ns: 1800 }, Taken { wall_ns: 7, cpu_ns: 6 }];
        assert_eq!(parse("1900 1800\n7 6\n"), expected);
        assert_eq!(parse("x 1\n\n5"), []);
    }

    #[test]
    fn each_cell_is_compared_with_the_bare_process_after_the_same_pause() {
        let cell = |pause_ms, way, wall_ns: &[u64]| {
            let taken = wall_ns.iter().map(|&wall_ns| Taken { wall_ns, cpu_ns: 1_900_000 });
            Cell { program: 0, pause_ms, way, taken: taken.collect() }
        };
        let cells = vec![
            cell(0, Way::Bare, &[1_902_000]),
            cell(5, Way::Bare, &[1_910_000]),
            cell(5, Way::Repeat, &[1_960_000]),
        ];
        let text = Pauses { programs: vec!["f"], cells, rounds: 1 }.render(Form::Markdown);
        let row = text.lines().find(|line| line.contains("loop with a gap"));
        let expected = "| f | 5 | loop with a gap | 1 | 1.90 | 0.060 | 0.060 | +0.050 | +0.050 |";
        assert_eq!(row, Some(expected));
    }
}
