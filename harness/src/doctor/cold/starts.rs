//! The starts: an emulator, real processes and time.

use std::time::Duration;

use kelvin_lambda::{Invocation, Start, Status};
use kelvin_platform::{FunctionId, Gaps, InvokeRequest, PageCache, Platform};

use super::bare;
use super::programs::Program;
use super::result::Row;
use crate::doctor::Patient;
use crate::progress::{Progress, Turn};
use crate::signals::Stop;

/// Before every start, so that what the one before it has left behind is done: an environment's end, and preparing another.
const SETTLE: Duration = Duration::from_millis(250);

/// How a program is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Cold,
    Bare,
    Warm,
}

const WAYS: [Way; 3] = [Way::Cold, Way::Bare, Way::Warm];

/// A program, and the functions that start it.
struct Deployed {
    program: Program,
    cold: FunctionId,
    warm: FunctionId,
}

pub(super) struct Starts<'a> {
    patient: &'a Patient,
    deployed: Vec<Deployed>,
    with_bare: bool,
}

impl Starts<'_> {
    pub(super) fn new(
        patient: &Patient,
        programs: Vec<Program>,
        with_bare: bool,
    ) -> anyhow::Result<Starts<'_>> {
        let deploy = |program: &Program, number, page_cache| {
            let spec = program.spec(number, page_cache);
            anyhow::Ok(patient.runtime.block_on(patient.emulator.deploy(spec))?)
        };
        let deployed = programs.into_iter().enumerate().map(|(number, program)| {
            let cold = deploy(&program, number, PageCache::Cold)?;
            let warm = deploy(&program, number, PageCache::Warm)?;
            Ok(Deployed { program, cold, warm })
        });
        let deployed = deployed.collect::<anyhow::Result<_>>()?;
        Ok(Starts { patient, deployed, with_bare })
    }

    /// A row of each program, in which every round has left one number of each way.
    pub(super) fn carry_out(
        &self,
        rounds: u32,
        stop: &Stop,
        progress: &Progress,
    ) -> anyhow::Result<Vec<Row>> {
        let row = |deployed: &Deployed| Row::new(&deployed.program.name);
        let mut rows: Vec<Row> = self.deployed.iter().map(row).collect();
        for round in 0..rounds {
            let order = order(self.deployed.len(), round);
            for (position, (number, way)) in order.iter().enumerate() {
                let deployed = &self.deployed[*number];
                progress.turn(&Turn {
                    block: u64::from(round),
                    blocks: u64::from(rounds),
                    position: position as u64,
                    positions: order.len() as u64,
                    name: &format!("{}, {way:?}", deployed.program.name),
                    noise: None,
                });
                self.start(deployed, *way, &mut rows[*number], stop)?;
            }
        }
        Ok(rows)
    }

    fn start(
        &self,
        deployed: &Deployed,
        way: Way,
        row: &mut Row,
        stop: &Stop,
    ) -> anyhow::Result<()> {
        match way {
            Way::Cold => {
                let invocation = self.invoke(deployed, deployed.cold, stop)?;
                row.cold_ms.push(init_ms(&invocation)?);
                let facts = invocation.launch.as_ref().and_then(|launch| launch.page_cache.clone());
                row.facts.extend(facts);
            }
            Way::Warm => {
                // Dropping the caches has taken this function's files, too: the first of two starts reads them again.
                if self.with_bare {
                    self.invoke(deployed, deployed.warm, stop)?;
                }
                let invocation = self.invoke(deployed, deployed.warm, stop)?;
                row.warm_ms.push(init_ms(&invocation)?);
            }
            Way::Bare if self.with_bare => {
                self.settle(stop)?;
                bare::drop_caches()?;
                row.bare_ms.push(bare::start(&deployed.program, stop)?);
            }
            Way::Bare => {}
        }
        Ok(())
    }

    /// A cold start of a function, with the end of its environment.
    fn invoke(
        &self,
        deployed: &Deployed,
        function: FunctionId,
        stop: &Stop,
    ) -> anyhow::Result<Invocation> {
        self.settle(stop)?;
        let Program { name, event, .. } = &deployed.program;
        let request = InvokeRequest::new(event.clone().into());
        let invoked = self.patient.emulator.invoke(function, request, Gaps::NONE);
        let invocation = self.patient.runtime.block_on(invoked)?;
        self.patient.recycle(function)?;
        let error = invocation.error.as_ref().map(|error| error.message.as_str());
        let error = error.unwrap_or_default();
        anyhow::ensure!(invocation.status == Status::Ok, "{name} failed: {error}");
        anyhow::ensure!(invocation.start == Start::Cold, "a recycled function starts cold");
        Ok(invocation)
    }

    fn settle(&self, stop: &Stop) -> anyhow::Result<()> {
        stop.check()?;
        self.patient.pause(SETTLE)
    }
}

/// What is started in a round, one after another: every other round has it backwards.
fn order(programs: usize, round: u32) -> Vec<(usize, Way)> {
    let mut order: Vec<_> =
        (0..programs).flat_map(|number| WAYS.map(|way| (number, way))).collect();
    if round % 2 == 1 {
        order.reverse();
    }
    order
}

fn init_ms(invocation: &Invocation) -> anyhow::Result<f64> {
    let init_ns = invocation.timing.init_ns;
    let init_ns = init_ns.ok_or_else(|| anyhow::anyhow!("a cold start has an Init Duration"))?;
    Ok(init_ns as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_round_runs_backwards() {
        let first = order(2, 0);
        let expected = [0, 1].map(|number| WAYS.map(|way| (number, way))).concat();
        assert_eq!(first, expected);
        let mut second = order(2, 1);
        second.reverse();
        assert_eq!(second, first);
        assert_eq!(order(2, 2), first);
    }
}
