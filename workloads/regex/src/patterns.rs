//! The regular expressions: what is costly to make and made once. `cases/answers.py` has its own for the same.

use kelvin_workload::WorkloadError;
use regex_engine::{Regex, RegexSet};

/// A line of the combined log format, with the request's time in seconds at its end.
const LINE: &str = r#"(?x)
    ^([0-9A-Fa-f.:]+)\ [^\ ]+\ [^\ ]+\             # client, identity, user
    \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:([0-9]{2}):[0-9]{2}:[0-9]{2}\ [+-][0-9]{4}\]\  # hour
    "((?:[^"\\]|\\.)*)"\                           # request
    ([1-5][0-9]{2})\ ([0-9]{1,15}|-)\              # status, bytes
    "((?:[^"\\]|\\.)*)"\ "((?:[^"\\]|\\.)*)"\      # referrer, agent
    ([0-9]{1,9})\.([0-9]{3})$                      # seconds, milliseconds
"#;
/// Method, path with query, and path of an HTTP request.
const REQUEST: &str = r"^([A-Z]+) (([^ ?]+)(?:\?[^ ]*)?) HTTP/[0-9](?:\.[0-9])?$";
/// A part of a path that names one thing among many: a UUID or a number.
const ID: &str = r"/(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]+)(?-u:\b)";
/// The host of a web address.
const HOST: &str = r"^https?://([^/:?#]+)";

/// Who asks; the first that fits.
const AGENTS: [(&str, &str); 3] = [
    ("bot", r"(?i-u:bot\b|crawler|spider)"),
    ("browser", r"^Mozilla/5\.0 .*(?:Firefox|Chrome|Safari)/[0-9]"),
    ("tool", r"^(?:curl|Wget|python-requests|Go-http-client)/"),
];
/// What path and query of an attempt to break in look like.
const ATTACKS: [(&str, &str); 5] = [
    ("injection", r"(?i-u:\bunion(?:\+|%20|/\*\*/)+(?:all(?:\+|%20)+)?select\b)"),
    ("lookup", r"(?i-u:\$\{jndi:)"),
    ("probe", r"^/(?:\.env|\.git/|wp-(?:login|admin))"),
    ("script", r"(?i-u:(?:<|%3c)script)"),
    ("traversal", r"(?i-u:(?:\.\.|%2e%2e)(?:/|%2f))"),
];

/// All patterns, compiled.
#[derive(Debug)]
pub(crate) struct Patterns {
    pub(crate) line: Regex,
    pub(crate) request: Regex,
    pub(crate) id: Regex,
    pub(crate) host: Regex,
    agents: RegexSet,
    attacks: RegexSet,
}

impl Patterns {
    pub(crate) fn compile() -> Result<Patterns, WorkloadError> {
        Ok(Patterns {
            line: pattern("line", LINE)?,
            request: pattern("request", REQUEST)?,
            id: pattern("id", ID)?,
            host: pattern("host", HOST)?,
            agents: patterns("agents", &AGENTS)?,
            attacks: patterns("attacks", &ATTACKS)?,
        })
    }

    /// What kind of program names itself so.
    pub(crate) fn agent(&self, name: &str) -> &'static str {
        let first = self.agents.matches(name).iter().next();
        first.map_or("other", |n| AGENTS[n].0)
    }

    /// The attacks that a request's path and query look like.
    pub(crate) fn attacks(&self, target: &str) -> impl Iterator<Item = &'static str> {
        self.attacks.matches(target).into_iter().map(|n| ATTACKS[n].0)
    }
}

fn pattern(name: &str, pattern: &str) -> Result<Regex, WorkloadError> {
    Regex::new(pattern).map_err(|error| failed(name, error))
}

fn patterns(name: &str, patterns: &[(&str, &str)]) -> Result<RegexSet, WorkloadError> {
    RegexSet::new(patterns.iter().map(|(_, pattern)| pattern)).map_err(|error| failed(name, error))
}

fn failed(name: &str, error: regex_engine::Error) -> WorkloadError {
    WorkloadError::preparation_failed(format!("could not compile pattern {name}"), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_known_by_the_first_pattern_that_fits() {
        let patterns = Patterns::compile().unwrap();
        let check =
            |name: &str, expected: &str| assert_eq!(patterns.agent(name), expected, "{name}");
        check("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "browser");
        check("Mozilla/5.0 (compatible; GoogleBot/2.1) Chrome/142.0", "bot");
        check("Mozilla/5.0 (Robotics; X) Safari/605", "browser");
        check("curl/8.14.1", "tool");
        check("not curl/8.14.1", "other");
        check("-", "other");
        check("", "other");
    }

    #[test]
    fn attacks_are_known_by_path_and_query() {
        let patterns = Patterns::compile().unwrap();
        let check = |target: &str, expected: &[&str]| {
            assert_eq!(patterns.attacks(target).collect::<Vec<_>>(), expected, "{target}");
        };
        check("/search?q=unions+select", &[]);
        check("/search?q=1+Union%20ALL+SELECT", &["injection"]);
        check("/blog/.env", &[]);
        check("/.env?q=<Script", &["probe", "script"]);
        check("/%2E%2e%2F..%2fetc", &["traversal"]);
        check("/?${JNDI:x}&../", &["lookup", "traversal"]);
    }

    #[test]
    fn ids_in_a_path_are_replaced() {
        let patterns = Patterns::compile().unwrap();
        let check = |path: &str, expected: &str| {
            assert_eq!(patterns.id.replace_all(path, "/:id"), expected);
        };
        check("/products/17/reviews/3", "/products/:id/reviews/:id");
        check("/orders/01234567-89ab-cdef-0123-456789abcdef", "/orders/:id");
        check("/v2/2024/x1/1x/7.html", "/v2/:id/x1/1x/:id.html");
        check("/", "/");
    }

    #[test]
    fn a_pattern_that_cannot_be_compiled_is_named() {
        let error = pattern("line", "(").unwrap_err();
        assert_eq!(error.error_type(), "PreparationFailed");
        let message = error.error_message();
        assert!(message.starts_with("could not compile pattern line: "), "{message}");
    }
}
