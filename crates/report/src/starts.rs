//! What launches tell of their starts: where INIT went, what was in the page cache, and what lay between invocations.

use std::collections::BTreeMap;
use std::fmt::Write;

use kelvin_record::{
    FunctionSummary, InitRecord, InitSummary, LaunchRecord, PageCacheSummary, PageInByRecord, Run,
};

use crate::label::Names;
use crate::number::{megabytes, three_digits};
use crate::page::{Page, Role};

/// Named in a report; of the others there is the count.
const MOST_NAMED: usize = 4;

/// The launches of a function that did not begin within a load.
pub(crate) fn launches_of(run: &Run, function: u32) -> Vec<&LaunchRecord> {
    let of_loads: Vec<u64> = run
        .invocations
        .iter()
        .filter(|row| row.index == 0 && row.load.is_some())
        .filter_map(|row| row.launch)
        .collect();
    let own = |launch: &&LaunchRecord| {
        launch.function == function && of_loads.binary_search(&launch.launch).is_err()
    };
    run.launches.iter().filter(own).collect()
}

/// The gaps of these launches, each once.
pub(crate) fn gaps(launches: &[&LaunchRecord]) -> Vec<String> {
    let mut gaps: Vec<String> = Vec::new();
    for gap in launches.iter().flat_map(|launch| &launch.gaps) {
        if !gaps.contains(gap) {
            gaps.push(gap.clone());
        }
    }
    gaps
}

/// INIT of one launch in nanoseconds: CPU, page-in and the rest, which add up to it. CPU of several threads is cut where it
/// would be longer than INIT.
pub(crate) fn init_parts(init_ns: u64, init: &InitRecord) -> Option<[u64; 3]> {
    let cpu = init.cpu_ns?.min(init_ns);
    let page_in = init.page_in_ns?.min(init_ns - cpu);
    Some([cpu, page_in, init_ns - cpu - page_in])
}

/// The parts of INIT of one launch, and what else it tells of it.
type Known<'a> = ([u64; 3], &'a InitRecord);

/// Means over the launches whose parts are known; `None` if there is none.
pub(crate) fn init_summary(launches: &[&LaunchRecord]) -> Option<InitSummary> {
    let known: Vec<Known<'_>> = launches
        .iter()
        .filter_map(|launch| {
            let init = launch.init.as_ref()?;
            Some((init_parts(launch.init_ns.value()?, init)?, init))
        })
        .collect();
    if known.is_empty() {
        return None;
    }
    let mean = |of: &dyn Fn(&Known<'_>) -> u64| {
        known.iter().map(|one| of(one) as f64).sum::<f64>() / known.len() as f64
    };
    let ms = |at: usize| rounded(mean(&|(parts, _)| parts[at]) / 1e6);
    let accounted = known.iter().all(|(_, init)| init.page_in_by == PageInByRecord::Accounted);
    Some(InitSummary {
        launches: known.len() as u64,
        init_ms: rounded(mean(&|(parts, _)| parts.iter().sum()) / 1e6),
        cpu_ms: ms(0),
        page_in_ms: ms(1),
        rest_ms: ms(2),
        read_bytes: mean(&|(_, init)| init.read_bytes.unwrap_or(0)).round(),
        page_in_by: if accounted { PageInByRecord::Accounted } else { PageInByRecord::Residue },
    })
}

/// What the starts of these launches found; `None` if they say nothing.
pub(crate) fn page_cache(launches: &[&LaunchRecord]) -> Option<PageCacheSummary> {
    let known: Vec<_> = launches.iter().filter_map(|launch| launch.page_cache.as_ref()).collect();
    let count = |of: &dyn Fn(&kelvin_record::PageCacheRecord) -> bool| {
        known.iter().filter(|one| of(one)).count() as u64
    };
    let n = known.len();
    if n == 0 {
        return None;
    }
    let mut not_evicted: Vec<String> = Vec::new();
    for what in known.iter().flat_map(|one| &one.not_evicted) {
        if !not_evicted.contains(what) {
            not_evicted.push(what.clone());
        }
    }
    Some(PageCacheSummary {
        launches: n as u64,
        cold: count(&|one| one.cold),
        bytes: (known.iter().map(|one| one.bytes as f64).sum::<f64>() / n as f64).round(),
        resident_bytes: known.iter().filter_map(|one| one.resident_bytes).max(),
        not_evicted,
        shared_disk: count(&|one| one.starting > 1),
        waited: count(&|one| one.waited && one.cold),
        prepare_ms: rounded(
            known.iter().map(|one| one.prepare_ns as f64).sum::<f64>() / n as f64 / 1e6,
        ),
        copied_bytes: known.iter().map(|one| one.copied_bytes).sum(),
    })
}

fn rounded(ms: f64) -> f64 {
    (ms * 1e6).round() / 1e6
}

/// Adds what must be known of the tables of cold and warm starts.
pub(crate) fn add(page: &mut Page, functions: &[FunctionSummary], names: &Names) {
    let named: Vec<Named<'_>> = names.full.iter().map(String::as_str).zip(functions).collect();
    let mut lines = page_cache_lines(&named);
    lines.extend(gap_lines(&named));
    if !lines.is_empty() {
        page.gap();
    }
    lines.into_iter().for_each(|(role, line)| page.text(role, 2, &line));
}

