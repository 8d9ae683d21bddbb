//! The keys of the issuers: JSON Web Key Sets (RFC 7517), inside the program, and what verifying needs of them.

use std::error::Error;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kelvin_workload::WorkloadError;
use rsa::pkcs1v15::VerifyingKey;
use rsa::sha2::Sha256;
use rsa::{BoxedUint, PublicKey};
use serde::Deserialize;

type Cause = Box<dyn Error + Send + Sync>;

/// Who is trusted, and the key set that each of them publishes.
const ISSUERS: [(&str, &str); 2] = [
    ("https://login.kelvin.example", include_str!("../cases/issuer.jwks.json")),
    ("joe", include_str!("../cases/rfc7515.jwks.json")),
];

/// The keys of all issuers, ready for verifying: what is costly to make and made once.
#[derive(Debug)]
pub(crate) struct Issuers(Vec<(&'static str, KeySet)>);

impl Issuers {
    pub(crate) fn parse() -> Result<Issuers, WorkloadError> {
        let parse = |(issuer, json)| match KeySet::parse(json) {
            Ok(keys) => Ok((issuer, keys)),
            Err(cause) => {
                let message = format!("could not read the key set of issuer {issuer}");
                Err(WorkloadError::preparation_failed(message, cause))
            }
        };
        ISSUERS.into_iter().map(parse).collect::<Result<_, _>>().map(Issuers)
    }

    /// The keys of one issuer; the error lists whom there is.
    pub(crate) fn keys_of(&self, issuer: &str) -> Result<&KeySet, WorkloadError> {
        let found = self.0.iter().find(|&&(known, _)| known == issuer);
        found.map(|(_, keys)| keys).ok_or_else(|| {
            let known = ISSUERS.map(|(issuer, _)| issuer).join(", ");
            WorkloadError::invalid_event(format!(
                "there is no issuer \"{issuer}\"; the issuers are {known}"
            ))
        })
    }
}

/// The keys that one issuer signs with.
#[derive(Debug)]
pub(crate) struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    key: VerifyingKey<Sha256>,
}

/// Shorter moduli are not to be used with RS256 (RFC 7518, section 3.3).
const LEAST_BITS: usize = 2048;
/// Longer ones would make verifying slow for nothing.
const MOST_BITS: usize = 4096;

impl KeySet {
    fn parse(json: &str) -> Result<KeySet, Cause> {
        let set: Jwks = serde_json::from_str(json)?;
        let build = |(n, jwk): (usize, Jwk)| {
            let name = jwk.kid.clone().unwrap_or_else(|| format!("number {}", n + 1));
            jwk.build().map_err(|cause| format!("key {name}: {cause}").into())
        };
        set.keys.into_iter().enumerate().map(build).collect::<Result<_, Cause>>().map(KeySet)
    }

    /// The keys that a token can be signed with: the one that it names, or each if it names none (RFC 7515, appendix D).
    pub(crate) fn candidates(
        &self,
        id: Option<&str>,
    ) -> impl Iterator<Item = &VerifyingKey<Sha256>> {
        let fits = move |key: &&Key| id.is_none() || key.id.as_deref() == id;
        self.0.iter().filter(fits).map(|key| &key.key)
    }
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Jwk>,
}

/// A key as it is published.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
}

impl Jwk {
    fn build(self) -> Result<Key, Cause> {
        let other_than = |field: &Option<String>, wanted: &str| {
            field.as_ref().is_some_and(|value| value != wanted)
        };
        if self.kty != "RSA" || other_than(&self.purpose, "sig") || other_than(&self.alg, "RS256") {
            return Err("it is not for RS256 signatures".into());
        }
        let number = |text: &str| -> Result<BoxedUint, Cause> {
            Ok(BoxedUint::from_be_slice_vartime(&URL_SAFE_NO_PAD.decode(text)?))
        };
        let (modulus, exponent) = (number(&self.n)?, number(&self.e)?);
        let key = PublicKey::new_with_size_limits(modulus, exponent, LEAST_BITS..=MOST_BITS)?;
        Ok(Key { id: self.kid, key: VerifyingKey::new(key) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_key_of_no_use_is_named() {
        let (_, published) = ISSUERS[0];
        let check = |field: &str, value: Value, expected: Result<(), &str>| {
            let mut set: Value = serde_json::from_str(published).unwrap();
            set["keys"][1][field] = value;
            let refused = KeySet::parse(&set.to_string()).map(drop).map_err(|e| e.to_string());
            assert_eq!(refused, expected.map_err(str::to_owned), "{field}");
        };
        check("alg", Value::Null, Ok(()));
        let purpose = "key 2026-10: it is not for RS256 signatures";
        check("kty", json!("EC"), Err(purpose));
        check("alg", json!("HS256"), Err(purpose));
        check("use", json!("enc"), Err(purpose));
        check("n", json!("a+b"), Err("key 2026-10: Invalid symbol 43, offset 1."));
        check("n", json!("AQAB"), Err("key 2026-10: modulus too small"));
        check("n", json!(""), Err("key 2026-10: modulus too small"));
        check("e", json!(""), Err("key 2026-10: invalid exponent"));
        let even = URL_SAFE_NO_PAD.encode([0xf0; 256]);
        check("n", json!(even), Err("key 2026-10: invalid modulus"));
        let long = URL_SAFE_NO_PAD.encode([0xff; 513]);
        check("n", json!(long), Err("key 2026-10: modulus too large"));
    }

    #[test]
    fn a_key_without_a_name_is_counted() {
        let error = KeySet::parse(r#"{"keys": [{"kty": "oct"}]}"#).unwrap_err();
        assert_eq!(error.to_string(), "key number 1: it is not for RS256 signatures");
        let error = KeySet::parse(r#"{"keys": {}}"#).unwrap_err();
        assert!(error.to_string().starts_with("invalid type: map, expected a sequence"), "{error}");
    }
}
