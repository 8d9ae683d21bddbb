//! From an HTTP request to the change that it asks for, in the words of HTTP (RFC 9110) where it has some.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;

use crate::Line;

/// A line to write, if the one that is there is the one that the caller knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) target: Target,
    pub(crate) line: Line,
}

/// Where the line goes, and under which condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) invoice: String,
    pub(crate) number: u32,
    pub(crate) expected: Expected,
    /// Names the request, however often it is sent.
    pub(crate) token: String,
}

/// What must be there for a line to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// `If-None-Match: *`
    Nothing,
    /// `If-Match: "2"`
    Version(u32),
}

impl Expected {
    /// Of the line, once it is written.
    pub(crate) fn next_version(self) -> u32 {
        match self {
            Expected::Nothing => 1,
            Expected::Version(version) => version + 1,
        }
    }
}

/// A request that is not carried out, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) status: i64,
    pub(crate) message: String,
}

fn refused(status: i64, message: impl Into<String>) -> Refused {
    Refused { status, message: message.into() }
}

/// Reads `PUT /invoices/{invoice}/lines/{line}`.
pub(crate) fn change(request: &ApiGatewayV2httpRequest) -> Result<Change, Refused> {
    if request.route_key.as_deref() != Some("PUT /invoices/{invoice}/lines/{line}") {
        let route = request.route_key.as_deref().unwrap_or_default();
        return Err(refused(404, format!("there is no route \"{route}\"")));
    }
    let parameter = |name: &str| request.path_parameters.get(name).map_or("", String::as_str);
    let invoice = parameter("invoice");
    let of_names = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if !(1..=64).contains(&invoice.len()) || !invoice.bytes().all(of_names) {
        return Err(refused(400, "an invoice is named by 1 to 64 letters, digits and hyphens"));
    }
    let number = parameter("line").parse().ok().filter(|number| (1..=9_999).contains(number));
    let number = number.ok_or_else(|| refused(400, "a line is a number from 1 to 9999"))?;
    let token = header(request, "idempotency-key").unwrap_or_default();
    if !(1..=64).contains(&token.len()) {
        return Err(refused(400, "Idempotency-Key must have from 1 to 64 characters"));
    }
    let expected = expected(request)?;
    if request.is_base64_encoded {
        return Err(refused(415, "the body must be JSON, as application/json"));
    }
    let body = request.body.as_deref().unwrap_or_default();
    let line: Line = serde_json::from_str(body)
        .map_err(|error| refused(400, format!("the body is not a line: {error}")))?;
    line.validate().map_err(|problem| refused(400, problem))?;
    let (invoice, token) = (invoice.to_owned(), token.to_owned());
    Ok(Change { target: Target { invoice, number, expected, token }, line })
}

fn header<'a>(request: &'a ApiGatewayV2httpRequest, name: &str) -> Option<&'a str> {
    request.headers.get(name).and_then(|value| value.to_str().ok())
}

/// A write without a condition would lose what somebody else wrote meanwhile (RFC 6585, section 3).
fn expected(request: &ApiGatewayV2httpRequest) -> Result<Expected, Refused> {
    match (header(request, "if-none-match"), header(request, "if-match")) {
        (Some("*"), None) => Ok(Expected::Nothing),
        (None, Some(tag)) => {
            let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            let version = version.and_then(|version| version.parse().ok());
            let known = version.filter(|version| (1..=1_000_000_000).contains(version));
            known
                .map(Expected::Version)
                .ok_or_else(|| refused(400, "If-Match must be a version, like \"2\""))
        }
        (None, None) => Err(refused(428, "send If-None-Match: * or If-Match with a version")),
        _ => Err(refused(400, "send either If-None-Match: * or If-Match with a version")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(change_event: impl FnOnce(&mut Value)) -> Result<Change, (i64, String)> {
        let text = include_str!("../cases/change.event.json");
        let mut event: Value = serde_json::from_str(text).unwrap();
        change_event(&mut event);
        let event = serde_json::from_value(event).unwrap();
        change(&event).map_err(|refused| (refused.status, refused.message))
    }

    #[test]
    fn a_request_is_a_change() {
        let target = read(|_| {}).unwrap().target;
        assert_eq!((target.invoice.as_str(), target.number), ("2026-0118", 2));
        assert_eq!(target.expected, Expected::Version(1));
        assert_eq!(target.expected.next_version(), 2);
        assert_eq!(target.token, "5a2f3c1e-0d51-4a36-9a8e-2f6e8d3b7c02");
        let change = read(|event| {
            event["headers"]["if-none-match"] = json!("*");
            event["headers"].as_object_mut().unwrap().remove("if-match");
        });
        assert_eq!(change.unwrap().target.expected, Expected::Nothing);
    }

    #[test]
    fn other_requests_are_refused_with_status_and_reason() {
        let check = |pointer: &str, value: Value, status: i64, message: &str| {
            let refused = read(|event| {
                let (parent, name) = pointer.rsplit_once('/').unwrap();
                let parent = event.pointer_mut(parent).and_then(Value::as_object_mut).unwrap();
                match value {
                    Value::Null => drop(parent.remove(name)),
                    value => drop(parent.insert(name.to_owned(), value)),
                }
            });
            assert_eq!(refused, Err((status, message.to_owned())));
        };
        check("/routeKey", json!("GET /invoices"), 404, "there is no route \"GET /invoices\"");
        let names = "an invoice is named by 1 to 64 letters, digits and hyphens";
        for invoice in [json!(""), json!("a/b"), json!("é"), json!("a".repeat(65)), Value::Null] {
            check("/pathParameters/invoice", invoice, 400, names);
        }
        for line in ["0", "10000", "one", "-1", ""] {
            check("/pathParameters/line", json!(line), 400, "a line is a number from 1 to 9999");
        }
        let tokens = "Idempotency-Key must have from 1 to 64 characters";
        check("/headers/idempotency-key", Value::Null, 400, tokens);
        check("/headers/idempotency-key", json!("x".repeat(65)), 400, tokens);
        let versions = "If-Match must be a version, like \"2\"";
        for tag in ["1", "\"\"", "\"x\"", "\"0\"", "W/\"1\"", "\"4000000000\""] {
            check("/headers/if-match", json!(tag), 400, versions);
        }
        let missing = "send If-None-Match: * or If-Match with a version";
        check("/headers/if-match", Value::Null, 428, missing);
        let both = "send either If-None-Match: * or If-Match with a version";
        check("/headers/if-none-match", json!("*"), 400, both);
        check("/isBase64Encoded", json!(true), 415, "the body must be JSON, as application/json");
        let not_a_line = |reason: &str| format!("the body is not a line: {reason}");
        check(
            "/body",
            Value::Null,
            400,
            &not_a_line("EOF while parsing a value at line 1 column 0"),
        );
        check(
            "/body",
            json!("{"),
            400,
            &not_a_line("EOF while parsing an object at line 1 column 1"),
        );
        check(
            "/body",
            json!("{}"),
            400,
            &not_a_line("missing field `description` at line 1 column 2"),
        );
        let body = r#"{"description":"x","quantity":0,"unit_price_cents":1,"vat_basis_points":0}"#;
        check("/body", json!(body), 400, "quantity is 0; it must be from 1 to 1000000");
        let body = body.replace("vat_b", "tax_b");
        let unknown = "unknown field `tax_basis_points`, expected one of `description`, `quantity`, `unit_price_cents`, `discount_basis_points`, `vat_basis_points` at line 1 column 71";
        check("/body", json!(body), 400, &not_a_line(unknown));
    }
}
