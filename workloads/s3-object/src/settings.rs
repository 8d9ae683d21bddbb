//! What the function is told in its environment.

use std::time::Duration;

use kelvin_workload::{InitContext, WorkloadError};

/// Where the objects are, and how long to wait for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether objects are those of S3 (`KELVIN_IO=services`, or nothing) or in the program (`KELVIN_IO=none`).
    pub io: bool,
    /// Of S3, if it is not AWS's own (`AWS_ENDPOINT_URL_S3`). Buckets are then in the path and not in the host's name.
    pub endpoint: Option<String>,
    /// How long getting or putting one object may take, retries included (`S3_TIMEOUT_MS`, 5000). Two of them must fit
    /// into the function's own timeout for its error to be seen.
    pub timeout: Duration,
}

impl Settings {
    /// Reads the environment. Fails on values that mean nothing.
    pub fn of(ctx: &InitContext) -> Result<Settings, WorkloadError> {
        let wrong = |name: &str, value: &str, wanted: &str| WorkloadError::InitFailed {
            message: format!("{name} is \"{value}\"; it must be {wanted}"),
            source: None,
        };
        let io = match ctx.var("KELVIN_IO").as_deref() {
            None | Some("services") => true,
            Some("none") => false,
            Some(other) => return Err(wrong("KELVIN_IO", other, "services or none")),
        };
        let timeout_ms = match ctx.var("S3_TIMEOUT_MS") {
            None => 5000,
            Some(text) => {
                text.parse().ok().filter(|ms| (1..=900_000).contains(ms)).ok_or_else(|| {
                    wrong("S3_TIMEOUT_MS", &text, "a whole number of milliseconds, 1 to 900000")
                })?
            }
        };
        Ok(Settings {
            io,
            endpoint: ctx.var("AWS_ENDPOINT_URL_S3"),
            timeout: Duration::from_millis(timeout_ms),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(name: &'static str, value: &'static str) -> Result<Settings, String> {
        let ctx = InitContext::new(move |wanted| (wanted == name).then(|| value.to_owned()));
        Settings::of(&ctx).map_err(|error| error.error_message())
    }

    #[test]
    fn everything_has_a_default() {
        let expected = Settings { io: true, endpoint: None, timeout: Duration::from_secs(5) };
        assert_eq!(settings("PATH", "/bin"), Ok(expected.clone()));
        assert_eq!(settings("KELVIN_IO", "services"), Ok(expected.clone()));
        assert_eq!(settings("KELVIN_IO", "none"), Ok(Settings { io: false, ..expected.clone() }));
        let timeout = Duration::from_millis(20);
        assert_eq!(settings("S3_TIMEOUT_MS", "20"), Ok(Settings { timeout, ..expected.clone() }));
        let endpoint = Some("http://localhost:1".to_owned());
        assert_eq!(
            settings("AWS_ENDPOINT_URL_S3", "http://localhost:1"),
            Ok(Settings { endpoint, ..expected })
        );
    }

    #[test]
    fn values_that_mean_nothing_are_refused() {
        let check = |name, value, wanted: &str| {
            let expected = format!("{name} is \"{value}\"; it must be {wanted}");
            assert_eq!(settings(name, value), Err(expected));
        };
        check("KELVIN_IO", "memory", "services or none");
        for value in ["", "0", "-1", "5s", "900001"] {
            check("S3_TIMEOUT_MS", value, "a whole number of milliseconds, 1 to 900000");
        }
    }
}
