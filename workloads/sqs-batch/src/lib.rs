//! The workload `sqs-batch`: checks a batch of orders from Amazon SQS, and reports those that failed.
//!
//! Events and responses are those of an event source mapping with `ReportBatchItemFailures` ("Handling errors for an SQS
//! event source in Lambda", AWS Lambda Developer Guide), in the types of aws_lambda_events.
//! An order is right if its total is the one that the price list gives; the price list is inside the program, and
//! reading it is work that can be done in INIT.

mod batch;
mod order;
mod prices;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use kelvin_workload::{Answer, Case, Compute, Prepared, WorkloadError};

use crate::prices::PriceList;

/// Checks orders.
#[derive(Debug)]
pub struct SqsBatch {
    prices: Prepared<PriceList>,
}

impl Compute for SqsBatch {
    const NAME: &'static str = "sqs-batch";
    type Event = SqsEvent;
    type Response = SqsBatchResponse;

    fn init() -> SqsBatch {
        SqsBatch { prices: Prepared::new(PriceList::parse) }
    }

    fn prepare(&self) -> Result<(), WorkloadError> {
        self.prices.get().map(drop)
    }

    fn compute(&self, event: &SqsEvent) -> Result<SqsBatchResponse, WorkloadError> {
        let prices = self.prices.get()?;
        batch::failures(&event.records, |record| order::check(record, prices))
    }

    fn cases() -> Vec<Case<SqsEvent>> {
        macro_rules! case {
            ($name:literal) => {
                case(
                    $name,
                    include_str!(concat!("../cases/", $name, ".event.json")),
                    include_str!(concat!("../cases/", $name, ".answer.json")),
                )
            };
        }
        vec![
            case!("mixed"),
            case!("all-right"),
            case!("all-wrong"),
            case!("large-orders"),
            case!("fifo"),
            case!("one-record"),
        ]
    }
}

fn case(name: &'static str, event: &str, answer: &str) -> Case<SqsEvent> {
    let event = serde_json::from_str(event).expect("the event is one of SQS");
    let answer = serde_json::from_str(answer).expect("Python wrote the answer, and as JSON");
    Case::new(name, event, Answer::Json(answer))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn every_case_is_answered_rightly() {
        assert_eq!(kelvin_workload::check_cases::<SqsBatch>(), Ok(()));
    }

    #[test]
    fn a_batch_that_could_not_be_reported_on_is_refused_with_a_reason() {
        let check = |event: Value, expected: &str| {
            let event = serde_json::from_value(event).unwrap();
            let error = SqsBatch::init().compute(&event).unwrap_err();
            let got = (error.error_type(), error.error_message());
            assert_eq!(got, ("InvalidEvent", expected.to_owned()));
        };
        check(json!({ "Records": [] }), "the batch has no records");
        let unnamed = "record 1 has no messageId, by which its failure would be reported";
        check(json!({ "Records": [{ "messageId": "a" }, {}] }), unnamed);
        check(json!({ "Records": [{ "messageId": "a" }, { "messageId": "" }] }), unnamed);
    }

    #[test]
    fn events_of_another_shape_are_refused_with_a_reason() {
        let check = |event: &str, expected: &str| {
            let error = serde_json::from_str::<SqsEvent>(event).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check("{}", "missing field `Records` at line 1 column 2");
        check(
            r#"{"Records": [{"body": {}}]}"#,
            "invalid type: map, expected a string at line 1 column 22",
        );
    }
}
