//! What the function is told in its environment.

use kelvin_workload::{InitContext, WorkloadError};

/// The environment variable that says when the trail is kept.
const VARIABLE: &str = "KELVIN_AUDIT";

/// When a request is put on the trail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// Before it is answered (`KELVIN_AUDIT=before`, or nothing): its caller waits for it.
    #[default]
    Before,
    /// After it was answered (`after`): its caller does not wait for it, and the next one may.
    After,
    /// By a thread of the function's own (`background`), while the runtime asks for the next event already: Lambda freezes
    /// the environment then, and what is left is done in the next invocation, or never.
    Background,
    /// Never (`none`).
    Never,
}

impl When {
    /// Reads the environment. Fails on a value that means nothing.
    pub fn of(ctx: &InitContext) -> Result<When, WorkloadError> {
        match ctx.var(VARIABLE).as_deref() {
            None | Some("before") => Ok(When::Before),
            Some("after") => Ok(When::After),
            Some("background") => Ok(When::Background),
            Some("none") => Ok(When::Never),
            Some(other) => Err(WorkloadError::InitFailed {
                message: format!(
                    "{VARIABLE} is \"{other}\"; it must be before, after, background or none"
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
    fn the_variable_has_four_values() {
        let check = |value: Option<&'static str>, expected: Result<When, &str>| {
            let ctx = InitContext::new(move |name| {
                value.filter(|_| name == "KELVIN_AUDIT").map(str::to_owned)
            });
            let got = When::of(&ctx).map_err(|error| error.error_message());
            assert_eq!(got, expected.map_err(str::to_owned), "{value:?}");
        };
        check(None, Ok(When::Before));
        check(Some("before"), Ok(When::Before));
        check(Some("after"), Ok(When::After));
        check(Some("background"), Ok(When::Background));
        check(Some("none"), Ok(When::Never));
        check(
            Some("never"),
            Err("KELVIN_AUDIT is \"never\"; it must be before, after, background or none"),
        );
        check(Some(""), Err("KELVIN_AUDIT is \"\"; it must be before, after, background or none"));
    }
}
