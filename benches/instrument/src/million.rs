//! Very many warm invocations in one loop: their rate, and whether memory grows.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use kelvin_lambda::Invocation;
use kelvin_platform::{Gaps, LoadEnd, LoadShape};

use crate::args::Args;
use crate::kelvin::{self, Kelvin};
use crate::machine::resident_bytes;
use crate::table::{Form, Table, megabytes, say};

/// What one loop has shown.
struct Loop {
    name: &'static str,
    invocations: u64,
    took: Duration,
    /// Resident memory of this process after a tenth of the invocations, and at the end.
    early_bytes: u64,
    late_bytes: u64,
}

pub(crate) struct Million {
    loops: Vec<Loop>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Million> {
    let cases =
        [("Kelvin, no limits", kelvin::NONE), ("Kelvin, CPU + memory + freeze", kelvin::ALL)];
    let mut loops = Vec::new();
    for (name, limits) in cases {
        say(&format!("million: {} invocations, {name}", args.million));
        let kelvin = Kelvin::start(&args.bootstrap, limits)?;
        kelvin.repeat(args.discard.max(1), |_| ())?;
        loops.push(measure(name, &kelvin, args.million)?);
    }
    // At a rate that two cores can hold; a tenth is enough to see whether memory grows.
    let scheduled = args.million / 10;
    let loads = [
        (
            "Kelvin, a load of 4 clients",
            args.million,
            LoadShape::Closed {
                clients: 4,
                until: LoadEnd::Invocations(args.million),
                gaps: Gaps::NONE,
            },
        ),
        (
            "Kelvin, a load of 1,000 a second",
            scheduled,
            LoadShape::Open((0..scheduled).map(|i| i * 1_000_000).collect()),
        ),
    ];
    for (name, invocations, shape) in loads {
        say(&format!("million: {invocations} invocations, {name}"));
        let kelvin = Kelvin::start(&args.bootstrap, kelvin::ALL)?;
        let load = |each: &mut Each<'_>| kelvin.load(vec![kelvin::request()], shape, each);
        loops.push(observe(name, invocations, load)?);
    }
    Ok(Million { loops })
}

/// Gets every invocation.
type Each<'a> = dyn FnMut(&Invocation) + Send + 'a;

fn measure(name: &'static str, kelvin: &Kelvin, invocations: u64) -> anyhow::Result<Loop> {
    observe(name, invocations, |each| kelvin.repeat(invocations, each))
}

fn observe(
    name: &'static str,
    invocations: u64,
    run: impl FnOnce(&mut Each<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<Loop> {
    let tenth = invocations / 10;
    let (mut seen, mut early) = (0, None);
    let begun = Instant::now();
    run(&mut |_| {
        seen += 1;
        if seen == tenth {
            early = resident_bytes().ok();
        }
    })?;
    let took = begun.elapsed();
    ensure!(seen == invocations, "{seen} of {invocations} invocations came back");
    let early_bytes = early.context("resident memory cannot be read")?;
    Ok(Loop { name, invocations, took, early_bytes, late_bytes: resident_bytes()? })
}

impl Million {
    pub(crate) fn render(&self, form: Form) -> String {
        let mut table = Table::new(
            "Very many warm invocations in one loop",
            &["by", "invocations", "seconds", "per second", "memory at 10 %", "at 100 %"],
        );
        for one in &self.loops {
            let seconds = one.took.as_secs_f64();
            table.row(vec![
                one.name.to_owned(),
                one.invocations.to_string(),
                format!("{seconds:.1}"),
                format!("{:.0}", one.invocations as f64 / seconds),
                megabytes(one.early_bytes),
                megabytes(one.late_bytes),
            ]);
        }
        table.note("Memory is what the measuring process, with the emulator in it, has resident.");
        table.render(form)
    }
}
