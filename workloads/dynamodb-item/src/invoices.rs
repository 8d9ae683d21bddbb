//! The pure part alone, with its items in memory: the clean baseline of what the function does with DynamoDB.

use std::collections::BTreeMap;

use kelvin_workload::{Answer, Case, Compute, Prepared, WorkloadError};
use serde::{Deserialize, Serialize};

use crate::Line;
use crate::line::Item;
use crate::totals::{Totals, totals};

/// The invoices that are in the program (`cases/README.md` says what they are), as items.
#[derive(Clone, Debug)]
pub(crate) struct Invoices(BTreeMap<String, Vec<Item>>);

impl Invoices {
    pub(crate) fn read() -> Result<Invoices, WorkloadError> {
        let text = include_str!("../cases/invoices.json");
        let invoices: BTreeMap<String, Vec<Line>> =
            serde_json::from_str(text).map_err(|error| {
                WorkloadError::preparation_failed("could not read the invoices", error)
            })?;
        let items = invoices.into_iter().map(|(name, lines)| {
            let items =
                (1..).zip(lines).map(|(number, line)| line.into_item(&name, number, 1, "-"));
            let items = items.collect();
            (name, items)
        });
        Ok(Invoices(items.collect()))
    }

    /// The lines of an invoice, in order; none if there is no such invoice.
    pub(crate) fn lines(&self, invoice: &str) -> &[Item] {
        self.0.get(invoice).map_or(&[], Vec::as_slice)
    }
}

/// Adds up an invoice that is in the program.
#[derive(Debug)]
pub struct Adding {
    invoices: Prepared<Invoices>,
}

/// Which invoice.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Its name.
    pub invoice: String,
}

impl Compute for Adding {
    const NAME: &'static str = "dynamodb-item";
    type Event = Event;
    type Response = Totals;

    fn init() -> Adding {
        Adding { invoices: Prepared::new(Invoices::read) }
    }

    fn prepare(&self) -> Result<(), WorkloadError> {
        self.invoices.get().map(drop)
    }

    fn compute(&self, event: &Event) -> Result<Totals, WorkloadError> {
        let invoices = self.invoices.get()?;
        let wanted = &event.invoice;
        match invoices.lines(wanted) {
            [] => {
                let names: Vec<&str> = invoices.0.keys().map(String::as_str).collect();
                let names = names.join(", ");
                Err(WorkloadError::invalid_event(format!(
                    "there is no invoice \"{wanted}\"; the invoices are {names}"
                )))
            }
            items => totals(items),
        }
    }

    fn cases() -> Vec<Case<Event>> {
        let answers = include_str!("../cases/totals.json");
        let answers: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(answers).expect("the tests read every answer");
        let case = |name, invoice: &str| {
            let answer = answers.get(invoice).cloned().unwrap_or_default();
            Case::new(name, Event { invoice: invoice.to_owned() }, Answer::Json(answer))
        };
        vec![case("twelve-lines", "2026-0117"), case("four-hundred-lines", "2026-0119")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_answered_rightly() {
        assert_eq!(kelvin_workload::check_cases::<Adding>(), Ok(()));
    }

    #[test]
    fn unknown_invoices_are_refused_with_a_reason() {
        let error = Adding::init().compute(&Event { invoice: "2025-1".to_owned() }).unwrap_err();
        let expected =
            "there is no invoice \"2025-1\"; the invoices are 2026-0117, 2026-0118, 2026-0119";
        assert_eq!(
            (error.error_type(), error.error_message().as_str()),
            ("InvalidEvent", expected)
        );
    }
}
