//! What is replayed, and in which order: pure data.

use anyhow::Context;
use kelvin_emulator::cpu::published::{self, Called, Figures};
use kelvin_emulator::cpu::{called_gaps, first_factor};
use kelvin_lambda::MemorySize;
use kelvin_platform::{Gap, Gaps};

/// Memory sizes in MB at which the CPU limit is seen.
const SIZES: [u32; 4] = [128, 256, 512, 1024];

/// How many of them decide how much more CPU time than time a first invocation needs.
const FACTOR_SIZES: usize = 3;

/// First invocations at each size.
pub(super) const FIRSTS: usize = 5;

/// In what way a launch is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// With the gaps that callers of Lambda leave.
    AsCalled,
    /// One right after another.
    WithoutGap,
    /// With the same gaps, and a whole core, whatever the memory size.
    WithoutLimit,
    /// Nothing but the first invocation, as CPU work of its own.
    First,
}

impl Way {
    pub(super) fn gap(self) -> Gap {
        if self == Way::WithoutGap { Gap::None } else { Gap::AsCalled }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Way::AsCalled => "as called",
            Way::WithoutGap => "no gap",
            Way::WithoutLimit => "no limit",
            Way::First => "first",
        }
    }
}

/// One function at one size in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// Its place in [`Plan::functions`].
    pub function: usize,
    pub memory: MemorySize,
    pub way: Way,
}

impl Cell {
    pub(super) fn gaps(&self, launch: usize) -> Gaps {
        called_gaps(self.way.gap(), self.function, self.memory, launch)
    }
}

/// A published function, cut to what is replayed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Function {
    pub name: String,
    /// Of the launches that are replayed.
    pub demands_ms: Vec<Vec<f64>>,
    /// What AWS reported at each size.
    pub warm: Vec<(MemorySize, Figures)>,
    /// At 1,769 MB.
    pub warm_at_one_vcpu: Figures,
    pub first_ms: Vec<(MemorySize, f64)>,
    /// By which a first invocation needs more CPU time than its duration at 1,769 MB.
    pub first_factor: f64,
    /// What a first invocation has to compute.
    pub first_demand_ms: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub functions: Vec<Function>,
    pub launches: usize,
    /// How many launches there are.
    pub of: usize,
    pub cells: Vec<Cell>,
}

impl Plan {
    /// The first of the published launches, or all of them if there are not so many.
    pub(super) fn new(launches: usize) -> anyhow::Result<Plan> {
        let called = published::called();
        let of = called.iter().map(|called| called.demands_ms.len()).min().unwrap_or(0);
        let launches = launches.min(of);
        let functions = called.into_iter().map(|called| Function::cut(called, launches));
        let functions: Vec<Function> = functions.collect::<anyhow::Result<_>>()?;
        let mut cells = Vec::new();
        // What is compared stands side by side in time, too.
        for (function, published) in functions.iter().enumerate() {
            for &(memory, _) in &published.warm {
                let ways = [Way::AsCalled, Way::WithoutGap, Way::First];
                cells.extend(ways.map(|way| Cell { function, memory, way }));
            }
            cells.push(Cell { function, memory: MemorySize::ONE_VCPU, way: Way::WithoutLimit });
        }
        Ok(Plan { functions, launches, of, cells })
    }

    /// The cells in the order of a block, which every other block has backwards.
    pub(super) fn block(&self, block: usize) -> Vec<Cell> {
        let mut cells = self.cells.clone();
        if block % 2 == 1 {
            cells.reverse();
        }
        cells
    }
}

/// How many first invocations at each size are made in this one of so many blocks: all of them are spread evenly.
pub(super) fn firsts(block: usize, blocks: usize) -> usize {
    let until = |block: usize| (FIRSTS * block).div_ceil(blocks.max(1));
    until(block + 1) - until(block)
}

impl Function {
    /// In each launch.
    pub(super) fn invocations(&self) -> usize {
        self.demands_ms.first().map_or(0, Vec::len)
    }

    fn cut(called: Called, launches: usize) -> anyhow::Result<Function> {
        let Called { name, mut demands_ms, warm, first_ms } = called;
        demands_ms.truncate(launches);
        let at = |memory: MemorySize| {
            let warm = warm.iter().find(|(known, _)| *known == memory)?;
            let first = first_ms.iter().find(|(known, _)| *known == memory)?;
            Some((warm.1, first.1))
        };
        let of = |memory| {
            at(memory).with_context(|| format!("{name} has no figures at {} MB", memory.mb()))
        };
        let (warm_at_one_vcpu, first_at_one_vcpu_ms) = of(MemorySize::ONE_VCPU)?;
        let mut function = Function {
            demands_ms,
            warm: Vec::new(),
            warm_at_one_vcpu,
            first_ms: Vec::new(),
            first_factor: 1.0,
            first_demand_ms: first_at_one_vcpu_ms,
            name: name.clone(),
        };
        for mb in SIZES {
            let memory = MemorySize::new(mb)?;
            let (warm, first_ms) = of(memory)?;
            function.warm.push((memory, warm));
            function.first_ms.push((memory, first_ms));
        }
        let factor = first_factor(first_at_one_vcpu_ms, &function.first_ms[..FACTOR_SIZES]);
        function.first_factor = factor;
        function.first_demand_ms *= factor;
        Ok(function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_replayed_at_every_size_in_every_way() {
        let plan = Plan::new(3).unwrap();
        assert_eq!((plan.launches, plan.of), (3, 40));
        assert!(plan.functions.iter().all(|function| function.demands_ms.len() == 3));
        let count = |way| plan.cells.iter().filter(|cell| cell.way == way).count();
        let counts = [Way::AsCalled, Way::WithoutGap, Way::First, Way::WithoutLimit].map(count);
        assert_eq!(counts, [8, 8, 8, 2]);
        let factors: Vec<f64> = plan.functions.iter().map(|known| known.first_factor).collect();
        assert_eq!(factors, [1.272, 1.143]);
    }

    #[test]
    fn every_other_block_runs_backwards() {
        let plan = Plan::new(1).unwrap();
        let mut backwards = plan.block(1);
        backwards.reverse();
        assert_eq!(plan.block(0), backwards);
        assert_eq!(plan.block(2), plan.cells);
    }

    #[test]
    fn first_invocations_are_spread_over_the_blocks() {
        let check = |blocks, expected: &[usize]| {
            let found: Vec<usize> = (0..blocks).map(|block| firsts(block, blocks)).collect();
            assert_eq!(found, expected, "{blocks} blocks");
        };
        check(1, &[5]);
        check(2, &[3, 2]);
        check(5, &[1; 5]);
        check(7, &[1, 1, 1, 0, 1, 1, 0]);
        for blocks in 1..=40 {
            assert_eq!((0..blocks).map(|block| firsts(block, blocks)).sum::<usize>(), FIRSTS);
        }
    }
}
