//! A batch: each message once, and which of them have to come again.

use std::collections::HashSet;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsMessage};
use kelvin_workload::WorkloadError;

/// Works on every message and reports those that failed, in the order of the batch.
///
/// A message that SQS delivered twice is worked on once. Messages of a FIFO queue must stay in order, so the ones behind a
/// failure fail too ("Handling errors for an SQS event source in Lambda", AWS Lambda Developer Guide).
pub(crate) fn failures<E>(
    records: &[SqsMessage],
    work_on: impl Fn(&SqsMessage) -> Result<(), E>,
) -> Result<SqsBatchResponse, WorkloadError> {
    if records.is_empty() {
        return Err(WorkloadError::invalid_event("the batch has no records"));
    }
    let mut response = SqsBatchResponse::default();
    let mut seen = HashSet::new();
    let mut stopped = false;
    for (id, record) in named(records)? {
        if !seen.insert(id) {
            continue;
        }
        if stopped || work_on(record).is_err() {
            response.add_failure(id);
            stopped = is_fifo(record);
        }
    }
    Ok(response)
}

/// Every message with its id. One without cannot be reported: the whole batch has to come again.
fn named(records: &[SqsMessage]) -> Result<Vec<(&str, &SqsMessage)>, WorkloadError> {
    let named = records.iter().enumerate().map(|(n, record)| {
        let id = record.message_id.as_deref().filter(|id| !id.is_empty());
        id.map(|id| (id, record)).ok_or_else(|| {
            WorkloadError::invalid_event(format!(
                "record {n} has no messageId, by which its failure would be reported"
            ))
        })
    });
    named.collect()
}

/// The name of a FIFO queue ends with `.fifo`.
fn is_fifo(record: &SqsMessage) -> bool {
    record.event_source_arn.as_deref().is_some_and(|arn| arn.ends_with(".fifo"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages by their ids; those with an exclamation mark fail.
    fn check(queue: &str, ids: &str, expected: &str) {
        let record = |id: &str| {
            let mut record = SqsMessage::default();
            record.message_id = Some(id.to_owned());
            record.event_source_arn =
                Some(format!("arn:aws:sqs:eu-central-1:123456789012:{queue}"));
            record
        };
        let records: Vec<_> = ids.split(' ').map(record).collect();
        let fails = |record: &SqsMessage| {
            let id = record.message_id.as_deref().unwrap_or_default();
            if id.ends_with('!') { Err(()) } else { Ok(()) }
        };
        let response = failures(&records, fails).unwrap();
        let failed: Vec<_> = response
            .batch_item_failures
            .iter()
            .map(|failure| failure.item_identifier.as_str())
            .collect();
        assert_eq!(failed.join(" "), expected, "{queue}: {ids}");
    }

    #[test]
    fn what_failed_comes_again() {
        check("orders", "a b c", "");
        check("orders", "a b! c d!", "b! d!");
        check("orders", "a! a! b b", "a!");
        check("orders.fifo", "a b c", "");
        check("orders.fifo", "a b! c d!", "b! c d!");
        check("orders.fifo", "a b! b! a c", "b! c");
    }
}
