//! The replay: emulators, real processes and time.

use std::collections::BTreeMap;

use anyhow::Context;
use kelvin_emulator::Limits;
use kelvin_emulator::cpu::{CpuLimit, called_gaps};
use kelvin_lambda::{Invocation, MemorySize, Start};
use kelvin_platform::{FunctionId, Gap, Gaps};
use kelvin_stats::Sample;

use super::plan::{Cell, Plan, Way, firsts};
use super::result::{Besides, Durations, Outcome};
use crate::doctor::Patient;
use crate::doctor::work::Work;
use crate::progress::{Progress, Turn};
use crate::signals::Stop;

/// What is replayed to see what an invocation takes besides its work.
const KNOWN_MS: f64 = 2.0;
const KNOWN_INVOCATIONS: usize = 100;
/// On one core and on the other.
const KNOWN_LAUNCHES: usize = 2;
/// No function of the plan has this number.
const KNOWN_FUNCTION: usize = 99;

/// An emulator that limits the CPU and one that does not.
pub(super) struct Replay {
    limited: Patient,
    unlimited: Patient,
}

impl Replay {
    pub(super) fn new(cpu: CpuLimit) -> anyhow::Result<Replay> {
        let limits = |cpu| Limits { cpu, memory: false, freeze: true, files: true };
        // Both before this thread has a core: what an emulator starts begins on the cores that this thread may use.
        let limited = Patient::new(limits(cpu))?;
        let unlimited = Patient::new(limits(CpuLimit::Off))?;
        Ok(Replay { limited, unlimited })
    }

    pub(super) fn mechanism(&self) -> String {
        self.limited.mechanism()
    }

    pub(super) fn carry_out(
        &self,
        plan: &Plan,
        stop: &Stop,
        progress: &Progress,
    ) -> anyhow::Result<Outcome> {
        // A function for each cell, so that each has its launches on all cores in turn.
        let functions = plan.cells.iter().enumerate().map(|(number, cell)| {
            self.patient(cell.way).deploy_as(format!("cell-{number}"), cell.memory)
        });
        let functions: Vec<FunctionId> = functions.collect::<anyhow::Result<_>>()?;
        let besides = self.besides(stop)?;
        let mut durations: BTreeMap<usize, Durations> = BTreeMap::new();
        for launch in 0..plan.launches {
            for (position, cell) in plan.block(launch).iter().enumerate() {
                let Some(number) = plan.cells.iter().position(|known| known == cell) else {
                    continue;
                };
                let name = &plan.functions[cell.function].name;
                progress.turn(&Turn {
                    block: launch as u64,
                    blocks: plan.launches as u64,
                    position: position as u64,
                    positions: plan.cells.len() as u64,
                    name: &format!("{name} {} MB, {}", cell.memory.mb(), cell.way.name()),
                    noise: None,
                });
                let launched = Launched {
                    patient: self.patient(cell.way),
                    function: functions[number],
                    besides_cpu_ms: besides.cpu_ms(cell.way),
                    stop,
                };
                let measured = durations.entry(number).or_default();
                if cell.way == Way::First {
                    for _ in 0..firsts(launch, plan.launches) {
                        measured
                            .push(launched.first(plan.functions[cell.function].first_demand_ms)?);
                    }
                } else {
                    let demands_ms = &plan.functions[cell.function].demands_ms[launch];
                    let invocations = launched.warm(demands_ms, cell.gaps(launch))?;
                    for invocation in &invocations {
                        measured.push(duration_ms(invocation)?);
                    }
                }
            }
        }
        let measured = |cell: &Cell| {
            let number = plan.cells.iter().position(|known| known == cell)?;
            durations.get(&number).cloned()
        };
        Outcome::new(plan, besides, measured)
    }

    fn patient(&self, way: Way) -> &Patient {
        if way == Way::WithoutLimit { &self.unlimited } else { &self.limited }
    }

    /// What an invocation takes with a whole core besides its work.
    fn besides(&self, stop: &Stop) -> anyhow::Result<Besides> {
        let patient = &self.unlimited;
        let function = patient.deploy(MemorySize::ONE_VCPU)?;
        let launched = Launched { patient, function, besides_cpu_ms: 0.0, stop };
        let medians_ms = |gap| {
            let (mut cpu_ms, mut duration_ms) = (Vec::new(), Vec::new());
            for launch in 0..KNOWN_LAUNCHES {
                let gaps = called_gaps(gap, KNOWN_FUNCTION, MemorySize::ONE_VCPU, launch);
                for invocation in launched.warm(&[KNOWN_MS; KNOWN_INVOCATIONS], gaps)? {
                    let timing = &invocation.timing;
                    cpu_ms.extend(timing.cpu_ns.map(|ns| ns as f64 / 1e6));
                    duration_ms.extend(timing.duration_ns().map(|ns| ns as f64 / 1e6));
                }
            }
            let median = |values| Sample::new(values).quantile(0.5).context("nothing was measured");
            anyhow::Ok((median(cpu_ms)?, median(duration_ms)?))
        };
        let (cpu_ms, duration_ms) = medians_ms(Gap::AsCalled)?;
        let (saturated_cpu_ms, _) = medians_ms(Gap::None)?;
        patient.remove(function)?;
        Ok(Besides {
            cpu_ms: cpu_ms - KNOWN_MS,
            waiting_ms: duration_ms - cpu_ms,
            saturated_cpu_ms: saturated_cpu_ms - KNOWN_MS,
        })
    }
}

/// A function that is replayed.
struct Launched<'a> {
    patient: &'a Patient,
    function: FunctionId,
    besides_cpu_ms: f64,
    stop: &'a Stop,
}

impl Launched<'_> {
    /// A launch: a cold invocation that does nothing, then these, one after another.
    fn warm(&self, demands_ms: &[f64], gaps: Gaps) -> anyhow::Result<Vec<Invocation>> {
        self.patient.join();
        let cold = self.patient.work(self.function, &Work::NONE)?;
        anyhow::ensure!(cold.start == Start::Cold, "a recycled function starts cold");
        let warm = demands_ms.iter().zip(0..);
        let invocations = warm.map(|(demand_ms, number)| {
            self.stop.check()?;
            let work = self.work_of(*demand_ms);
            let invocation = self.patient.work_after(self.function, &work, gaps.after(number))?;
            anyhow::ensure!(
                invocation.start == Start::Warm,
                "an environment that has served is warm"
            );
            Ok(invocation)
        });
        let invocations = invocations.collect();
        // At once, so that no environment of the one emulator is left while the other one measures.
        self.patient.recycle(self.function)?;
        invocations
    }

    /// The duration of a first invocation, without INIT.
    fn first(&self, demand_ms: f64) -> anyhow::Result<f64> {
        self.stop.check()?;
        self.patient.join();
        let invocation = self.patient.work(self.function, &self.work_of(demand_ms))?;
        anyhow::ensure!(invocation.start == Start::Cold, "a recycled function starts cold");
        self.patient.recycle(self.function)?;
        duration_ms(&invocation)
    }

    fn work_of(&self, demand_ms: f64) -> Work {
        Work { cpu_ms: (demand_ms - self.besides_cpu_ms).max(0.0), ..Work::NONE }
    }
}

fn duration_ms(invocation: &Invocation) -> anyhow::Result<f64> {
    let duration_ns = invocation.timing.duration_ns();
    Ok(duration_ns.context("an invocation has no duration")? as f64 / 1e6)
}
