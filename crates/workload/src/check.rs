//! Runs every case of a workload once and compares its answer: the unit test that each workload has.

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Case, Compute, InitContext, InvokeContext, Workload, WorkloadError, verify};

/// Checks that every case of a [`Compute`] is answered rightly, and that the cases are well formed: at least one,
/// with distinct names, and with events that survive being sent as JSON. Says which case is wrong and why.
pub fn check_cases<C: Compute>() -> Result<(), String> {
    let workload = <C as Compute>::init();
    <C as Compute>::prepare(&workload).map_err(|error| error.error_message())?;
    let cases = <C as Compute>::cases();
    check_names(&cases)?;
    for case in &cases {
        let response = workload.compute(&sent_as_json(case)?);
        check_response(case, response)?;
    }
    Ok(())
}

/// The same for a [`Workload`], inside whatever async runtime its I/O needs.
pub async fn check_cases_with_io<W: Workload>(ctx: &InitContext) -> Result<(), String> {
    let workload = W::init(ctx).await.map_err(|error| error.error_message())?;
    workload.prepare().await.map_err(|error| error.error_message())?;
    let cases = W::cases();
    check_names(&cases)?;
    for case in &cases {
        let response = workload.handle(sent_as_json(case)?, &InvokeContext::new(case.name)).await;
        check_response(case, response)?;
        workload.after_response().await;
    }
    Ok(())
}

fn check_names<E>(cases: &[Case<E>]) -> Result<(), String> {
    if cases.is_empty() {
        return Err("the workload has no cases".to_owned());
    }
    let mut names = BTreeSet::new();
    for Case { name, .. } in cases {
        let spelled_right = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if name.is_empty() || !name.bytes().all(spelled_right) {
            return Err(format!("case \"{name}\": a name has letters, digits and hyphens"));
        }
        if !names.insert(name) {
            return Err(format!("case {name}: there is another of this name"));
        }
    }
    Ok(())
}

fn sent_as_json<E: Serialize + DeserializeOwned>(case: &Case<E>) -> Result<E, String> {
    serde_json::to_vec(&case.event)
        .and_then(|payload| serde_json::from_slice(&payload))
        .map_err(|error| format!("case {}: its event is lost as JSON: {error}", case.name))
}

fn check_response<E, R: Serialize>(
    case: &Case<E>,
    response: Result<R, WorkloadError>,
) -> Result<(), String> {
    let name = case.name;
    let response = response.map_err(|error| {
        format!("case {name}: {}: {}", error.error_type(), error.error_message())
    })?;
    let response = serde_json::to_vec(&response)
        .and_then(|payload| serde_json::from_slice(&payload))
        .map_err(|error| format!("case {name}: its response is lost as JSON: {error}"))?;
    verify(&case.answer, &response).map_err(|reason| format!("case {name}: {reason}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Answer;

    struct Echo<const N: usize>;

    impl<const N: usize> Compute for Echo<N> {
        const NAME: &'static str = "echo";
        type Event = Value;
        type Response = Value;

        fn init() -> Self {
            Echo
        }

        fn compute(&self, event: &Value) -> Result<Value, WorkloadError> {
            if event.is_null() {
                return Err(WorkloadError::invalid_event("null cannot be echoed"));
            }
            Ok(event.clone())
        }

        fn cases() -> Vec<Case<Value>> {
            let right = || Case::new("right", json!(1), Answer::Json(json!(1)));
            match N {
                0 => vec![],
                1 => vec![right()],
                2 => vec![right(), right()],
                3 => vec![right(), Case::new("wrong", json!(2), Answer::Json(json!(3)))],
                4 => vec![Case::new("fails", json!(null), Answer::Json(json!(null)))],
                _ => vec![Case::new("not a name", json!(1), Answer::Json(json!(1)))],
            }
        }
    }

    #[test]
    fn says_which_case_is_wrong() {
        let check = |result: Result<(), String>, expected: Option<&str>| {
            assert_eq!(result.err().as_deref(), expected);
        };
        check(check_cases::<Echo<0>>(), Some("the workload has no cases"));
        check(check_cases::<Echo<1>>(), None);
        check(check_cases::<Echo<2>>(), Some("case right: there is another of this name"));
        check(check_cases::<Echo<3>>(), Some("case wrong: expected 3, got 2"));
        check(check_cases::<Echo<4>>(), Some("case fails: InvalidEvent: null cannot be echoed"));
        check(
            check_cases::<Echo<5>>(),
            Some("case \"not a name\": a name has letters, digits and hyphens"),
        );
    }

    #[test]
    fn a_compute_is_a_workload() {
        let ctx = InitContext::default();
        let mut checking = std::pin::pin!(check_cases_with_io::<Echo<3>>(&ctx));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let result = Future::poll(checking.as_mut(), &mut context);
        let expected = Err("case wrong: expected 3, got 2".to_owned());
        assert_eq!(result, std::task::Poll::Ready(expected));
    }
}
