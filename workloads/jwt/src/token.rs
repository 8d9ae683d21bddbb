//! Verifying one token: the compact form of RFC 7515, signed with RS256, and the claims of RFC 7519.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::pkcs1v15::Signature;
use rsa::signature::Verifier;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Event;
use crate::keys::KeySet;

/// Why a token is refused. Checked in this order, apart from its shape, which can turn out wrong at any step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is not a token: a part is missing, or is not Base64, or is not JSON, or a claim is of the wrong type.
    Malformed,
    /// It says that it is signed with something other than RS256, or not at all.
    Algorithm,
    /// It demands to be understood in a way (`crit`) that is not understood.
    Unsupported,
    /// The issuer has no key of the name that it gives.
    UnknownKey,
    /// The signature is not that of the key, or not of this text.
    Signature,
    /// It is from somebody else, or from nobody.
    Issuer,
    /// It is for somebody else, or for nobody where somebody is expected.
    Audience,
    /// Its time is over, or it does not say when that will be.
    Expired,
    /// Its time has not come.
    NotYetValid,
}

type Claims = Map<String, Value>;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// The claims of the event's token, if it is signed with one of the keys and is what the event expects.
pub(crate) fn verify(event: &Event, keys: &KeySet) -> Result<Claims, Reason> {
    let claims = verify_signature(&event.token, keys)?;
    verify_claims(&claims, event)?;
    Ok(claims)
}

fn verify_signature(token: &str, keys: &KeySet) -> Result<Claims, Reason> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Reason::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(Reason::Malformed)?;
    let header: Header = read(header)?;
    // The algorithm is never the token's to choose (RFC 8725, section 3.1).
    if header.alg != "RS256" {
        return Err(Reason::Algorithm);
    }
    if header.crit.is_some() {
        return Err(Reason::Unsupported);
    }
    let mut keys = keys.candidates(header.kid.as_deref()).peekable();
    if keys.peek().is_none() {
        return Err(Reason::UnknownKey);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Reason::Malformed)?;
    let signature = Signature::try_from(signature.as_slice()).map_err(|_| Reason::Signature)?;
    if !keys.any(|key| key.verify(signed.as_bytes(), &signature).is_ok()) {
        return Err(Reason::Signature);
    }
    read(claims)
}

/// A part of a token: JSON in Base64.
fn read<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, Reason> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| Reason::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| Reason::Malformed)
}

fn verify_claims(claims: &Claims, event: &Event) -> Result<(), Reason> {
    if claims.get("iss").and_then(Value::as_str) != Some(&event.issuer) {
        return Err(Reason::Issuer);
    }
    if !is_meant_for(event.audience.as_deref(), claims.get("aud")) {
        return Err(Reason::Audience);
    }
    // "The current date/time MUST be before the expiration date/time" (RFC 7519, section 4.1.4), and after or equal to
    // the other one (4.1.5). A token without an end is not accepted here.
    let expires = seconds(claims, "exp")?.ok_or(Reason::Expired)?;
    if event.now >= expires {
        return Err(Reason::Expired);
    }
    match seconds(claims, "nbf")? {
        Some(begins) if event.now < begins => Err(Reason::NotYetValid),
        _ => Ok(()),
    }
}

/// Whether one who goes by `audience`, or by no name, may accept a token that is for `aud` (RFC 7519, section 4.1.3).
fn is_meant_for(audience: Option<&str>, aud: Option<&Value>) -> bool {
    match (audience, aud) {
        (None, aud) => aud.is_none(),
        (Some(audience), Some(Value::Array(many))) => many.iter().any(|one| one == audience),
        (Some(audience), Some(one)) => one == audience,
        (Some(_), None) => false,
    }
}

