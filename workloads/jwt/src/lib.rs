//! The workload `jwt`: verifies a JSON Web Token that was signed with RS256, as the authorizer of an API does.
//!
//! The issuers' key sets are inside the program; reading them and building the keys is work that can be done in INIT.
//! What time it is says the event: a known answer does not expire.

mod keys;
mod token;

use kelvin_workload::{Answer, Case, Compute, Prepared, WorkloadError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::keys::Issuers;

pub use token::Reason;

/// Verifies tokens.
#[derive(Debug)]
pub struct Jwt {
    issuers: Prepared<Issuers>,
}

/// A token, and what it is expected to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// In compact form: three parts with dots between them.
    pub token: String,
    /// Whose token it must be; one whose keys are known.
    pub issuer: String,
    /// Whom it must be for; if nobody is given, it must not say whom it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The time at which it must be valid, in seconds since 1970 (UTC).
    pub now: f64,
}

/// Whether the token is accepted. One that is refused is no error: saying so is what the function is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// Whether it is.
    pub valid: bool,
    /// All claims of the token, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Map<String, Value>>,
    /// Why not, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl Compute for Jwt {
    const NAME: &'static str = "jwt";
    type Event = Event;
    type Response = Response;

    fn init() -> Jwt {
        Jwt { issuers: Prepared::new(Issuers::parse) }
    }

    fn prepare(&self) -> Result<(), WorkloadError> {
        self.issuers.get().map(drop)
    }

    fn compute(&self, event: &Event) -> Result<Response, WorkloadError> {
        let keys = self.issuers.get()?.keys_of(&event.issuer)?;
        Ok(match token::verify(event, keys) {
            Ok(claims) => Response { valid: true, claims: Some(claims), reason: None },
            Err(reason) => Response { valid: false, claims: None, reason: Some(reason) },
        })
    }

    fn cases() -> Vec<Case<Event>> {
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
            case!("valid"),
            case!("older-key"),
            case!("expired"),
            case!("not-yet"),
            case!("other-issuer"),
            case!("other-audience"),
            case!("unknown-key"),
            case!("wrong-key"),
            case!("tampered"),
            case!("unsigned"),
            case!("hmac-with-public-key"),
            case!("rfc7515"),
        ]
    }
}

fn case(name: &'static str, event: &str, answer: &str) -> Case<Event> {
    let event: Event = serde_json::from_str(event).expect("the tests read every event");
    let answer = serde_json::from_str(answer).expect("the tests read every answer");
    let bytes = event.token.len();
    Case::new(name, event, Answer::Json(answer)).with_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_answered_rightly() {
        assert_eq!(kelvin_workload::check_cases::<Jwt>(), Ok(()));
    }

    #[test]
    fn unknown_issuers_are_refused_with_a_reason() {
        let event = Event {
            token: String::new(),
            issuer: "https://evil.example".to_owned(),
            audience: None,
            now: 0.0,
        };
        let error = Jwt::init().compute(&event).unwrap_err();
        assert_eq!(
            (error.error_type(), error.error_message().as_str()),
            (
                "InvalidEvent",
                "there is no issuer \"https://evil.example\"; the issuers are https://login.kelvin.example, joe"
            )
        );
    }

    #[test]
    fn events_of_another_shape_are_refused_with_a_reason() {
        let check = |event: &str, expected: &str| {
            let error = serde_json::from_str::<Event>(event).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check("{}", "missing field `token` at line 1 column 2");
        check(r#"{"token": "", "issuer": "joe"}"#, "missing field `now` at line 1 column 30");
        check(
            r#"{"token": "", "issuer": "joe", "now": "today"}"#,
            "invalid type: string \"today\", expected f64 at line 1 column 45",
        );
        check(
            r#"{"token": "", "iss": "joe", "now": 0}"#,
            "unknown field `iss`, expected one of `token`, `issuer`, `audience`, `now` at line 1 column 19",
        );
    }
}
