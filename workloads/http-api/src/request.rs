//! What a request says, read out of its event.

use std::borrow::Cow;

use aws_lambda_events::event::apigw::ApiGatewayV2httpRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use kelvin_workload::WorkloadError;

/// One request, of which everything was looked at that only a mistaken gateway could have sent.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    event: &'a ApiGatewayV2httpRequest,
    /// Without the name of the stage.
    path: &'a str,
}

impl<'a> Request<'a> {
    pub(crate) fn of(event: &'a ApiGatewayV2httpRequest) -> Result<Request<'a>, WorkloadError> {
        match event.version.as_deref() {
            Some("2.0") => {}
            other => {
                let version = other.map_or("missing".to_owned(), |version| format!("{version:?}"));
                return Err(WorkloadError::invalid_event(format!(
                    "the payload format version is {version}; this function takes 2.0"
                )));
            }
        }
        let path = event.raw_path.as_deref();
        let path = path.ok_or_else(|| WorkloadError::invalid_event("rawPath is missing"))?;
        let stage = event.request_context.stage.as_deref();
        Ok(Request { event, path: without_stage(path, stage) })
    }

    pub(crate) fn method(&self) -> &'a Method {
        &self.event.request_context.http.method
    }

    /// The parts of the path between slashes.
    pub(crate) fn segments(&self) -> Vec<&'a str> {
        self.path.strip_prefix('/').unwrap_or(self.path).split('/').collect()
    }

    /// The value of a header; `None` if it is not text.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.event.headers.get(name)?.to_str().ok()
    }

    /// A parameter of the query string, decoded. Values of one that is given more than once have commas between them, as
    /// API Gateway sends them.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        Some(self.event.query_string_parameters.all(name)?.join(","))
    }

    /// The value of a cookie; of more of that name, the first.
    pub(crate) fn cookie(&self, name: &str) -> Option<&'a str> {
        let cookies = self.event.cookies.iter().flatten();
        let mut pairs = cookies.filter_map(|cookie| cookie.split_once('='));
        pairs.find(|(known, _)| known.trim() == name).map(|(_, value)| value.trim())
    }

    /// The body as the client sent it.
    pub(crate) fn body(&self) -> Result<Cow<'a, [u8]>, WorkloadError> {
        let body = self.event.body.as_deref().unwrap_or_default();
        if !self.event.is_base64_encoded {
            return Ok(Cow::Borrowed(body.as_bytes()));
        }
        let decoded = STANDARD.decode(body).map_err(|error| {
            WorkloadError::invalid_event(format!(
                "the body is said to be Base64 and is not: {error}"
            ))
        })?;
        Ok(Cow::Owned(decoded))
    }

    /// Which request this is, and when it came, in milliseconds since 1970 (UTC).
    pub(crate) fn identity(&self) -> (&'a str, i64) {
        let context = &self.event.request_context;
        (context.request_id.as_deref().unwrap_or_default(), context.time_epoch)
    }
}

/// The path of a stage that has a name begins with it.
fn without_stage<'a>(path: &'a str, stage: Option<&str>) -> &'a str {
    let rest = stage.and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
    match rest {
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stage_is_no_part_of_the_path() {
        let check = |path: &str, stage: Option<&str>, expected: &str| {
            assert_eq!(without_stage(path, stage), expected, "{path} in {stage:?}");
        };
        check("/services", Some("$default"), "/services");
        check("/prod/services", Some("prod"), "/services");
        check("/production/services", Some("prod"), "/production/services");
        check("/services", Some("prod"), "/services");
        check("/prod", Some("prod"), "/prod");
        check("/services", None, "/services");
    }
}
