//! `kelvin doctor --as-called`: published invocations, replayed as CPU work the way in which they were called.
//!
//! The durations of two functions at 1,769 MB, where a whole core was theirs, are what real processes have to compute at
//! smaller sizes; how long they take then is compared with what AWS reported at those sizes.

mod plan;
mod replay;
mod result;
mod text;

use kelvin_emulator::cpu::CpuLimit;

use super::NOT_ALONE;
use crate::alone::Alone;
use crate::exit::Exit;
use crate::progress::{Conditions, Progress};
use crate::signals::Stop;
use crate::{terminal, timer};
use plan::Plan;
use replay::Replay;

/// Replays so many launches of each function and prints how near they come to AWS.
pub(super) fn compare(
    limit: CpuLimit,
    launches: usize,
    stop: &Stop,
    alone: &mut Alone,
) -> anyhow::Result<Exit> {
    let plan = Plan::new(launches)?;
    let interactive = terminal::stderr_is_interactive();
    let progress = Progress::new(Conditions { quiet: false, interactive });
    let (mechanism, result) = {
        let replay = Replay::new(limit)?;
        (replay.mechanism(), replay.carry_out(&plan, stop, &progress)?)
    };
    progress.finish();
    let noise = timer::describe(timer::lateness());
    let tables = text::render(&result);
    let beside = if alone.others() == 0 { "" } else { NOT_ALONE };
    terminal::print(&format!("CPU limit by {mechanism}\n{beside}\n{tables}\n{noise}\n"))?;
    Ok(Exit::Done)
}
