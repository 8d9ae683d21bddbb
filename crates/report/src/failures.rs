//! What failed in a run: a table of the kinds of failures, and the first of each in its own words.

use kelvin_lambda::Status;
use kelvin_record::{FailureSummary, FailuresSummary, FunctionSummary, Summary, message_shape};

use crate::label::Names;
use crate::page::{Page, Role, visible};
use crate::quoted::{Log, lines, shortened_in_the_middle};
use crate::shorten::clipped;
use crate::table::{Align, Column, Spare, Table};

/// So many kinds are in the table …
const MOST_ROWS: usize = 12;
/// … and the first of so many is shown.
const MOST_SHOWN: usize = 5;
/// Of an error in the table, so many characters are.
const MOST_OF_ERROR: usize = 60;
/// Of a message, so many characters are.
const MOST_OF_MESSAGE: usize = 500;
/// Functions that are named where several failed alike.
const MOST_NAMED: usize = 3;

/// What the table can do without.
const SPARE: [Spare; 2] = [(2, "error"), (1, "status")];

/// What the functions of a summary are called in its report.
struct Called<'a> {
    functions: &'a [FunctionSummary],
    names: &'a Names,
}

impl Called<'_> {
    fn of(&self, kind: &FailureSummary) -> String {
        let is = |f: &FunctionSummary| f.name == kind.function && f.memory_mb == kind.memory_mb;
        // Older summaries have the name and the memory size alone.
        let at = kind.function_index.and_then(|index| usize::try_from(index).ok());
        let name = at.or_else(|| self.functions.iter().position(is));
        let name = name.and_then(|at| self.names.full.get(at));
        name.unwrap_or(&kind.function).clone()
    }
}

/// Adds what there is of failures.
pub(crate) fn add(page: &mut Page, summary: &Summary, names: &Names) {
    let Some(failures) = &summary.failures else { return };
    let called = Called { functions: &summary.functions, names };
    add_table(page, failures, &called);
    add_first(page, failures, &called);
}

fn add_table(page: &mut Page, failures: &FailuresSummary, called: &Called<'_>) {
    let shown = &failures.of_kinds[..failures.of_kinds.len().min(MOST_ROWS)];
    let status = |kind: &FailureSummary| {
        let in_init = if kind.init_failed { " (INIT)" } else { "" };
        format!("{}{in_init}", kind.status.as_str())
    };
    let row = |kind: &FailureSummary| {
        vec![
            called.of(kind),
            status(kind),
            clipped(&visible(&error(kind)), MOST_OF_ERROR),
            kind.invocations.to_string(),
            (if kind.expected { "expected" } else { "NOT EXPECTED" }).to_owned(),
        ]
    };
    let column = |name, align| Column { head: ["", name], align };
    let columns = vec![
        column("function", Align::Left),
        column("status", Align::Left),
        column("error", Align::Remark),
        column("invocations", Align::Right),
        column("", Align::Left),
    ];
    page.gap();
    page.text(Role::Title, 2, "Failed invocations");
    page.table(&Table { columns, rows: shown.iter().map(row).collect() }, &SPARE);
    let more = failures.kinds - shown.len() as u64;
    if more > 0 {
        let invocations = shown.iter().map(|kind| kind.invocations).sum::<u64>();
        let rest = failures.invocations - invocations;
        let kinds = if more == 1 { "kind" } else { "kinds" };
        page.text(Role::Plain, 2, &format!("and {more} more {kinds}: {rest} invocations"));
    }
}

/// Its type, and where the function says what it likes, how its message begins.
fn error(kind: &FailureSummary) -> String {
    let error_type = kind.error_type.as_deref().unwrap_or("(others)");
    let own = matches!(kind.status, Status::Error | Status::WrongAnswer);
    let message =
        kind.message.as_deref().filter(|_| own).and_then(|message| message.lines().next());
    match message {
        Some(message) => format!("{error_type}: {message}"),
        None => error_type.to_owned(),
    }
}

/// Kinds that differ in nothing but the function.
struct Alike<'a> {
    first: &'a FailureSummary,
    /// Names of all of them, each once.
    functions: Vec<String>,
    invocations: u64,
}

