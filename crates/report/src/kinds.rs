//! Failures by their kinds, with the first of each: what text and JSON show.

use std::collections::HashMap;

use kelvin_lambda::Status;
use kelvin_record::{
    FailureKinds, FailureSummary, FailuresSummary, InvocationRecord, Run, payload_files,
};

use crate::advice::{Inits, advice};

/// So many kinds are in a summary.
const MOST_IN_SUMMARY: usize = 100;

/// The failures of one kind.
struct Kind<'a> {
    function: u32,
    first: &'a InvocationRecord,
    invocations: u64,
}

/// What failed in a run; `None` if nothing did.
pub(crate) fn failures(run: &Run) -> Option<FailuresSummary> {
    let mut kinds = kinds(run);
    if kinds.is_empty() {
        return None;
    }
    // The order in which they were met stays as it is otherwise.
    kinds.sort_by_key(|kind| kind.first.expected);
    let count = |of: &dyn Fn(&&Kind<'_>) -> bool| {
        kinds.iter().filter(of).map(|kind| kind.invocations).sum::<u64>()
    };
    let inits = Inits::of(run);
    let shown = kinds.iter().take(MOST_IN_SUMMARY);
    Some(FailuresSummary {
        invocations: count(&|_| true),
        unexpected: count(&|kind| !kind.first.expected),
        kinds: kinds.len() as u64,
        of_kinds: shown.filter_map(|kind| summary(run, &inits, kind)).collect(),
    })
}

fn kinds(run: &Run) -> Vec<Kind<'_>> {
    #[derive(PartialEq, Eq, Hash)]
    enum Which {
        OnRecord(u64),
        /// Of a record that is older than kinds.
        Found(u64),
    }
    let mut found = FailureKinds::default();
    let mut places: HashMap<Which, usize> = HashMap::new();
    let mut kinds: Vec<Kind<'_>> = Vec::new();
    for row in run.invocations.iter().filter(|row| row.status != Status::Ok) {
        let Some(function) = run.function_of(row) else { continue };
        let which = match row.failure_kind {
            Some(number) => Which::OnRecord(number),
            None => Which::Found(found.of(function, row).0),
        };
        let place = *places.entry(which).or_insert_with(|| {
            kinds.push(Kind { function, first: row, invocations: 0 });
            kinds.len() - 1
        });
        kinds[place].invocations += 1;
    }
    kinds
}

fn summary(run: &Run, inits: &Inits, kind: &Kind<'_>) -> Option<FailureSummary> {
    let Kind { function, first, invocations } = *kind;
    let record = run.record.functions.get(usize::try_from(function).ok()?)?;
    let payloads = first.request_id.as_deref().filter(|_| first.payloads_kept).map(payload_files);
    Some(FailureSummary {
        function: record.name.clone(),
        function_index: Some(function),
        memory_mb: record.memory_mb,
        status: first.status,
        error_type: first.error_type.clone(),
        expected: first.expected,
        init_failed: first.init_failed,
        invocations,
        request_id: first.request_id.clone(),
        launch: first.launch,
        case: first.case.clone(),
        message: first.error_message.clone().filter(|message| !message.is_empty()),
        log_tail: first.log_tail.clone().filter(|log| !log.is_empty()),
        payloads,
        advice: if first.expected {
            None
        } else {
            advice(record, first, inits.of_function(function))
        },
    })
}
