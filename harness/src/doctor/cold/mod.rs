//! `kelvin doctor --cold`: the emulator's cold starts beside bare starts after the machine's caches were dropped.
//!
//! The emulator evicts the files of a function, and nothing else, without root. A bare start has no emulator at all: the
//! kernel drops its caches, the program is executed, and its first request is waited for. Whether both take the same time
//! says how far the emulator's cold starts can be trusted on this machine.

mod bare;
mod programs;
mod result;
mod starts;
mod text;

use kelvin_emulator::Limits;
use kelvin_emulator::cpu::CpuLimit;

use super::{NOT_ALONE, Patient};
use crate::alone::Alone;
use crate::exit::Exit;
use crate::progress::{Conditions, Progress};
use crate::signals::Stop;
use crate::{terminal, timer};
use result::Compared;
use starts::Starts;

/// Starts every program in each of so many rounds and prints what the starts took.
pub(super) fn compare(
    limit: CpuLimit,
    rounds: u32,
    stop: &Stop,
    alone: &mut Alone,
) -> anyhow::Result<Exit> {
    let interactive = terminal::stderr_is_interactive();
    let progress = Progress::new(Conditions { quiet: false, interactive });
    let no_bare = bare::why_not();
    let compared = {
        let patient =
            Patient::new(Limits { cpu: limit, memory: false, freeze: true, files: true })?;
        let found = programs::find(patient.emulator.folder(), stop)?;
        let starts = Starts::new(&patient, found.programs, no_bare.is_none())?;
        let rows = starts.carry_out(rounds, stop, &progress)?;
        let not_private = patient.not_enforced("private /tmp");
        Compared { rounds, rows, left_out: found.left_out, no_bare, not_private }
    };
    progress.finish();
    let noise = timer::describe(timer::lateness());
    let beside = if alone.others() == 0 { "" } else { NOT_ALONE };
    terminal::print(&format!("{beside}{}\n{noise}\n", text::render(&compared)))?;
    Ok(Exit::Done)
}
