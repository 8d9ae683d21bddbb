//! Under which conditions functions are invoked: the gap between invocations, and the page cache of cold starts.
//!
//! What is said nearest to the invocation counts: `f.gap()` or `deploy()`, then the command line, then the scenario's own
//! `gap()` or `page_cache()`, then the default.

use std::time::Duration;

use kelvin_platform::{FunctionId, Gap, Gaps, Network, PageCache};
use rhai::{Dynamic, NativeCallContext};

use crate::chance::{Chance, Purpose};
use crate::fields::show;
use crate::function::Function;
use crate::language::Language;
use crate::session::{Fault, Session};
use crate::{parse_duration, pause, suggest};

pub(crate) fn add(language: &mut Language<'_>) {
    language.group("Conditions");
    language
        .add(
            "gap(\"20ms\")",
            "What lies between two invocations that this scenario makes one after another, unless the command line says otherwise: \"as called\" (the default: the gap of callers of Lambda, log-normal with a median of 17.5 ms), \"none\" (the next request is sent at once, which no caller of Lambda sees; the report calls it saturated), a length like \"20ms\", or \"p50=17ms p99=50ms\" for a log-normal one. It is waited for, and lies before each invocation that follows another one in the same environment.",
            |s| {
                move |ctx: NativeCallContext<'_>, value: Dynamic| s.answer(&ctx, s.set_gap(&value))
            },
        )
        .example("gap(\"none\");\nf.repeat(100);");
    language
        .add(
            "f.gap(\"none\")",
            "The same function with another gap, for what is called on the result.",
            |s| {
                move |ctx: NativeCallContext<'_>, f: Function, value: Dynamic| {
                    let gap = gap(&value).map_err(|e| Fault::Mistake(format!("gap: {e}")));
                    s.answer(&ctx, gap.map(|gap| Function(f.0, Some(gap), f.2)))
                }
            },
        )
        .returns("the function")
        .example("f.gap(\"none\").repeat(100);\nf.gap(\"50ms\").invoke();");
    language
        .add(
            "page_cache(\"warm\")",
            "Whether the cold starts of functions that are deployed from here on find their files in the page cache, unless the command line or deploy() says otherwise: \"cold\" (the default: everything is read from the disk, as in a new microVM) or \"warm\".",
            |s| {
                move |ctx: NativeCallContext<'_>, name: &str| s.answer(&ctx, s.set_page_cache(name))
            },
        )
        .example("page_cache(\"warm\");\nlet g = deploy(#{ workload: \"hello\" });\nlet h = deploy(#{ workload: \"hello\", page_cache: \"cold\" });");
}

impl Session {
    fn set_gap(&self, value: &Dynamic) -> Result<(), Fault> {
        let gap = gap(value).map_err(|e| format!("gap: {e}"))?;
        self.state().gap = Some(gap);
        Ok(())
    }

    fn set_page_cache(&self, name: &str) -> Result<(), Fault> {
        let named = page_cache(name).map_err(|e| format!("page_cache: {e}"))?;
        self.state().page_cache = Some(named);
        Ok(())
    }

    /// The gaps of a loop that begins: those of the call, of the command line, of the scenario, or as called.
    pub(crate) fn gaps(&self, f: &Function) -> Gaps {
        self.gaps_of(f.0.id, f.1)
    }

    /// The same, of a load.
    pub(crate) fn gaps_of(&self, function: FunctionId, of_call: Option<Gap>) -> Gaps {
        let state = &mut *self.state();
        let gap = of_call.or(self.gap).or(state.gap).unwrap_or_default();
        let stream = state.next_loop_of(function);
        Gaps::new(gap, Chance::new(self.seed, Purpose::Gap, stream).below(u64::MAX))
    }

    /// The page cache of a function that is deployed now.
    pub(crate) fn page_cache_of(&self, of_call: Option<PageCache>) -> PageCache {
        of_call.or(self.page_cache).or(self.state().page_cache).unwrap_or_default()
    }
}

