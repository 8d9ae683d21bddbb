//! When a bootstrap makes what its workload prepares: the experiment "move work into INIT", for every workload alike.

use kelvin_workload::{InitContext, WorkloadError};

/// The environment variable of the function that says when.
pub(crate) const VARIABLE: &str = "KELVIN_PREPARE";

/// When everything that is prepared is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preparation {
    /// In the init phase.
    Init,
    /// When an invocation first needs it.
    FirstUse,
    /// After the first response, as far as the first invocation did not need it.
    AfterResponse,
}

impl Preparation {
    /// What the function was deployed with; in the init phase, unless it says otherwise.
    pub(crate) fn of(ctx: &InitContext) -> Result<Preparation, WorkloadError> {
        match ctx.var(VARIABLE).as_deref() {
            None | Some("init") => Ok(Preparation::Init),
            Some("first-use") => Ok(Preparation::FirstUse),
            Some("after-response") => Ok(Preparation::AfterResponse),
            Some(other) => Err(WorkloadError::InitFailed {
                message: format!(
                    "{VARIABLE} is \"{other}\"; it must be init, first-use or after-response"
                ),
                source: None,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_has_three_values() {
        let check = |value: Option<&'static str>, expected: Result<Preparation, &str>| {
            let ctx = InitContext::new(move |name| {
                value.filter(|_| name == "KELVIN_PREPARE").map(str::to_owned)
            });
            let got = Preparation::of(&ctx).map_err(|error| error.error_message());
            assert_eq!(got, expected.map_err(str::to_owned), "{value:?}");
        };
        check(None, Ok(Preparation::Init));
        check(Some("init"), Ok(Preparation::Init));
        check(Some("first-use"), Ok(Preparation::FirstUse));
        check(Some("after-response"), Ok(Preparation::AfterResponse));
        let wrong = |value| {
            format!("KELVIN_PREPARE is \"{value}\"; it must be init, first-use or after-response")
        };
        check(Some("never"), Err(&wrong("never")));
        check(Some("INIT"), Err(&wrong("INIT")));
        check(Some(""), Err(&wrong("")));
    }
}
