//! Whether a response is right: what is compressed must be the document, and must be small enough.
//!
//! Which bytes an encoder finds depends on its version, so they are no answer. Another decoder, which shares no code
//! with the encoder, must find the document in them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kelvin_workload::sha256_hex;
use serde_json::Value;
use zune_inflate::{DeflateDecoder, DeflateOptions};

use crate::Response;
use crate::documents::Document;

/// Checks a response of which at most `most_bytes` may be left; says what is wrong with it.
pub(crate) fn check(
    response: &Value,
    document: &Document,
    most_bytes: usize,
) -> Result<(), String> {
    let response: Response = serde_json::from_value(response.clone())
        .map_err(|error| format!("expected another response: {error}"))?;
    let compressed = STANDARD
        .decode(&response.body)
        .map_err(|error| format!("the body is not Base64: {error}"))?;
    let options = DeflateOptions::default().set_limit(document.text.len() + 1);
    let text = DeflateDecoder::new_with_options(&compressed, options)
        .decode_gzip()
        .map_err(|error| format!("the body cannot be decompressed: {error}"))?;
    let digest = sha256_hex(&text);
    if digest != document.sha256() {
        let expected = document.sha256();
        return Err(format!(
            "expected the text with SHA-256 {expected} when decompressed, got {digest}"
        ));
    }
    let expected = Response {
        encoding: "gzip".to_owned(),
        original_bytes: text.len(),
        compressed_bytes: compressed.len(),
        body: response.body.clone(),
    };
    if response != expected {
        return Err(format!(
            "expected encoding gzip, {} original and {} compressed bytes, got {}, {} and {}",
            expected.original_bytes,
            expected.compressed_bytes,
            response.encoding,
            response.original_bytes,
            response.compressed_bytes
        ));
    }
    if compressed.len() > most_bytes {
        return Err(format!(
            "expected at most {most_bytes} bytes when compressed, got {}",
            compressed.len()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use kelvin_workload::Compute;
    use serde_json::json;

    use super::*;
    use crate::documents::{BOOTSTRAP_CSS, MOBY_DICK};
    use crate::{Compress, Event};

    #[test]
    fn wrong_responses_are_refused_with_a_reason() {
        let event = Event { document: "moby-dick".to_owned(), level: 1 };
        let response = Compress.compute(&event).unwrap();
        let check =
            |change: &dyn Fn(&mut Response), document, most_bytes, expected: Result<(), &str>| {
                let mut response = response.clone();
                change(&mut response);
                let response = serde_json::to_value(response).unwrap();
                let expected = expected.map_err(str::to_owned);
                assert_eq!(super::check(&response, document, most_bytes), expected);
            };
        let moby_dick = &MOBY_DICK;
        let n = response.compressed_bytes;
        check(&|_| {}, moby_dick, n, Ok(()));
        check(
            &|_| {},
            moby_dick,
            n - 1,
            Err(&format!("expected at most {} bytes when compressed, got {n}", n - 1)),
        );
        check(
            &|_| {},
            &BOOTSTRAP_CSS,
            n,
            Err(&format!(
                "expected the text with SHA-256 {} when decompressed, got {}",
                BOOTSTRAP_CSS.sha256(),
                MOBY_DICK.sha256()
            )),
        );
        check(
            &|response| response.original_bytes += 1,
            moby_dick,
            n,
            Err(&format!(
                "expected encoding gzip, 109962 original and {n} compressed bytes, got gzip, 109963 and {n}"
            )),
        );
        check(
            &|response| response.body.insert(0, '!'),
            moby_dick,
            n,
            Err("the body is not Base64: Invalid symbol 33, offset 0."),
        );
    }

    #[test]
    fn damaged_bodies_are_refused() {
        let event = Event { document: "moby-dick".to_owned(), level: 6 };
        let response = Compress.compute(&event).unwrap();
        let compressed = STANDARD.decode(&response.body).unwrap();
        let check = |damaged: &[u8]| {
            let body = STANDARD.encode(damaged);
            let response = json!({ "body": body, "encoding": "gzip", "original_bytes": 109_962, "compressed_bytes": damaged.len() });
            let refused = super::check(&response, &MOBY_DICK, usize::MAX);
            assert!(refused.is_err(), "{refused:?}");
        };
        check(&[]);
        check(&compressed[..compressed.len() / 2]);
        let mut flipped = compressed.clone();
        flipped[compressed.len() / 2] ^= 1;
        check(&flipped);
    }
}
