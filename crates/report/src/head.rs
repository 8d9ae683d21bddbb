//! The top of a report: what was run, on what, and what was enforced there.

use kelvin_record::{HostRecord, Run, RunRecord, RunStatus, ServiceRecord};

use crate::explain;
use crate::page::{Page, Role};

/// Adds the lines above the tables.
pub(crate) fn add(page: &mut Page, run: &Run) {
    let record = &run.record;
    page.text(Role::Title, 2, &title(record));
    if let Some(run_id) = &record.resumed_from {
        page.text(Role::Plain, 2, &format!("resumed from run {run_id}, whose records are in it"));
    }
    page.text(Role::Aside, 2, &host(&record.host));
    page.text(Role::Plain, 2, &explain::in_a_line(&record.platform.enforcement));
    for service in &record.services {
        page.text(Role::Plain, 2, &service_line(service));
    }
    if !record.platform.unavailable.is_empty() {
        let fields = record.platform.unavailable.iter();
        let list: Vec<String> = fields.map(|(field, why)| format!("{field} ({why})")).collect();
        page.text(Role::Aside, 2, &format!("not measured here: {}", list.join(", ")));
    }
    for note in &record.platform.notes {
        page.text(Role::Aside, 2, note);
    }
    if let Some(who) = beside(record.other_runs) {
        let what = "at the same time; these numbers are not to be trusted";
        page.text(Role::Warning, 2, &format!("NOT ALONE: {who} {what}"));
    }
    if let Some(why) = &run.truncated {
        page.text(Role::Warning, 2, &format!("TRUNCATED: {why}"));
    }
    if let Some(what) = ended(record) {
        page.text(Role::Warning, 2, &what);
    }
    let when = match record.status {
        RunStatus::Running => Some("if it was killed, "),
        RunStatus::Interrupted => Some(""),
        _ => None,
    };
    if let Some(when) = when {
        let text = format!("{when}`kelvin run --resume {}` goes on from here", record.run_id);
        page.text(Role::Plain, 2, &text);
    }
}

fn title(run: &RunRecord) -> String {
    let (tool, scenario, platform) = (&run.tool, &run.scenario, &run.platform);
    format!(
        "{} {} · {} · run {} · seed {} · {} {}",
        tool.name,
        tool.version,
        scenario.name,
        run.run_id,
        scenario.seed,
        platform.name,
        platform.version
    )
}

fn service_line(service: &ServiceRecord) -> String {
    let ServiceRecord { service, kind, latency, errors, seed, .. } = service;
    format!("service {service}: {kind} · latency {latency} · errors {errors} · seed {seed}")
}

fn host(host: &HostRecord) -> String {
    let mut parts = vec![host.arch.clone()];
    let cores = host.cores_logical.map(|cores| format!(" × {cores}")).unwrap_or_default();
    parts.extend(host.cpu_model.as_ref().map(|model| format!("{model}{cores}")));
    parts.extend(host.mem_bytes.map(|bytes| {
        let gigabytes = bytes as f64 / f64::from(1_u32 << 30);
        format!("{gigabytes:.1} GB")
    }));
    parts.extend(host.kernel.as_ref().map(|kernel| format!("kernel {kernel}")));
    parts.push(match host.virt.as_str() {
        "none" => "no virtualization".to_owned(),
        "unknown" => "virtualization unknown".to_owned(),
        kind => kind.to_owned(),
    });
    parts.extend(host.governor.as_ref().map(|governor| format!("governor {governor}")));
    parts.extend(host.timer_lateness.map(|late| {
        let us = |ns: u64| ns as f64 / 1e3;
        format!(
            "clock read late by {:.1} µs (p50), {:.0} µs (p99)",
            us(late.p50_ns),
            us(late.p99_ns)
        )
    }));
    format!("host {}", parts.join(" · "))
}

fn beside(other_runs: u32) -> Option<String> {
    match other_runs {
        0 => None,
        1 => Some("another run was going on".to_owned()),
        n => Some(format!("{n} other runs were going on")),
    }
}

fn ended(run: &RunRecord) -> Option<String> {
    let what = match run.status {
        RunStatus::Ok | RunStatus::Running | RunStatus::Damaged => return None,
        RunStatus::ChecksFailed => "CHECKS FAILED",
        RunStatus::InvocationsFailed => "INVOCATIONS FAILED that were not expected to",
        RunStatus::Failed => "RUN FAILED",
        RunStatus::Interrupted => "INTERRUPTED",
    };
    let why = run.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    Some(format!("{what}{why}"))
}