fn alike<'a>(kinds: &'a [FailureSummary], called: &Called<'_>) -> Vec<Alike<'a>> {
    let what = |kind: &FailureSummary| {
        let message = kind.message.as_deref();
        let message =
            message.map(|text| message_shape(kind.status, kind.request_id.as_deref(), text));
        (kind.status, kind.error_type.clone(), kind.expected, kind.init_failed, message)
    };
    let mut all: Vec<(_, Alike<'_>)> = Vec::new();
    for kind in kinds {
        let name = called.of(kind);
        let of = what(kind);
        let known = all.iter_mut().find(|(known, alike)| {
            // Two kinds of one function are told apart by more than is shown here.
            *known == of && !alike.functions.contains(&name)
        });
        match known {
            Some((_, alike)) => {
                alike.functions.push(name);
                alike.invocations += kind.invocations;
            }
            None => {
                let functions = vec![name];
                let invocations = kind.invocations;
                all.push((of, Alike { first: kind, functions, invocations }));
            }
        }
    }
    all.into_iter().map(|(_, alike)| alike).collect()
}

fn add_first(page: &mut Page, failures: &FailuresSummary, called: &Called<'_>) {
    let all = alike(&failures.of_kinds, called);
    let has_more = |alike: &&Alike<'_>| {
        let first = alike.first;
        first.message.is_some() || first.log_tail.is_some() || first.advice.is_some()
    };
    let shown: Vec<&Alike<'_>> = all.iter().filter(has_more).take(MOST_SHOWN).collect();
    if shown.is_empty() {
        return;
    }
    page.gap();
    page.text(Role::Title, 2, "The first of each kind");
    if shown.iter().any(|alike| alike.first.message.is_some() || alike.first.log_tail.is_some()) {
        let whose = "These are the functions' own words, on record, and may quote events and environment variables.";
        page.text(Role::Aside, 2, whose);
    }
    shown.iter().for_each(|alike| add_one(page, alike));
    let left = all.iter().filter(has_more).count() - shown.len();
    if left > 0 {
        page.text(Role::Aside, 2, &format!("and {left} more in summary.json"));
    }
}

fn add_one(page: &mut Page, alike: &Alike<'_>) {
    let FailureSummary { status, error_type, init_failed, expected, .. } = alike.first;
    let names = alike.functions[..alike.functions.len().min(MOST_NAMED)].join(", ");
    let others = alike.functions.len().saturating_sub(MOST_NAMED);
    let others = if others > 0 { format!(" and {others} more functions") } else { String::new() };
    let error_type = error_type.as_deref().map(|name| format!(" {}", clipped(name, 60)));
    let in_init = if *init_failed { " in INIT" } else { "" };
    let role = if *expected { Role::Plain } else { Role::Warning };
    let times = match alike.invocations {
        1 => "1 invocation".to_owned(),
        n => format!("{n} invocations"),
    };
    let head = format!(
        "{names}{others}: {}{}{in_init}, {times}{}",
        status.as_str(),
        error_type.unwrap_or_default(),
        if *expected { ", as expected" } else { "" }
    );
    page.text(role, 2, &head);
    let message = alike.first.message.as_deref().unwrap_or_default();
    let short = shortened_in_the_middle(message.trim(), MOST_OF_MESSAGE);
    lines(&short).for_each(|line| page.text(Role::Plain, 2, &format!("  {line}")));
    let log = alike.first.log_tail.as_deref().map(Log::of);
    if let Some(log) = log.as_ref().filter(|log| !log.lines.is_empty()) {
        page.text(Role::Aside, 2, &format!("  {}", log.title()));
        log.lines.iter().for_each(|line| page.quote("  │ ", line));
    }
    if let Some(advice) = &alike.first.advice {
        page.text(Role::Plain, 4, &format!("  → {advice}"));
    }
    page.text(Role::Aside, 4, &format!("  {}", record_of(alike.first)));
}

/// Where all of it is that is kept.
fn record_of(first: &FailureSummary) -> String {
    let request = match (&first.request_id, first.launch) {
        (Some(id), _) => format!(", request {id}"),
        (None, Some(launch)) => format!(", launch {launch}"),
        (None, None) => String::new(),
    };
    let payloads = first
        .payloads
        .as_ref()
        .map(|[event, response]| format!("; its event and response: {event}, {response}"));
    format!("on record: invocations.jsonl.gz{request}{}", payloads.unwrap_or_default())
}
