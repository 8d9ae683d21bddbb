//! What the replay has shown, beside AWS and the books: pure functions of durations.

use std::time::Duration;

use anyhow::Context;
use kelvin_emulator::cpu::published::Figures;
use kelvin_emulator::cpu::{called_walls, predicted_wall};
use kelvin_lambda::MemorySize;
use kelvin_stats::Sample;

use super::plan::{Cell, Function, Plan, Way};

/// In milliseconds.
pub(super) type Durations = Vec<f64>;

/// Everything that is printed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    pub launches: usize,
    /// How many launches are published.
    pub of: usize,
    /// Warm invocations in each launch.
    pub invocations: usize,
    pub besides: Besides,
    pub functions: Vec<Compared>,
}

/// What an invocation takes with a whole core besides its work; medians.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Besides {
    /// CPU time of the handler and the runtime, which is taken off the work.
    pub cpu_ms: f64,
    /// The rest of the duration.
    pub waiting_ms: f64,
    /// The CPU time without a gap, where caches are warm.
    pub saturated_cpu_ms: f64,
}

impl Besides {
    pub(super) fn cpu_ms(&self, way: Way) -> f64 {
        if way == Way::WithoutGap { self.saturated_cpu_ms } else { self.cpu_ms }
    }
}

/// One function.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Compared {
    pub name: String,
    pub sizes: Vec<Size>,
    pub whole_core: WholeCore,
    pub first_factor: f64,
    pub firsts: Vec<First>,
}

/// Warm durations at one memory size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Size {
    pub memory: MemorySize,
    pub aws: Figures,
    pub books: Figures,
    pub as_called: Figures,
    pub without_gap: Figures,
    pub without_limit: Figures,
}

impl Size {
    /// What is compared with AWS, by name.
    pub(super) fn compared(&self) -> [(&'static str, Figures); 4] {
        [
            ("books alone", self.books),
            ("as called", self.as_called),
            ("without a gap", self.without_gap),
            ("without a limit", self.without_limit),
        ]
    }
}

/// Warm durations at 1,769 MB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct WholeCore {
    /// Of more launches than are replayed.
    pub aws: Figures,
    /// AWS's, of the launches that are replayed.
    pub demands: Figures,
    pub without_limit: Figures,
}

/// First invocations at one memory size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct First {
    pub memory: MemorySize,
    pub aws_ms: f64,
    pub books_ms: f64,
    pub measured_ms: f64,
}

impl Outcome {
    /// From what was measured in each cell.
    pub(super) fn new(
        plan: &Plan,
        besides: Besides,
        measured: impl Fn(&Cell) -> Option<Durations>,
    ) -> anyhow::Result<Outcome> {
        let measured = |function, memory, way: Way| {
            let durations = measured(&Cell { function, memory, way });
            durations.with_context(|| format!("nothing was measured {}", way.name()))
        };
        let compared = |(number, function): (usize, &Function)| {
            let seen = |memory, way: Way| figures(measured(number, memory, way)?);
            let without_limit = seen(MemorySize::ONE_VCPU, Way::WithoutLimit)?;
            let mut sizes = Vec::new();
            let mut firsts = Vec::new();
            for (&(memory, aws), &(_, aws_ms)) in function.warm.iter().zip(&function.first_ms) {
                sizes.push(Size {
                    memory,
                    aws,
                    books: books(number, function, memory)?,
                    as_called: seen(memory, Way::AsCalled)?,
                    without_gap: seen(memory, Way::WithoutGap)?,
                    without_limit,
                });
                let demand = Duration::try_from_secs_f64(function.first_demand_ms / 1e3)?;
                let firsts_ms = Sample::new(measured(number, memory, Way::First)?);
                firsts.push(First {
                    memory,
                    aws_ms,
                    books_ms: predicted_wall(demand, memory).as_secs_f64() * 1e3,
                    measured_ms: firsts_ms.quantile(0.5).context("no first invocation")?,
                });
            }
            let demands = figures(function.demands_ms.iter().flatten().copied().collect())?;
            Ok(Compared {
                name: function.name.clone(),
                sizes,
                whole_core: WholeCore { aws: function.warm_at_one_vcpu, demands, without_limit },
                first_factor: function.first_factor,
                firsts,
            })
        };
        let functions = plan.functions.iter().enumerate().map(compared);
        Ok(Outcome {
            launches: plan.launches,
            of: plan.of,
            invocations: plan.functions.first().map_or(0, Function::invocations),
            besides,
            functions: functions.collect::<anyhow::Result<_>>()?,
        })
    }
}

/// What the books alone predict of the launches that are replayed.
fn books(number: usize, function: &Function, memory: MemorySize) -> anyhow::Result<Figures> {
    let cell = Cell { function: number, memory, way: Way::AsCalled };
    let launches = function.demands_ms.iter().enumerate();
    let walls = launches
        .flat_map(|(launch, demands_ms)| called_walls(demands_ms, cell.gaps(launch), memory));
    figures(walls.collect())
}

fn figures(durations: Durations) -> anyhow::Result<Figures> {
    let sample = Sample::new(durations);
    let quantile = |q| sample.quantile(q).context("nothing was measured");
    Ok(Figures {
        mean_ms: sample.mean().context("nothing was measured")?,
        p50_ms: quantile(0.5)?,
        p75_ms: quantile(0.75)?,
        p90_ms: quantile(0.9)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_where_it_belongs() {
        let plan = Plan::new(2).unwrap();
        // Every duration of a cell tells which one it is.
        let measured = |cell: &Cell| {
            let way = match cell.way {
                Way::AsCalled => 0.1,
                Way::WithoutGap => 0.2,
                Way::WithoutLimit => 0.3,
                Way::First => 0.4,
            };
            Some(vec![f64::from(cell.memory.mb()) + cell.function as f64 * 10_000.0 + way])
        };
        let outcome = Outcome::new(&plan, Besides::default(), measured).unwrap();
        assert_eq!((outcome.launches, outcome.of, outcome.invocations), (2, 40, 100));
        for (number, compared) in outcome.functions.iter().enumerate() {
            let check = |figures: f64, mb: f64, way: f64| {
                assert!((figures - mb - number as f64 * 10_000.0 - way).abs() < 1e-6, "{figures}");
            };
            for (size, mb) in compared.sizes.iter().zip([128.0, 256.0, 512.0, 1024.0]) {
                check(size.as_called.mean_ms, mb, 0.1);
                check(size.without_gap.p50_ms, mb, 0.2);
                check(size.without_limit.p90_ms, 1769.0, 0.3);
            }
            for (first, mb) in compared.firsts.iter().zip([128.0, 256.0, 512.0, 1024.0]) {
                check(first.measured_ms, mb, 0.4);
            }
            check(compared.whole_core.without_limit.p75_ms, 1769.0, 0.3);
        }
        assert!(Outcome::new(&plan, Besides::default(), |_| None).is_err());
        assert!(Outcome::new(&plan, Besides::default(), |_| Some(Vec::new())).is_err());
    }

    #[test]
    fn the_books_replay_the_launches_that_are_replayed() {
        let all = Plan::new(40).unwrap();
        let few = Plan::new(4).unwrap();
        let at = |plan: &Plan| books(1, &plan.functions[1], MemorySize::MIN).unwrap();
        assert_ne!(at(&all), at(&few));
        assert!((at(&all).mean_ms - 12.0).abs() < 0.5, "{:?}", at(&all));
    }
}
