//! The workload `html`: renders a page of search results, as a function does that serves a site.
//!
//! What is searched are the operations of an API (`cases/README.md` has source and licence).
//! Templates and catalogues are inside the program; parsing them is work that can be done in INIT.

mod catalogue;
mod check;
mod page;
mod site;

use kelvin_workload::{Answer, Case, Compute, Prepared, WorkloadError};
use serde::{Deserialize, Serialize};

use crate::check::{Expected, check};
use crate::site::Site;

/// How many results a page can have.
pub const LARGEST_PAGE: usize = 500;

/// Renders pages.
#[derive(Debug)]
pub struct Html {
    site: Prepared<Site>,
}

/// What is searched for, and which part of the results is wanted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Where to search: `ec2` or `hostile`.
    pub catalogue: String,
    /// What a result has in its name or its summary, in upper or lower case; everything does, if this is empty.
    pub query: String,
    /// The number of the page, from 1.
    pub page: usize,
    /// How many results a page has: 1 to [`LARGEST_PAGE`].
    pub page_size: usize,
}

/// The page, as API Gateway wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Response {
    /// The status of the HTTP response: 200.
    pub status_code: u16,
    /// Its headers.
    pub headers: Headers,
    /// The HTML.
    pub body: String,
}

/// The headers of the HTTP response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Headers {
    /// `text/html; charset=utf-8`.
    #[serde(rename = "content-type")]
    pub content_type: String,
}

impl Compute for Html {
    const NAME: &'static str = "html";
    type Event = Event;
    type Response = Response;

    fn init() -> Html {
        Html { site: Prepared::new(Site::parse) }
    }

    fn prepare(&self) -> Result<(), WorkloadError> {
        self.site.get().map(drop)
    }

    fn compute(&self, event: &Event) -> Result<Response, WorkloadError> {
        let body = self.site.get()?.render(event)?;
        let content_type = "text/html; charset=utf-8".to_owned();
        Ok(Response { status_code: 200, headers: Headers { content_type }, body })
    }

    fn cases() -> Vec<Case<Event>> {
        let case = |name, catalogue: &str, query: &str, (page, page_size), answer| {
            let (catalogue, query) = (catalogue.to_owned(), query.to_owned());
            Case::new(name, Event { catalogue, query, page, page_size }, Answer::Check(answer))
        };
        macro_rules! html {
            ($name:literal) => {
                |response| {
                    let html = include_str!(concat!("../cases/", $name, ".answer.html"));
                    check(response, &Expected::Html(html))
                }
            };
        }
        macro_rules! sha256 {
            ($name:literal) => {
                |response| {
                    let digest = include_str!(concat!("../cases/", $name, ".answer.sha256"));
                    check(response, &Expected::Sha256(digest.trim()))
                }
            };
        }
        let hostile_query = "\"><script>alert('q')</script>&q=1+1 %3C/{{7*7}}";
        vec![
            case("large", "ec2", "", (1, 500), sha256!("large")),
            case("medium", "ec2", "instance", (1, 100), sha256!("medium")),
            case("small", "ec2", "", (3, 20), html!("small")),
            case("hostile", "hostile", "", (1, 10), html!("hostile")),
            case("hostile-query", "ec2", hostile_query, (1, 20), html!("hostile-query")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_answered_rightly() {
        assert_eq!(kelvin_workload::check_cases::<Html>(), Ok(()));
    }

    #[test]
    fn wrong_events_are_refused_with_a_reason() {
        let html = Html::init();
        let check = |catalogue: &str, query: &str, page, page_size, expected: &str| {
            let (catalogue, query) = (catalogue.to_owned(), query.to_owned());
            let error = html.compute(&Event { catalogue, query, page, page_size }).unwrap_err();
            assert_eq!(
                (error.error_type(), error.error_message().as_str()),
                ("InvalidEvent", expected)
            );
        };
        let unknown = "there is no catalogue \"s3\"; the catalogues are ec2, hostile";
        check("s3", "", 1, 20, unknown);
        check("ec2", "", 1, 0, "page_size is 0; it must be from 1 to 500");
        check("ec2", "", 1, 501, "page_size is 501; it must be from 1 to 500");
        check("ec2", "", 0, 20, "page is 0; it must be from 1 to 25");
        check("ec2", "", 26, 20, "page is 26; it must be from 1 to 25");
        check("ec2", "", usize::MAX, 1, "page is 18446744073709551615; it must be from 1 to 500");
        check("ec2", "no such thing", 2, 20, "page is 2; it must be from 1 to 1");
    }

    #[test]
    fn events_of_another_shape_are_refused_with_a_reason() {
        let check = |event: &str, expected: &str| {
            let error = serde_json::from_str::<Event>(event).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check("{}", "missing field `catalogue` at line 1 column 2");
        check(
            r#"{"catalogue": "ec2", "query": "", "page": -1}"#,
            "invalid value: integer `-1`, expected usize at line 1 column 44",
        );
        check(
            r#"{"catalogue": "ec2", "q": ""}"#,
            "unknown field `q`, expected one of `catalogue`, `query`, `page`, `page_size` at line 1 column 24",
        );
    }
}