/// A claim that is a time, if there is one: seconds since 1970 (UTC).
fn seconds(claims: &Claims, name: &str) -> Result<Option<f64>, Reason> {
    let time = |value: &Value| value.as_f64().ok_or(Reason::Malformed);
    claims.get(name).map(time).transpose()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::keys::Issuers;

    fn event(token: &str) -> Event {
        Event {
            token: token.to_owned(),
            issuer: "joe".to_owned(),
            audience: None,
            now: 1_300_819_379.0,
        }
    }

    fn encode(json: &str) -> String {
        URL_SAFE_NO_PAD.encode(json)
    }

    #[test]
    fn tokens_that_are_none_are_refused() {
        let issuers = Issuers::parse().unwrap();
        let check = |token: &str, expected: Reason| {
            let refused = verify(&event(token), issuers.keys_of("joe").unwrap());
            assert_eq!(refused, Err(expected), "{token}");
        };
        for token in ["", ".", "..", "a.b.c", "e30.e30.", "not a token"] {
            check(token, Reason::Malformed);
        }
        let claims = encode("{}");
        let with_header = |header: &str| format!("{}.{claims}.AAAA", encode(header));
        check(&with_header(r#"{"alg": "RS256", "alg": "none"}"#), Reason::Malformed);
        check(&with_header(r#"["RS256"]"#), Reason::Malformed);
        check(&with_header(r#"{"alg": 256}"#), Reason::Malformed);
        for algorithm in ["none", "None", "rs256", "RS384", "PS256", "HS256", "ES256", ""] {
            check(&with_header(&format!(r#"{{"alg": "{algorithm}"}}"#)), Reason::Algorithm);
        }
        check(&with_header(r#"{"alg": "RS256", "crit": ["exp"]}"#), Reason::Unsupported);
        check(&with_header(r#"{"alg": "RS256", "kid": "2026-11"}"#), Reason::UnknownKey);
        check(&with_header(r#"{"alg": "RS256"}"#), Reason::Signature);
        let header = encode(r#"{"alg": "RS256"}"#);
        check(&format!("{header}.{claims}."), Reason::Signature);
        check(&format!("{header}.{claims}.AAAA="), Reason::Malformed);
        check(&format!("{header}.{claims}.{claims}.AAAA"), Reason::Signature);
        check(&format!("{header}.{claims}.{}", "A".repeat(4000)), Reason::Signature);
    }

    #[test]
    fn one_flipped_bit_anywhere_is_noticed() {
        let event: Event =
            serde_json::from_str(include_str!("../cases/rfc7515.event.json")).unwrap();
        let issuers = Issuers::parse().unwrap();
        let keys = issuers.keys_of("joe").unwrap();
        assert!(verify(&event, keys).is_ok());
        for at in (0..event.token.len()).step_by(7) {
            let mut token = event.token.clone().into_bytes();
            token[at] ^= 1;
            let flipped = Event { token: String::from_utf8(token).unwrap(), ..event.clone() };
            assert!(verify(&flipped, keys).is_err(), "character {at}");
        }
    }

    #[test]
    fn claims_are_those_that_the_event_expects() {
        let check = |claims: Value, audience: Option<&str>, expected: Result<(), Reason>| {
            let Value::Object(claims) = claims else { panic!("claims are an object") };
            let event = Event { audience: audience.map(str::to_owned), ..event("") };
            assert_eq!(verify_claims(&claims, &event), expected, "{claims:?}");
        };
        let exp = 1_300_819_380;
        check(json!({ "iss": "joe", "exp": exp }), None, Ok(()));
        check(json!({ "iss": "joe", "exp": 1_300_819_379.5 }), None, Ok(()));
        check(json!({ "iss": "joe", "exp": exp - 1 }), None, Err(Reason::Expired));
        check(json!({ "iss": "joe", "exp": -1 }), None, Err(Reason::Expired));
        check(json!({ "iss": "joe" }), None, Err(Reason::Expired));
        check(json!({ "iss": "joe", "exp": "soon" }), None, Err(Reason::Malformed));
        check(json!({ "iss": "joe", "exp": exp, "nbf": exp - 1 }), None, Ok(()));
        check(json!({ "iss": "joe", "exp": exp, "nbf": exp }), None, Err(Reason::NotYetValid));
        check(json!({ "iss": "joe", "exp": exp, "nbf": null }), None, Err(Reason::Malformed));
        check(json!({ "iss": "Joe", "exp": exp }), None, Err(Reason::Issuer));
        check(json!({ "iss": ["joe"], "exp": exp }), None, Err(Reason::Issuer));
        check(json!({ "exp": exp }), None, Err(Reason::Issuer));
        let aud = |aud: Value| json!({ "iss": "joe", "exp": exp, "aud": aud });
        check(aud(json!("api")), Some("api"), Ok(()));
        check(aud(json!(["web", "api"])), Some("api"), Ok(()));
        check(aud(json!("web")), Some("api"), Err(Reason::Audience));
        check(aud(json!([])), Some("api"), Err(Reason::Audience));
        check(aud(json!({ "api": 1 })), Some("api"), Err(Reason::Audience));
        check(aud(json!("api")), None, Err(Reason::Audience));
        check(json!({ "iss": "joe", "exp": exp }), Some("api"), Err(Reason::Audience));
    }
}
