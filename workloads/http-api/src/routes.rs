//! Which request gets which answer.

use aws_lambda_events::event::apigw::ApiGatewayV2httpResponse;
use http::{Method, StatusCode, header};
use kelvin_workload::WorkloadError;
use serde::Serialize;

use crate::answer::{Problem, cached, set};
use crate::catalogue::{Catalogue, Query, Service};
use crate::request::Request;
use crate::review;

type Answered = Result<ApiGatewayV2httpResponse, WorkloadError>;

const PAGE_SIZE: usize = 20;
const LARGEST_PAGE: usize = 100;
/// The cookie in which the size of pages is remembered, and the parameter that sets it.
const PAGE_SIZE_NAME: &str = "page_size";

/// Answers a request. What is wrong with it is an answer too; only what keeps the function from answering is an error.
pub(crate) fn answer(request: &Request<'_>, catalogue: &Catalogue) -> Answered {
    match (request.method(), request.segments().as_slice()) {
        (&Method::GET, ["services"]) => list(request, catalogue),
        (&Method::GET, ["services", id]) => match catalogue.find(id) {
            Some(service) => cached(request, service),
            None => no_such_service(id),
        },
        (&Method::POST, ["services", id, "reviews"]) => match catalogue.find(id) {
            Some(service) => review::post(request, service),
            None => no_such_service(id),
        },
        (_, ["services"] | ["services", _]) => other_method(request, "GET"),
        (_, ["services", _, "reviews"]) => other_method(request, "POST"),
        _ => Problem::new(
            "no_such_path",
            "there is /services, /services/{id} and /services/{id}/reviews",
        )
        .answer(StatusCode::NOT_FOUND),
    }
}

fn no_such_service(id: &str) -> Answered {
    let message = format!("there is no service \"{id}\"");
    Problem::new("no_such_service", message).answer(StatusCode::NOT_FOUND)
}

fn other_method(request: &Request<'_>, allowed: &str) -> Answered {
    let message = format!("this path takes {allowed}, not {}", request.method());
    let problem = Problem::new("method_not_allowed", message);
    let mut answer = problem.answer(StatusCode::METHOD_NOT_ALLOWED)?;
    set(&mut answer, header::ALLOW, allowed.to_owned())?;
    Ok(answer)
}

#[derive(Serialize)]
struct Page<'a> {
    total: usize,
    page: usize,
    pages: usize,
    services: &'a [&'a Service],
}

fn list(request: &Request<'_>, catalogue: &Catalogue) -> Answered {
    let asked = request.parameter(PAGE_SIZE_NAME);
    let remembered = request.cookie(PAGE_SIZE_NAME).and_then(|text| within(text, LARGEST_PAGE));
    let page_size = match &asked {
        Some(text) => within(text, LARGEST_PAGE),
        // A cookie that makes no sense is not the client's mistake.
        None => Some(remembered.unwrap_or(PAGE_SIZE)),
    };
    let Some(page_size) = page_size else {
        return out_of_range(PAGE_SIZE_NAME, LARGEST_PAGE);
    };
    let query = Query { protocol: request.parameter("protocol"), text: request.parameter("q") };
    let found = catalogue.search(&query);
    let pages = found.len().div_ceil(page_size).max(1);
    let page = request.parameter("page");
    let Some(page) = page.map_or(Some(1), |text| within(&text, pages)) else {
        return out_of_range("page", pages);
    };
    let first = (page - 1) * page_size;
    let services = &found[first..found.len().min(first + page_size)];
    let mut answer = cached(request, &Page { total: found.len(), page, pages, services })?;
    set(&mut answer, header::VARY, "cookie".to_owned())?;
    if let Some(links) = links(&query, page, pages, page_size) {
        set(&mut answer, header::LINK, links)?;
    }
    if asked.is_some() && remembered != Some(page_size) {
        answer.cookies.push(format!(
            "{PAGE_SIZE_NAME}={page_size}; Path=/services; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax"
        ));
    }
    Ok(answer)
}

/// A whole number from 1 to `most`, in plain digits.
fn within(text: &str, most: usize) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { text.parse().ok()? } else { return None };
    (1..=most).contains(&number).then_some(number)
}

fn out_of_range(parameter: &str, most: usize) -> Answered {
    let message = format!("{parameter} must be a whole number from 1 to {most}");
    Problem::new("invalid_parameter", message).answer(StatusCode::BAD_REQUEST)
}

/// The pages before and after this one (RFC 8288).
fn links(query: &Query, page: usize, pages: usize, page_size: usize) -> Option<String> {
    let kept = [("protocol", &query.protocol), ("q", &query.text)];
    let kept = kept.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let parameters: String =
        kept.map(|(name, value)| format!("{name}={}&", percent_encoded(value))).collect();
    let link = |page: usize, relation: &str| {
        format!("</services?{parameters}page_size={page_size}&page={page}>; rel=\"{relation}\"")
    };
    let before = (page > 1).then(|| link(page - 1, "prev"));
    let after = (page < pages).then(|| link(page + 1, "next"));
    let links: Vec<String> = before.into_iter().chain(after).collect();
    (!links.is_empty()).then(|| links.join(", "))
}

/// Everything but unreserved characters (RFC 3986, section 2.3) as percent signs and digits.
pub(crate) fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain_digits_in_range() {
        let check = |text: &str, expected| assert_eq!(within(text, 100), expected, "{text:?}");
        check("1", Some(1));
        check("007", Some(7));
        check("100", Some(100));
        check("0", None);
        check("101", None);
        check("", None);
        check("+1", None);
        check("1,2", None);
        check("99999999999999999999999", None);
    }

    #[test]
    fn links_lead_to_the_neighbours() {
        let check = |page, pages, expected: Option<&str>| {
            let query = Query { protocol: None, text: Some("a b&é".to_owned()) };
            assert_eq!(links(&query, page, pages, 5).as_deref(), expected);
        };
        check(1, 1, None);
        check(1, 2, Some(r#"</services?q=a%20b%26%C3%A9&page_size=5&page=2>; rel="next""#));
        check(2, 2, Some(r#"</services?q=a%20b%26%C3%A9&page_size=5&page=1>; rel="prev""#));
        let both = links(&Query::default(), 2, 3, 5).unwrap();
        assert_eq!(both.matches("rel=").count(), 2);
    }
}