/// A function, and what it is called.
type Named<'a> = (&'a str, &'a FunctionSummary);

fn gap_lines(functions: &[Named<'_>]) -> Vec<(Role, String)> {
    let mut of_gaps: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, function) in functions.iter().filter(|(_, function)| !function.gaps.is_empty()) {
        of_gaps.entry(function.gaps.join(", then ")).or_default().push(name);
    }
    let alone = of_gaps.len() == 1;
    let line = |(gaps, names): (String, Vec<&str>)| {
        let whose = if alone { String::new() } else { format!(" of {}", list(&names)) };
        let what = match gaps.as_str() {
            "none" => {
                let text = format!(
                    "Warm invocations{whose} are SATURATED: no gap lay between them, which no caller of Lambda sees."
                );
                return (Role::Warning, text);
            }
            "as called" => "as called, which is what callers of Lambda leave (median 17.5 ms)",
            other => other,
        };
        (Role::Plain, format!("Gap before warm invocations{whose}: {what}."))
    };
    of_gaps.into_iter().map(line).collect()
}

fn page_cache_lines(functions: &[Named<'_>]) -> Vec<(Role, String)> {
    let mut lines = Vec::new();
    let known: Vec<(&str, &PageCacheSummary)> =
        functions.iter().filter_map(|(name, f)| Some((*name, f.page_cache.as_ref()?))).collect();
    let cold: Vec<_> = known.iter().filter(|(_, of)| of.cold > 0).collect();
    let warm: Vec<&str> =
        known.iter().filter(|(_, of)| of.cold < of.launches).map(|(name, _)| *name).collect();
    if !cold.is_empty() {
        let resident = cold.iter().filter_map(|(_, of)| of.resident_bytes).max().unwrap_or(0);
        let prepare = cold.iter().map(|(_, of)| of.prepare_ms * of.launches as f64).sum::<f64>()
            / cold.iter().map(|(_, of)| of.launches as f64).sum::<f64>();
        let copied: u64 = cold.iter().map(|(_, of)| of.copied_bytes).sum();
        lines.push((
            Role::Plain,
            format!(
                "Page cache: cold. At most {} MB of what a start reads was resident. Preparing a start took {} ms on average, outside of every measurement, and {} MB of copies in all.",
                three_digits(megabytes(resident)),
                three_digits(prepare),
                three_digits(megabytes(copied)),
            ),
        ));
        lines.extend(page_in_line(functions).map(|line| (Role::Plain, line)));
    }
    if !warm.is_empty() {
        let line = format!(
            "Page cache: WARM for {}. In a new microVM nothing is in memory when INIT begins.",
            list(&warm)
        );
        lines.push((Role::Warning, line));
    }
    let shared: u64 = known.iter().map(|(_, of)| of.shared_disk).sum();
    if shared > 0 {
        let line = format!(
            "{shared} starts shared this machine's disk and cores with other starts, which made them longer."
        );
        lines.push((Role::Warning, line));
    }
    let waited: u64 = known.iter().map(|(_, of)| of.waited).sum();
    if waited > 0 {
        let line = format!(
            "{waited} cold starts waited for their files to be prepared, which is in their latency and not in INIT."
        );
        lines.push((Role::Plain, line));
    }
    let mut not_evicted: Vec<&str> = Vec::new();
    for what in known.iter().flat_map(|(_, of)| &of.not_evicted) {
        if !not_evicted.contains(&what.as_str()) {
            not_evicted.push(what);
        }
    }
    if !not_evicted.is_empty() {
        lines.push((Role::Warning, format!("Not evicted: {}.", list(&not_evicted))));
    }
    lines
}

/// For which functions waiting for pages is a large part of INIT.
fn page_in_line(functions: &[Named<'_>]) -> Option<String> {
    let shares = functions.iter().filter_map(|(_, f)| f.init_parts.as_ref());
    let shares: Vec<f64> =
        shares.filter(|of| of.init_ms > 0.0).map(|of| of.page_in_ms / of.init_ms).collect();
    let (least, most) = (
        shares.iter().copied().min_by(f64::total_cmp)?,
        shares.iter().copied().max_by(f64::total_cmp)?,
    );
    let by = functions.iter().filter_map(|(_, f)| f.init_parts.as_ref());
    let accounted = by.clone().all(|of| of.page_in_by == PageInByRecord::Accounted);
    let how =
        if accounted { "accounted by the kernel" } else { "what CPU and run queue leave of it" };
    Some(format!(
        "Of INIT, {:.0} to {:.0} % is page-in ({how}); --ladder has the parts.",
        100.0 * least,
        100.0 * most
    ))
}

fn list(names: &[&str]) -> String {
    let mut text = names[..names.len().min(MOST_NAMED)].join(", ");
    if names.len() > MOST_NAMED {
        write!(text, " and {} more", names.len() - MOST_NAMED).ok();
    }
    text
}
