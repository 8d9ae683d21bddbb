//! Reviews: what a client may post.

use aws_lambda_events::event::apigw::ApiGatewayV2httpResponse;
use http::{StatusCode, header};
use kelvin_workload::WorkloadError;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::answer::{Problem, WrongField, json, set};
use crate::catalogue::Service;
use crate::request::Request;
use crate::routes::percent_encoded;

type Answered = Result<ApiGatewayV2httpResponse, WorkloadError>;

/// Of a body, in bytes.
const LARGEST: usize = 4096;
const FIELDS: [&str; 4] = ["author", "rating", "text", "tags"];

/// The review as it is kept. It is as a database would return it; there is none here.
#[derive(Debug, Serialize)]
struct Review<'a> {
    id: &'a str,
    service: &'a str,
    created_ms: i64,
    author: &'a str,
    rating: u64,
    text: &'a str,
    tags: Vec<&'a str>,
}

/// Answers a review of a service.
pub(crate) fn post(request: &Request<'_>, service: &Service) -> Answered {
    let content_type = request.header("content-type").unwrap_or_default();
    if !is_json(content_type) {
        let message = format!("a review is application/json, not \"{content_type}\"");
        return Problem::new("unsupported_media_type", message)
            .answer(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let body = request.body()?;
    if body.len() > LARGEST {
        let message = format!("a review has at most {LARGEST} bytes, not {}", body.len());
        return Problem::new("too_large", message).answer(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let Ok(Value::Object(fields)) = serde_json::from_slice(&body) else {
        let problem = Problem::new("malformed_json", "a review is a JSON object");
        return problem.answer(StatusCode::BAD_REQUEST);
    };
    let wrong = mistakes(&fields);
    if !wrong.is_empty() {
        let problem = Problem::new("invalid_review", "see the fields").with_fields(wrong);
        return problem.answer(StatusCode::BAD_REQUEST);
    }
    let (id, created_ms) = request.identity();
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let tags = fields.get("tags").and_then(Value::as_array).into_iter().flatten();
    let review = Review {
        id,
        service: &service.id,
        created_ms,
        author: text("author"),
        rating: fields.get("rating").and_then(Value::as_u64).unwrap_or_default(),
        text: text("text"),
        tags: tags.filter_map(Value::as_str).collect(),
    };
    let mut answer = json(StatusCode::CREATED, &review)?;
    let location = format!("/services/{}/reviews/{}", service.id, percent_encoded(id));
    set(&mut answer, header::LOCATION, location)?;
    Ok(answer)
}

fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
}

/// All that is wrong with a review, in the order of the fields.
fn mistakes(fields: &Map<String, Value>) -> Vec<WrongField> {
    let mut wrong = Vec::new();
    let mut expect = |right: bool, field, message| {
        if !right {
            wrong.push(WrongField { field, message });
        }
    };
    let length = |value: &Value| value.as_str().map(|text| text.chars().count());
    let author = fields.get("author").and_then(length);
    expect(
        author.is_some_and(|n| (1..=64).contains(&n)),
        "author",
        "must be text of 1 to 64 characters",
    );
    let rating = fields.get("rating").and_then(Value::as_u64);
    expect(
        rating.is_some_and(|n| (1..=5).contains(&n)),
        "rating",
        "must be a whole number from 1 to 5",
    );
    let text = fields.get("text").is_none_or(|text| length(text).is_some_and(|n| n <= 1000));
    expect(text, "text", "must be text of at most 1000 characters");
    expect(
        fields.get("tags").is_none_or(are_tags),
        "tags",
        "must be at most 5 different words of a-z, 0-9 and -",
    );
    let known = fields.keys().all(|name| FIELDS.contains(&name.as_str()));
    expect(known, "*", "the fields are author, rating, text and tags");
    wrong
}

fn are_tags(value: &Value) -> bool {
    let Some(tags) = value.as_array().filter(|tags| tags.len() <= 5) else { return false };
    let is_word = |tag: &str| {
        let allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        !tag.is_empty() && tag.bytes().all(allowed)
    };
    let words = tags.iter().all(|tag| tag.as_str().is_some_and(is_word));
    words && tags.iter().enumerate().all(|(n, tag)| !tags[..n].contains(tag))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_wrong_field_is_named() {
        let check = |review: Value, expected: &[&str]| {
            let wrong = mistakes(review.as_object().unwrap());
            let names: Vec<_> = wrong.iter().map(|wrong| wrong.field).collect();
            assert_eq!(names, expected, "{review}");
        };
        let right = |name: &str, value: Value| {
            let mut review = json!({ "author": "Ann", "rating": 5, "text": "", "tags": [] });
            review[name] = value;
            review
        };
        check(json!({ "author": "Ann", "rating": 1 }), &[]);
        check(json!({}), &["author", "rating"]);
        check(right("author", json!("é".repeat(64))), &[]);
        check(right("author", json!("é".repeat(65))), &["author"]);
        check(right("author", json!("")), &["author"]);
        check(right("author", json!(7)), &["author"]);
        for rating in
            [json!(0), json!(6), json!(4.5), json!(-1), json!("5"), json!(5.0), json!(null)]
        {
            check(right("rating", rating), &["rating"]);
        }
        check(right("text", json!("a".repeat(1001))), &["text"]);
        check(right("text", json!(null)), &["text"]);
        check(right("tags", json!(["a", "b-2"])), &[]);
        for tags in [
            json!(["a", "a"]),
            json!(["A"]),
            json!([""]),
            json!([1]),
            json!("a"),
            json!(["a", "b", "c", "d", "e", "f"]),
        ] {
            check(right("tags", tags), &["tags"]);
        }
        check(right("raiting", json!(5)), &["*"]);
    }

    #[test]
    fn json_may_say_its_character_set() {
        let check = |content_type: &str, expected| {
            assert_eq!(is_json(content_type), expected, "{content_type}");
        };
        check("application/json", true);
        check("Application/JSON; charset=utf-8", true);
        check("application/jsonp", false);
        check("text/plain; application/json", false);
        check("", false);
    }
}
