//! Many execution environments at once: whether every request is answered once, how many a second, and what memory it takes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use kelvin_lambda::Status;
use kelvin_platform::{Gaps, InvokeRequest, LoadEnd, LoadShape};

use crate::args::Args;
use crate::kelvin::{self, Kelvin};
use crate::machine::resident_bytes;
use crate::table::{Form, Table, megabytes, milliseconds, say};

/// Clients and, since each has one request under way, environments.
const CLIENTS: [u32; 6] = [1, 2, 5, 10, 50, 200];
/// Clients of a load on the environments of the last one.
const FEWER_CLIENTS: u32 = 64;

struct Row {
    clients: u32,
    /// Of the function after the load, used in it or not.
    environments: usize,
    /// Served a request of the load.
    used: usize,
    requests: u64,
    took: Duration,
    latencies: Vec<u64>,
    emulator_bytes: u64,
    functions_bytes: u64,
}

pub(crate) struct Environments {
    rows: Vec<Row>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Environments> {
    let mut rows = Vec::new();
    for clients in CLIENTS {
        let kelvin = Kelvin::start(&args.bootstrap, kelvin::ALL)?;
        rows.push(measure(&kelvin, clients, args.requests)?);
        if Some(&clients) == CLIENTS.last() {
            rows.push(measure(&kelvin, FEWER_CLIENTS, args.requests)?);
        }
    }
    Ok(Environments { rows })
}

/// A closed loop. Each request has a name of its own, by which its answer is known.
fn measure(kelvin: &Kelvin, clients: u32, requests: u64) -> anyhow::Result<Row> {
    say(&format!("environments: {requests} requests of {clients} clients"));
    let event = |i| Bytes::from(format!(r#"{{"name":"{i}"}}"#));
    let events = (0..requests).map(|i| InvokeRequest::new(event(i)));
    let shape =
        LoadShape::Closed { clients, until: LoadEnd::Invocations(requests), gaps: Gaps::NONE };
    let mut answers: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    let (mut used, mut latencies, mut failed) = (BTreeSet::new(), Vec::new(), None);
    let begun = Instant::now();
    kelvin.load(events.collect(), shape, |invocation| {
        *answers.entry(invocation.response.to_vec()).or_default() += 1;
        used.extend(invocation.environment);
        latencies.push(invocation.timing.latency_ns);
        if invocation.status != Status::Ok {
            failed.get_or_insert_with(|| format!("{invocation:?}"));
        }
    })?;
    let took = begun.elapsed();
    ensure!(failed.is_none(), "an invocation failed: {failed:?}");
    let expected: BTreeMap<Vec<u8>, u64> = (0..requests)
        .map(|i| (format!(r#"{{"message":"Hello, {i}!"}}"#).into_bytes(), 1))
        .collect();
    ensure!(answers == expected, "not every request was answered exactly once");
    latencies.sort_unstable();
    let functions = functions(kelvin.folder())?;
    Ok(Row {
        clients,
        environments: functions.len(),
        used: used.len(),
        requests,
        took,
        latencies,
        emulator_bytes: resident_bytes()?,
        functions_bytes: functions.iter().sum(),
    })
}

/// Memory of each function's process: its own pages, and its share of those that it has in common with others (PSS).
///
/// `folder` is the emulator's, in which every function has a file system of its own.
fn functions(folder: &Path) -> anyhow::Result<Vec<u64>> {
    let folder = folder.file_name().and_then(|name| name.to_str()).context("it has a name")?;
    let mut all = Vec::new();
    for process in fs::read_dir("/proc")?.flatten() {
        let read = |file: &str| fs::read_to_string(process.path().join(file)).unwrap_or_default();
        // The guard has these mounts, too, and the folder in its command line.
        if !read("mountinfo").contains(folder) || read("cmdline").contains(folder) {
            continue;
        }
        let rollup = read("smaps_rollup");
        let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kilobytes = pss.and_then(|pss| pss.trim().strip_suffix(" kB"));
        let kilobytes: u64 = kilobytes.context("a process has no Pss")?.parse()?;
        all.push(kilobytes * 1024);
    }
    Ok(all)
}

impl Environments {
    pub(crate) fn render(&self, form: Form) -> String {
        let mut table = Table::new(
            "Many execution environments at once, times in ms",
            &[
                "clients",
                "environments",
                "of which used",
                "requests",
                "per second",
                "latency p50",
                "p99",
                "emulator",
                "functions",
                "each",
            ],
        );
        for row in &self.rows {
            let latency = |share: usize| {
                let at = (row.latencies.len() - 1) * share / 100;
                milliseconds(row.latencies[at] as f64)
            };
            table.row(vec![
                row.clients.to_string(),
                row.environments.to_string(),
                row.used.to_string(),
                row.requests.to_string(),
                format!("{:.0}", row.requests as f64 / row.took.as_secs_f64()),
                latency(50),
                latency(99),
                megabytes(row.emulator_bytes),
                megabytes(row.functions_bytes),
                megabytes(row.functions_bytes / (row.environments.max(1) as u64)),
            ]);
        }
        table.note(
            "CPU limit, memory limit and freeze are on; starting the environments is part of each row but the last.",
        );
        table.note(
            "Every request had a name of its own and was answered exactly once. Memory of functions is their proportional share (PSS).",
        );
        table.render(form)
    }
}