/// A gap as scripts write it: a text, or a number of seconds.
pub(crate) fn gap(value: &Dynamic) -> Result<Gap, String> {
    match value.as_immutable_string_ref() {
        Ok(text) => parse_gap(&text),
        Err(_) => {
            let fixed = pause::duration(value).map(Gap::Fixed);
            fixed.map_err(|_| format!("{WANTED}, got {}", show(value)))
        }
    }
}

const WANTED: &str =
    "expected \"as called\", \"none\", a length like \"20ms\", or \"p50=17ms p99=50ms\"";

/// Reads `as called` (or `as-called`), `none`, `20ms`, or `p50=17ms p99=50ms`.
pub fn parse_gap(text: &str) -> Result<Gap, String> {
    let text = text.trim();
    match text {
        "as called" | "as-called" => return Ok(Gap::AsCalled),
        "none" => return Ok(Gap::None),
        _ => {}
    }
    let wrong = || format!("{WANTED}, got \"{text}\"");
    if !text.contains('=') {
        return parse_duration(text).map(fixed).ok_or_else(wrong);
    }
    let (mut p50, mut p99) = (None, None);
    for part in text.split([' ', ',']).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or_else(wrong)?;
        let value = parse_duration(value).ok_or_else(wrong)?;
        match name {
            "p50" if p50.is_none() => p50 = Some(value),
            "p99" if p99.is_none() => p99 = Some(value),
            _ => return Err(wrong()),
        }
    }
    match (p50, p99) {
        (Some(p50), Some(p99)) if !p50.is_zero() && p50 <= p99 => Ok(Gap::LogNormal { p50, p99 }),
        (Some(_), Some(_)) => Err("p50 must be more than 0, and p99 no less than p50".to_owned()),
        _ => Err(wrong()),
    }
}

fn fixed(length: Duration) -> Gap {
    if length.is_zero() { Gap::None } else { Gap::Fixed(length) }
}

/// The page cache of that name.
pub(crate) fn page_cache(name: &str) -> Result<PageCache, String> {
    PageCache::from_name(name).ok_or_else(|| {
        suggest::unknown("state of the page cache", name, PageCache::ALL.map(PageCache::as_str))
    })
}

/// The network of that name.
pub(crate) fn network(name: &str) -> Result<Network, String> {
    Network::from_name(name)
        .ok_or_else(|| suggest::unknown("network", name, Network::ALL.map(Network::as_str)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_read_as_people_write_them() {
        let ms = Duration::from_millis;
        let check = |text: &str, expected: Option<Gap>| {
            assert_eq!(parse_gap(text).ok(), expected, "{text}");
        };
        check("as called", Some(Gap::AsCalled));
        check("as-called", Some(Gap::AsCalled));
        check(" none ", Some(Gap::None));
        check("0s", Some(Gap::None));
        check("20ms", Some(Gap::Fixed(ms(20))));
        check("p50=17ms p99=50ms", Some(Gap::LogNormal { p50: ms(17), p99: ms(50) }));
        check("p99=50ms,p50=17ms", Some(Gap::LogNormal { p50: ms(17), p99: ms(50) }));
        for wrong in
            ["", "20", "p50=17ms", "p50=0s p99=1s", "p50=2s p99=1s", "p50=1s p50=2s p99=3s", "soon"]
        {
            check(wrong, None);
        }
        // What is displayed can be read.
        for gap in
            [Gap::AsCalled, Gap::None, Gap::Fixed(ms(3)), Gap::LogNormal { p50: ms(1), p99: ms(9) }]
        {
            check(&gap.to_string(), Some(gap));
        }
        assert_eq!(gap(&Dynamic::from(0.5)), Ok(Gap::Fixed(ms(500))));
        assert!(gap(&Dynamic::from(true)).is_err());
    }
}
