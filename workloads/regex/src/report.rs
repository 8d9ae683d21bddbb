//! The questions that are asked of a log. `cases/answers.py` asks the same ones.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::patterns::Patterns;

/// What happened according to a log. Lists are cut to the length that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How many lines the log has.
    pub lines: usize,
    /// How many of them are not in the log's format. Nothing else counts them.
    pub malformed_lines: usize,
    /// How many requests were not HTTP. They have no method, path or attack.
    pub not_http: usize,
    /// How many different addresses asked.
    pub clients: usize,
    /// How many bytes were sent in responses.
    pub bytes: u64,
    /// How many requests were answered with which status.
    pub by_status: BTreeMap<String, usize>,
    /// How many requests had which method.
    pub by_method: BTreeMap<String, usize>,
    /// How many requests there were in which hour of the day.
    pub by_hour: BTreeMap<String, usize>,
    /// How many requests came from which kind of program: `bot`, `browser`, `tool`, `other`.
    pub by_agent: BTreeMap<String, usize>,
    /// How many requests look like which attack.
    pub attacks: BTreeMap<String, usize>,
    /// The paths that were asked for most often; ties are ordered by path.
    pub top_paths: Vec<PathUse>,
    /// The sites that most requests came from; ties are ordered by host.
    pub top_referrers: Vec<ReferrerUse>,
    /// The requests that took longest; ties are ordered by line.
    pub slowest: Vec<SlowRequest>,
}

/// A path and its use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathUse {
    /// The path without its query, with `:id` for numbers and UUIDs.
    pub path: String,
    /// How often it was asked for.
    pub requests: usize,
    /// How many bytes were sent for it.
    pub bytes: u64,
    /// The longest that one of its requests took, in milliseconds.
    pub slowest_ms: u64,
}

/// A site and how many requests came from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferrerUse {
    /// The host in the referrer's address.
    pub host: String,
    /// How many requests.
    pub requests: usize,
}

/// A request that took long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlowRequest {
    /// The number of its line, from 1.
    pub line: usize,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// The status of its response.
    pub status: u64,
    /// The request as it is logged.
    pub request: String,
}

/// Answers all questions; lists have at most `top` entries.
pub(crate) fn of(log: &str, patterns: &Patterns, top: usize) -> Report {
    let mut counts = Counts::default();
    for (n, line) in log.lines().enumerate() {
        counts.lines += 1;
        match Entry::parse(n + 1, line, patterns) {
            Some(entry) => counts.add(&entry, patterns),
            None => counts.malformed_lines += 1,
        }
    }
    counts.report(top)
}

/// A line of the log, taken apart.
struct Entry<'a> {
    line: usize,
    client: &'a str,
    hour: &'a str,
    request: &'a str,
    status: &'a str,
    bytes: u64,
    referrer: &'a str,
    agent: &'a str,
    ms: u64,
}

