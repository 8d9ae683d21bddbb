//! `kelvin report --ladder`: what a ladder needs besides the records.

use kelvin_emulator::cpu;
use kelvin_lambda::MemorySize;
use kelvin_record::Run;
use kelvin_report::{
    Beside, Burst, LadderReport, cases_of, render_ladder_json, render_ladder_text,
};

use crate::cli::Format;
use crate::{criterion, terminal};

/// The ladders of a run.
pub(crate) fn of(run: &Run) -> LadderReport {
    let criterion = criterion::of(cases_of(run));
    kelvin_report::ladder(run, &Beside { cpu_limit: &tick_model, criterion: &criterion })
}

pub(crate) fn render(run: &Run, report: &LadderReport, format: Format) -> String {
    match format {
        Format::Text => render_ladder_text(run, report, &terminal::style()),
        Format::Json => render_ladder_json(report),
    }
}

/// The books of the emulator's CPU limit, without the emulator.
fn tick_model(bursts: &[Burst], memory: MemorySize) -> Vec<u64> {
    let burst = |&Burst { cpu_ns, idle_ns }: &Burst| cpu::Burst { cpu_ns, idle_ns };
    let bursts: Vec<cpu::Burst> = bursts.iter().map(burst).collect();
    cpu::predicted_walls(&bursts, memory)
}
