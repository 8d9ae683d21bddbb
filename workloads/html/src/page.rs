//! What a page shows: what the templates get. `cases/answers.py` works out the same.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use kelvin_workload::WorkloadError;
use serde::Serialize;

use crate::catalogue::{Catalogue, Operation};
use crate::{Event, LARGEST_PAGE};

/// One page of the results.
#[derive(Debug, Serialize)]
pub(crate) struct Page<'a> {
    service: &'a str,
    /// How many there are in the catalogue.
    n_operations: usize,
    query: &'a str,
    /// How many of them are found.
    found: usize,
    /// The kinds of those, most frequent first; ties are ordered by name.
    kinds: Vec<Kind<'a>>,
    /// Those of this page.
    operations: &'a [&'a Operation],
    /// The number of the first of them, from 1.
    first: usize,
    page: usize,
    page_size: usize,
    n_pages: usize,
}

#[derive(Debug, Serialize)]
struct Kind<'a> {
    name: &'a str,
    operations: usize,
}

impl<'a> Page<'a> {
    /// The page that the event asks for; `found` is what its query finds.
    pub(crate) fn of(
        event: &'a Event,
        catalogue: &'a Catalogue,
        found: &'a [&'a Operation],
    ) -> Result<Page<'a>, WorkloadError> {
        within("page_size", event.page_size, LARGEST_PAGE)?;
        let n_pages = found.len().div_ceil(event.page_size);
        // If nothing is found, the first page says so.
        within("page", event.page, n_pages.max(1))?;
        let first = (event.page - 1) * event.page_size;
        let end = found.len().min(first + event.page_size);
        Ok(Page {
            service: &catalogue.service,
            n_operations: catalogue.operations.len(),
            query: &event.query,
            found: found.len(),
            kinds: kinds(found),
            operations: &found[first..end],
            first: first + 1,
            page: event.page,
            page_size: event.page_size,
            n_pages,
        })
    }
}

fn within(field: &str, value: usize, most: usize) -> Result<(), WorkloadError> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(WorkloadError::invalid_event(format!("{field} is {value}; it must be from 1 to {most}")))
}

fn kinds<'a>(operations: &[&'a Operation]) -> Vec<Kind<'a>> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for operation in operations {
        *counts.entry(&operation.kind).or_default() += 1;
    }
    let mut kinds: Vec<_> =
        counts.into_iter().map(|(name, operations)| Kind { name, operations }).collect();
    kinds.sort_by_key(|kind| Reverse(kind.operations));
    kinds
}
