//! The trail alone, begun anew with each event: the clean baseline of the work that can wait.

use kelvin_workload::{Case, Compute, WorkloadError};

use crate::request::Event;
use crate::trail::{Standing, Trail};
use crate::{cases, record_of};

/// Answers requests, and puts each on a trail of its own.
#[derive(Clone, Copy, Debug)]
pub struct Auditing;

impl Compute for Auditing {
    const NAME: &'static str = "audit";
    type Event = Event;
    type Response = Standing;

    fn init() -> Auditing {
        Auditing
    }

    fn compute(&self, event: &Event) -> Result<Standing, WorkloadError> {
        let mut trail = Trail::new();
        if let Some(record) = record_of(event.clone())? {
            trail.append(&record)?;
        }
        trail.verify()
    }

    fn cases() -> Vec<Case<Event>> {
        cases::of_trail()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_case_is_answered_rightly() {
        assert_eq!(kelvin_workload::check_cases::<super::Auditing>(), Ok(()));
    }
}
