//! `kelvin doctor --cpu-limit`: the CPU limit against published measurements.

use std::fmt::Write;
use std::time::Duration;

use kelvin_emulator::Limits;
use kelvin_emulator::cpu::{CpuLimit, predicted_wall, published};
use kelvin_lambda::{MemorySize, Start};

use super::work::Work;
use super::{NOT_ALONE, Patient};
use crate::alone::Alone;
use crate::exit::Exit;
use crate::signals::Stop;
use crate::{terminal, timer};

/// Of the long work.
const LONG_MS: f64 = 150.0;

/// One line of a table.
struct Row {
    memory: MemorySize,
    published_ms: Option<f64>,
    predicted_ms: f64,
    measured_ms: Vec<f64>,
}

impl Row {
    fn mean(&self) -> f64 {
        mean(&self.measured_ms)
    }

    /// The upper of the two in the middle, where there are two.
    fn median(&self) -> f64 {
        let mut sorted = self.measured_ms.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// Measures all tables, interleaved, `rounds` times each, and prints them.
pub(super) fn compare(
    limit: CpuLimit,
    rounds: u32,
    stop: &Stop,
    alone: &mut Alone,
) -> anyhow::Result<Exit> {
    let patient = Patient::new(Limits { cpu: limit, memory: false, freeze: true, files: true })?;
    let mut short: Vec<Row> = published::short_work()
        .into_iter()
        .map(|(memory, published_ms)| Row {
            memory,
            published_ms: Some(published_ms),
            predicted_ms: predicted_ms(published::SHORT_CPU_MS, memory) + published::SHORT_FIXED_MS,
            measured_ms: Vec::new(),
        })
        .collect();
    let mut long: Vec<Row> = published::long_work()
        .into_iter()
        .filter(|(memory, _)| *memory < MemorySize::ONE_VCPU)
        .map(|(memory, published_ms)| Row {
            memory,
            published_ms: Some(published_ms),
            predicted_ms: predicted_ms(LONG_MS, memory),
            measured_ms: Vec::new(),
        })
        .collect();
    let mut tick: Vec<Row> =
        [128, 256, 1769].into_iter().map(unpublished).collect::<Result<_, _>>()?;
    let mut init: Vec<Row> = [128, 1769].into_iter().map(unpublished).collect::<Result<_, _>>()?;
    let mut suppressed: Vec<Row> =
        [128, 1769].into_iter().map(unpublished).collect::<Result<_, _>>()?;
    for round in 0..rounds {
        terminal::complain(&format!("round {} of {rounds}", round + 1));
        let work = Work {
            cpu_ms: published::SHORT_CPU_MS,
            wait_ms: published::SHORT_FIXED_MS,
            ..Work::NONE
        };
        measure(&patient, &mut short, work, stop)?;
        measure(&patient, &mut long, Work { cpu_ms: LONG_MS, ..Work::NONE }, stop)?;
        measure(&patient, &mut tick, Work { cpu_ms: 3.0, ..Work::NONE }, stop)?;
        measure_init(&patient, &mut init, stop)?;
        measure_suppressed_init(&patient, &mut suppressed, stop)?;
    }
    let noise = timer::describe(timer::lateness());
    let mechanism = patient.mechanism();
    drop(patient);
    let tables = text(&short, &long, &tick, [&init, &suppressed], &noise);
    let beside = if alone.others() == 0 { "" } else { NOT_ALONE };
    terminal::print(&format!("CPU limit by {mechanism}\n{beside}\n{tables}"))?;
    Ok(Exit::Done)
}

fn unpublished(mb: u32) -> anyhow::Result<Row> {
    let memory = MemorySize::new(mb)?;
    Ok(Row {
        memory,
        published_ms: None,
        predicted_ms: predicted_ms(3.0, memory),
        measured_ms: Vec::new(),
    })
}

fn predicted_ms(cpu_ms: f64, memory: MemorySize) -> f64 {
    predicted_wall(Duration::from_secs_f64(cpu_ms / 1e3), memory).as_secs_f64() * 1e3
}

/// Adds a few warm durations to each row, each after an idle pause, as published measurements have.
fn measure(patient: &Patient, rows: &mut [Row], work: Work, stop: &Stop) -> anyhow::Result<()> {
    for row in rows {
        let function = patient.deploy(row.memory)?;
        patient.work(function, &Work::NONE)?;
        for _ in 0..5 {
            stop.check()?;
            patient.pause(Duration::from_millis(50))?;
            let duration = patient.work(function, &work)?.timing.duration_ns();
            row.measured_ms.extend(duration.map(|ns| ns as f64 / 1e6));
        }
        patient.remove(function)?;
    }
    Ok(())
}

fn measure_init(patient: &Patient, rows: &mut [Row], stop: &Stop) -> anyhow::Result<()> {
    for row in rows {
        let function = patient.deploy(row.memory)?;
        for _ in 0..5 {
            stop.check()?;
            let invocation = patient.work(function, &Work::NONE)?;
            anyhow::ensure!(invocation.start == Start::Cold, "a recycled function starts cold");
            row.measured_ms.extend(invocation.timing.init_ns.map(|ns| ns as f64 / 1e6));
            patient.recycle(function)?;
        }
        patient.remove(function)?;
    }
    Ok(())
}

/// The durations of invocations that find their process gone, and so contain an init.
fn measure_suppressed_init(patient: &Patient, rows: &mut [Row], stop: &Stop) -> anyhow::Result<()> {
    for row in rows {
        let function = patient.deploy(row.memory)?;
        for _ in 0..5 {
            stop.check()?;
            patient.crash(function)?;
            let invocation = patient.work(function, &Work::NONE)?;
            let start = invocation.start;
            anyhow::ensure!(start == Start::SuppressedInit, "a crash is followed by an init");
            row.measured_ms.extend(invocation.timing.duration_ns().map(|ns| ns as f64 / 1e6));
        }
        patient.remove(function)?;
    }
    Ok(())
}

fn text(
    short: &[Row],
    long: &[Row],
    tick: &[Row],
    [init, suppressed]: [&[Row]; 2],
    noise: &str,
) -> String {
    let mut text = String::new();
    let line = &mut text;
    writeln!(line, "Short work: 16.2 ms of CPU and 1.1 ms of waiting; ms, means").ok();
    writeln!(line, "    MB     AWS   model   error  measured  error").ok();
    for row in short {
        let published = row.published_ms.unwrap_or(f64::NAN);
        writeln!(
            line,
            "{:>6} {:>7.1} {:>7.1} {:>+6.1}% {:>9.1} {:>+5.1}%",
            row.memory.mb(),
            published,
            row.predicted_ms,
            percent(row.predicted_ms / published),
            row.mean(),
            percent(row.mean() / published),
        )
        .ok();
    }
    let error = |of: fn(&Row) -> f64| {
        mean(
            &short
                .iter()
                .filter_map(|r| Some(percent(of(r) / r.published_ms?).abs()))
                .collect::<Vec<_>>(),
        )
    };
    writeln!(
        line,
        "mean error: model {:.1} %, measured {:.1} %",
        error(|r| r.predicted_ms),
        error(Row::mean)
    )
    .ok();
    writeln!(
        line,
        "\nLong work: {LONG_MS} ms of CPU; ms, means; AWS's as a ratio to its time at 1,769 MB"
    )
    .ok();
    writeln!(line, "    MB  linear   model  measured  to linear  to AWS").ok();
    for row in long {
        let linear = LONG_MS * 1769.0 / f64::from(row.memory.mb());
        let aws = row.published_ms.unwrap_or(f64::NAN) / 155.0 * LONG_MS;
        writeln!(
            line,
            "{:>6} {:>7.0} {:>7.0} {:>9.0} {:>+9.1}% {:>+6.1}%",
            row.memory.mb(),
            linear,
            row.predicted_ms,
            row.mean(),
            percent(row.mean() / linear),
            percent(row.mean() / aws),
        )
        .ok();
    }
    writeln!(line, "\nWork below a tick: 3 ms of CPU; ms, medians").ok();
    for row in tick {
        // What takes 4 ms because something else ran on the core is held as on Lambda, and is not what is asked here.
        writeln!(line, "{:>6} {:>7.2}", row.memory.mb(), row.median()).ok();
    }
    writeln!(line, "\nINIT with 10 ms of CPU, and a duration with a suppressed one; ms, means")
        .ok();
    writeln!(line, "    MB    INIT  suppressed").ok();
    for (init, suppressed) in init.iter().zip(suppressed) {
        let [init_ms, suppressed_ms] = [init.mean(), suppressed.mean()];
        writeln!(line, "{:>6} {init_ms:>7.2} {suppressed_ms:>11.2}", init.memory.mb()).ok();
    }
    writeln!(line, "\n{noise}").ok();
    text
}

fn percent(ratio: f64) -> f64 {
    (ratio - 1.0) * 100.0
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