impl<'a> Entry<'a> {
    fn parse(line: usize, text: &'a str, patterns: &Patterns) -> Option<Entry<'a>> {
        let (_, [client, hour, request, status, bytes, referrer, agent, seconds, millis]) =
            patterns.line.captures(text)?.extract();
        // A hyphen stands for no bytes.
        let bytes = if bytes == "-" { 0 } else { number(bytes) };
        let ms = number(seconds) * 1000 + number(millis);
        Some(Entry { line, client, hour, request, status, bytes, referrer, agent, ms })
    }
}

/// The number that these digits are. The patterns allow at most 15, so it fits.
fn number(digits: &str) -> u64 {
    digits.bytes().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

/// What is counted while the log is read.
#[derive(Default)]
struct Counts<'a> {
    lines: usize,
    malformed_lines: usize,
    not_http: usize,
    bytes: u64,
    clients: HashSet<&'a str>,
    statuses: HashMap<&'a str, usize>,
    methods: HashMap<&'a str, usize>,
    hours: HashMap<&'a str, usize>,
    agents: HashMap<&'a str, usize>,
    attacks: HashMap<&'a str, usize>,
    hosts: HashMap<&'a str, usize>,
    paths: HashMap<Cow<'a, str>, Usage>,
    /// Time, line, status, request.
    slow: Vec<(u64, usize, &'a str, &'a str)>,
}

#[derive(Default)]
struct Usage {
    requests: usize,
    bytes: u64,
    slowest_ms: u64,
}

impl<'a> Counts<'a> {
    fn add(&mut self, entry: &Entry<'a>, patterns: &Patterns) {
        self.clients.insert(entry.client);
        self.bytes += entry.bytes;
        count(&mut self.statuses, entry.status);
        count(&mut self.hours, entry.hour);
        count(&mut self.agents, patterns.agent(entry.agent));
        if let Some(host) = patterns.host.captures(entry.referrer) {
            let (_, [host]) = host.extract();
            count(&mut self.hosts, host);
        }
        self.slow.push((entry.ms, entry.line, entry.status, entry.request));
        let Some(http) = patterns.request.captures(entry.request) else {
            self.not_http += 1;
            return;
        };
        let (_, [method, target, path]) = http.extract();
        count(&mut self.methods, method);
        for attack in patterns.attacks(target) {
            count(&mut self.attacks, attack);
        }
        let usage = self.paths.entry(patterns.id.replace_all(path, "/:id")).or_default();
        usage.requests += 1;
        usage.bytes += entry.bytes;
        usage.slowest_ms = usage.slowest_ms.max(entry.ms);
    }

    fn report(self, top: usize) -> Report {
        Report {
            lines: self.lines,
            malformed_lines: self.malformed_lines,
            not_http: self.not_http,
            clients: self.clients.len(),
            bytes: self.bytes,
            by_status: named(self.statuses),
            by_method: named(self.methods),
            by_hour: named(self.hours),
            by_agent: named(self.agents),
            attacks: named(self.attacks),
            top_paths: top_paths(self.paths, top),
            top_referrers: top_referrers(self.hosts, top),
            slowest: slowest(self.slow, top),
        }
    }
}

fn count<'a>(counts: &mut HashMap<&'a str, usize>, name: &'a str) {
    *counts.entry(name).or_default() += 1;
}

