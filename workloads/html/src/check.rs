//! Whether a page is right: it must be the one that Jinja2 renders, byte for byte once escapes are spelled alike.

use kelvin_workload::sha256_hex;
use serde::Deserialize;
use serde_json::Value;

use crate::Response;

/// What is known of the page that Jinja2 renders.
#[derive(Debug)]
pub(crate) enum Expected {
    /// It is this.
    Html(&'static str),
    /// Its SHA-256 is this, in lower-case hexadecimal.
    Sha256(&'static str),
}

/// Checks a response; says what is wrong with it.
pub(crate) fn check(response: &Value, expected: &Expected) -> Result<(), String> {
    let response = Response::deserialize(response)
        .map_err(|error| format!("expected another response: {error}"))?;
    let (status, content_type) = (response.status_code, response.headers.content_type);
    if (status, content_type.as_str()) != (200, "text/html; charset=utf-8") {
        return Err(format!("expected status 200 and HTML, got {status} and {content_type}"));
    }
    let html = spelled_as_by_jinja2(&response.body);
    match expected {
        Expected::Html(expected) => compare(&html, expected),
        Expected::Sha256(expected) => match sha256_hex(html.as_bytes()) {
            digest if digest == *expected => Ok(()),
            digest => Err(format!("expected HTML with SHA-256 {expected}, got {digest}")),
        },
    }
}

/// MiniJinja spells two characters otherwise than Jinja2 (MarkupSafe) does, and also escapes slashes, which is not needed.
///
/// Nothing is lost by this: an ampersand in the data is `&amp;` in both, so no data looks like one of these.
fn spelled_as_by_jinja2(html: &str) -> String {
    html.replace("&quot;", "&#34;").replace("&#x27;", "&#39;").replace("&#x2f;", "/")
}

fn compare(html: &str, expected: &str) -> Result<(), String> {
    if html == expected {
        return Ok(());
    }
    let lines = html.split('\n').zip(expected.split('\n'));
    let same = lines.take_while(|(got, right)| got == right).count();
    let line = |text: &str| {
        let line = text.split('\n').nth(same);
        line.map_or("nothing".to_owned(), |line| format!("{line:?}"))
    };
    Err(format!("line {}: expected {}, got {}", same + 1, line(expected), line(html)))
}

#[cfg(test)]
mod tests {
    use kelvin_workload::Compute;

    use super::*;
    use crate::Html;

    const HOSTILE: Expected = Expected::Html(include_str!("../cases/hostile.answer.html"));

    #[test]
    fn wrong_responses_are_refused_with_a_reason() {
        let cases = Html::cases();
        let case = cases.iter().find(|case| case.name == "hostile").unwrap();
        let right = Html::init().compute(&case.event).unwrap();
        let check = |change: &dyn Fn(&mut Response), expected: &str| {
            let mut response = right.clone();
            change(&mut response);
            let response = serde_json::to_value(response).unwrap();
            let reason = super::check(&response, &HOSTILE).err().unwrap_or_default();
            assert!(reason.starts_with(expected), "{reason}");
            assert_eq!(reason.is_empty(), expected.is_empty(), "{reason}");
        };
        check(&|_| {}, "");
        let replace = |from: &'static str, to: &'static str| {
            move |response: &mut Response| {
                assert!(response.body.contains(from));
                response.body = response.body.replace(from, to);
            }
        };
        check(
            &replace("&lt;b&gt;Ben", "<b>Ben"),
            r#"line 6: expected "  <title>All operations – &lt;b&gt;Ben"#,
        );
        check(&replace("&#x27; onmouseover", "' onmouseover"), "line 36: expected ");
        check(&replace("&quot;&gt;&lt;svg", "\"&gt;&lt;svg"), "line 35: expected ");
        check(&replace("{{ 7 * 7 }}", "49"), "line 43: expected ");
        check(&replace("&amp;lt;escaped", "&lt;escaped"), "line 54: expected ");
        check(&|response| response.body.push('\n'), "line 110: expected nothing, got \"\"");
        check(&|response| response.body.clear(), "line 1: expected \"<!doctype html>\", got \"\"");
        check(
            &|response| response.status_code = 500,
            "expected status 200 and HTML, got 500 and text/html; charset=utf-8",
        );
        let nothing = super::check(&Value::Null, &HOSTILE).unwrap_err();
        assert!(nothing.starts_with("expected another response: "), "{nothing}");
    }

    #[test]
    fn a_page_of_another_digest_is_refused() {
        let cases = Html::cases();
        let case = cases.iter().find(|case| case.name == "small").unwrap();
        let response = Html::init().compute(&case.event).unwrap();
        let response = serde_json::to_value(response).unwrap();
        let check = |digest, expected| {
            assert_eq!(super::check(&response, &Expected::Sha256(digest)), expected);
        };
        let right = "9682bc0a8e99dc4e658ea157e14ebe53042a10969b81da35ff1a7395211d9a1f";
        check(right, Ok(()));
        check("00", Err(format!("expected HTML with SHA-256 00, got {right}")));
    }
}
