//! One event and its known answer.

use kelvin_lambda::CaseDescription;
use serde::Serialize;

use crate::Answer;

/// An input of a workload, with the answer that is known to be right.
#[derive(Clone, Debug)]
pub struct Case<E> {
    /// Unique within the workload: letters, digits, hyphens.
    pub name: &'static str,
    /// What the function is invoked with.
    pub event: E,
    /// What it must answer.
    pub answer: Answer,
    /// How many bytes of input one invocation works on, for throughput; `None` where that means nothing.
    pub bytes: Option<u64>,
}

impl<E: Serialize> Case<E> {
    /// A case for which throughput means nothing.
    pub fn new(name: &'static str, event: E, answer: Answer) -> Case<E> {
        Case { name, event, answer, bytes: None }
    }

    /// The same case, which works on so many bytes of input.
    pub fn with_bytes(self, bytes: usize) -> Case<E> {
        Case { bytes: u64::try_from(bytes).ok(), ..self }
    }

    /// The case as it is told to other processes. Fails if the event cannot be written as JSON.
    pub fn describe(&self) -> Result<CaseDescription, serde_json::Error> {
        Ok(CaseDescription {
            name: self.name.to_owned(),
            event: serde_json::to_value(&self.event)?,
            answer: self.answer.describe(),
            bytes: self.bytes,
        })
    }
}