fn named(counts: HashMap<&str, usize>) -> BTreeMap<String, usize> {
    counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

fn top_paths(paths: HashMap<Cow<'_, str>, Usage>, top: usize) -> Vec<PathUse> {
    let mut paths: Vec<_> = paths.into_iter().collect();
    paths.sort_unstable_by(|(a, x), (b, y)| y.requests.cmp(&x.requests).then_with(|| a.cmp(b)));
    paths.truncate(top);
    let tell = |(path, usage): (Cow<'_, str>, Usage)| {
        let Usage { requests, bytes, slowest_ms } = usage;
        PathUse { path: path.into_owned(), requests, bytes, slowest_ms }
    };
    paths.into_iter().map(tell).collect()
}

fn top_referrers(hosts: HashMap<&str, usize>, top: usize) -> Vec<ReferrerUse> {
    let mut hosts: Vec<_> = hosts.into_iter().collect();
    hosts.sort_unstable_by_key(|&(host, requests)| (Reverse(requests), host));
    hosts.truncate(top);
    let tell = |(host, requests): (&str, usize)| ReferrerUse { host: host.to_owned(), requests };
    hosts.into_iter().map(tell).collect()
}

fn slowest(mut slow: Vec<(u64, usize, &str, &str)>, top: usize) -> Vec<SlowRequest> {
    slow.sort_unstable_by_key(|&(ms, line, ..)| (Reverse(ms), line));
    slow.truncate(top);
    let tell = |(ms, line, status, request): (u64, usize, &str, &str)| SlowRequest {
        line,
        ms,
        status: number(status),
        request: request.to_owned(),
    };
    slow.into_iter().map(tell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"192.0.2.1 - - [12/Nov/2026:06:25:14 +0000] "GET /a/1?b HTTP/1.1" 200 512 "https://c.example/d" "curl/8" 1.050"#;

    fn report(log: &str) -> Report {
        of(log, &Patterns::compile().unwrap(), 2)
    }

    #[test]
    fn a_line_is_taken_apart() {
        let once = |name: &str| BTreeMap::from([(name.to_owned(), 1)]);
        assert_eq!(
            report(GOOD),
            Report {
                lines: 1,
                clients: 1,
                bytes: 512,
                by_status: once("200"),
                by_method: once("GET"),
                by_hour: once("06"),
                by_agent: once("tool"),
                top_paths: vec![PathUse {
                    path: "/a/:id".to_owned(),
                    requests: 1,
                    bytes: 512,
                    slowest_ms: 1050
                }],
                top_referrers: vec![ReferrerUse { host: "c.example".to_owned(), requests: 1 }],
                slowest: vec![SlowRequest {
                    line: 1,
                    ms: 1050,
                    status: 200,
                    request: "GET /a/1?b HTTP/1.1".to_owned()
                }],
                ..Report::default()
            }
        );
    }

    #[test]
    fn malformed_lines_are_counted_and_nothing_more() {
        let check = |change: (&str, &str), malformed_lines| {
            let report = report(&GOOD.replace(change.0, change.1));
            assert_eq!((report.lines, report.malformed_lines), (1, malformed_lines), "{change:?}");
            assert_eq!(report.clients + malformed_lines, 1, "{change:?}");
        };
        check(("", ""), 0);
        check(("192.0.2.1", "2001:db8::1"), 0);
        check(("- - [", "- ann ["), 0);
        check((" 512 ", " - "), 0);
        check((" 512 ", " 999999999999999 "), 0);
        check(("/a/1", r#"/\"a\\"#), 0);
        check(("curl/8", "naïve 🦀"), 0);
        check(("192.0.2.1", "host.example"), 1);
        check(("[12", "12"), 1);
        check((" 200 ", " 600 "), 1);
        check((" 512 ", " 9999999999999999 "), 1);
        check(("/a/1", r#"/"a"#), 1);
        check((" 1.050", ""), 1);
        check(("1.050", "1.050 "), 1);
        check(("1.050", "1"), 1);
        let report = report(&format!("\n{GOOD}\r\n\u{0}\n{}", &GOOD[..60]));
        assert_eq!((report.lines, report.malformed_lines, report.bytes), (4, 3, 512));
    }

    #[test]
    fn what_is_not_http_has_no_path() {
        let check = |request: &str, not_http| {
            let report = report(&GOOD.replace("GET /a/1?b HTTP/1.1", request));
            let expected = (0, not_http, 1 - not_http);
            let got = (report.malformed_lines, report.not_http, report.top_paths.len());
            assert_eq!(got, expected, "{request}");
        };
        check("POST * HTTP/2", 0);
        check("-", 1);
        check("", 1);
        check(r"\x16\x03\x01", 1);
        check("get / HTTP/1.1", 1);
        check("GET / HTTP/1.1 ", 1);
    }

    #[test]
    fn lists_are_cut_and_ties_are_in_order() {
        let line = |path: &str, host: &str, ms: &str| {
            GOOD.replace("/a/1?b", path).replace("c.example", host).replace("1.050", ms) + "\n"
        };
        let log = [
            line("/b", "z.example", "0.002"),
            line("/c", "y.example", "0.003"),
            line("/a", "y.example", "0.002"),
            line("/c?d", "x.example", "0.001"),
        ];
        let report = report(&log.concat());
        let paths: Vec<_> = report.top_paths.iter().map(|used| used.path.as_str()).collect();
        assert_eq!(paths, ["/c", "/a"]);
        let hosts: Vec<_> = report.top_referrers.iter().map(|used| used.host.as_str()).collect();
        assert_eq!(hosts, ["y.example", "x.example"]);
        let lines: Vec<_> = report.slowest.iter().map(|slow| slow.line).collect();
        assert_eq!(lines, [2, 1]);
    }

    #[test]
    fn an_empty_log_has_an_empty_report() {
        assert_eq!(report(""), Report::default());
    }
}
