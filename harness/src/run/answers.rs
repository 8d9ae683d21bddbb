//! Checking answers, outside of every measurement.

use std::collections::HashMap;
use std::path::PathBuf;

use bytes::Bytes;
use kelvin_lambda::{Answer, CaseDescription, FunctionError, Invocation, Status};
use kelvin_scenario::{HostError, Resolved};
use kelvin_workload::verify;
use serde_json::Value;

use crate::signals::Stop;

/// What is known to be right for one function.
#[derive(Debug)]
pub(super) struct Answers {
    bootstrap: PathBuf,
    stop: Stop,
    cases: Vec<CaseDescription>,
    /// Responses that were found right: most functions answer the same each time, to the byte.
    right: HashMap<String, Vec<Bytes>>,
}

/// So many different right responses of one case are remembered.
const REMEMBERED: usize = 16;

impl Answers {
    pub(super) fn of(resolved: &Resolved, stop: Stop) -> Answers {
        Answers {
            bootstrap: resolved.bootstrap.clone(),
            stop,
            cases: resolved.cases.clone(),
            right: HashMap::new(),
        }
    }

    /// Turns an invocation with a wrong answer into a failed one.
    pub(super) fn check(
        &mut self,
        case: &str,
        invocation: &mut Invocation,
    ) -> Result<(), HostError> {
        if invocation.status != Status::Ok {
            return Ok(());
        }
        let right = self.right.get(case);
        if right.is_some_and(|right| right.contains(&invocation.response)) {
            return Ok(());
        }
        let Some(description) = self.cases.iter().find(|known| known.name == case) else {
            return Ok(());
        };
        match self.verdict(description, &invocation.response)? {
            Ok(()) => {
                let right = self.right.entry(case.to_owned()).or_default();
                if right.len() < REMEMBERED {
                    right.push(invocation.response.clone());
                }
            }
            Err(reason) => {
                invocation.status = Status::WrongAnswer;
                invocation.error = Some(FunctionError {
                    error_type: "Kelvin.WrongAnswer".to_owned(),
                    message: reason,
                });
            }
        }
        Ok(())
    }

    fn verdict(
        &self,
        case: &CaseDescription,
        response: &[u8],
    ) -> Result<Result<(), String>, HostError> {
        let expected = match &case.answer {
            Answer::Unknown => return Ok(Ok(())),
            Answer::Code => {
                let stop = || self.stop.is_wanted();
                let checked = kelvin_artifact::check(&self.bootstrap, &case.name, response, &stop);
                return checked.map_err(|error| {
                    HostError::because(
                        format!("failed to check an answer to case \"{}\"", case.name),
                        error,
                    )
                });
            }
            Answer::Json(value) => kelvin_workload::Answer::Json(value.clone()),
            Answer::Sha256(digest) => kelvin_workload::Answer::Sha256(digest.clone()),
        };
        Ok(match serde_json::from_slice::<Value>(response) {
            Ok(response) => verify(&expected, &response),
            Err(error) => Err(format!("the response is not JSON: {error}")),
        })
    }
}

#[cfg(test)]
mod tests {
    use kelvin_lambda::{Provenance, Start, Timing};
    use serde_json::json;

    use super::*;

    fn check(answer: Answer, response: &str) -> (Status, String) {
        let case = CaseDescription { name: "c".into(), event: Value::Null, answer, bytes: None };
        let (_never, watch) = tokio::sync::watch::channel(false);
        let mut answers = Answers {
            bootstrap: "/nowhere".into(),
            stop: Stop { watch },
            cases: vec![case],
            right: HashMap::new(),
        };
        let mut invocation = Invocation {
            provenance: Provenance::Made,
            request_id: String::new(),
            environment: Some(1),
            start: Start::Warm,
            status: Status::Ok,
            sent_at_ns: 0,
            intended_at_ns: None,
            launch: None,
            timing: Timing::default(),
            max_memory_bytes: None,
            billed_ms: 1,
            request_bytes: 0,
            event: Bytes::new(),
            response: Bytes::from(response.to_owned()),
            error: None,
            init_failed: false,
            log_tail: None,
        };
        answers.check("c", &mut invocation).unwrap();
        (invocation.status, invocation.error.map(|error| error.message).unwrap_or_default())
    }

    #[test]
    fn a_wrong_answer_is_a_failed_invocation() {
        let right = (Status::Ok, String::new());
        assert_eq!(check(Answer::Json(json!({"a": 1})), r#"{ "a": 1 }"#), right);
        assert_eq!(check(Answer::Unknown, "not json"), right);
        let (status, reason) = check(Answer::Json(json!({"a": 1})), r#"{"a":2}"#);
        assert_eq!((status, reason.as_str()), (Status::WrongAnswer, "at /a: expected 1, got 2"));
        let (status, reason) = check(Answer::Json(json!(1)), "{");
        assert_eq!(status, Status::WrongAnswer);
        assert!(reason.starts_with("the response is not JSON: "), "{reason}");
        let (status, _) = check(Answer::Sha256("00".into()), "1");
        assert_eq!(status, Status::WrongAnswer);
    }
}
