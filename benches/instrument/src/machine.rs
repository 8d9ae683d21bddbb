//! The machine, for the head of the tables, and this process's memory.

use std::fs::read_to_string;

use anyhow::Context;

use crate::args::Args;

/// Above this load, something else is running.
const QUIET: f64 = 0.5;

/// One paragraph.
pub(crate) fn describe(args: &Args) -> String {
    let read = |path: &str| read_to_string(path).unwrap_or_default().trim().to_owned();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().and_then(|load| load.parse::<f64>().ok()).unwrap_or(0.0);
    let bootstrap = args.bootstrap.file_name().unwrap_or_default().display();
    let busy = if load > QUIET {
        "\nThe machine was not quiet: other work was running when this began. These figures are not to be quoted."
    } else {
        ""
    };
    format!(
        "{model}, {cores} cores, Linux {kernel}; load {load:.2}; bootstrap {bootstrap}.{busy}\n"
    )
}

/// What this process has resident.
pub(crate) fn resident_bytes() -> anyhow::Result<u64> {
    let status = read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kilobytes: u64 = kilobytes.context("/proc/self/status has no VmRSS")?.parse()?;
    Ok(kilobytes * 1024)
}

/// The same in whole MB.
pub(crate) fn resident_mb() -> anyhow::Result<u64> {
    Ok(resident_bytes()? >> 20)
}
