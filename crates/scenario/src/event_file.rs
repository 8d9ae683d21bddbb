//! `events()` and `event_file()`: events from files beside the script.

use std::path::{Component, Path, PathBuf};

use kelvin_lambda::MAX_REQUEST_BYTES;
use rhai::{Array, Dynamic, NativeCallContext};
use serde_json::Value;

use crate::language::Language;
use crate::session::{Fault, Session};
use crate::{HostError, json};

/// All files of one call together have no more bytes than this.
pub(crate) const MAX_BYTES: usize = 64 << 20;

impl Session {
    /// `event_file()`.
    fn event_file(&self, path: &str) -> Result<Dynamic, Fault> {
        self.outside("event_file")?;
        let path = relative(path).map_err(|e| format!("event_file: {e}"))?;
        let (event, _) = self.read(&path, MAX_REQUEST_BYTES)?;
        Ok(event)
    }

    /// `events()`.
    fn events(&self, pattern: &str) -> Result<Array, Fault> {
        self.outside("events")?;
        let mistake = |message: String| format!("events: {message}");
        let path = relative(pattern).map_err(mistake)?;
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(mistake(format!(
                "expected a path like \"events/*.json\", got {pattern:?}"
            ))
            .into());
        };
        let name = name.to_string_lossy();
        if folder.to_string_lossy().contains('*') {
            return Err(mistake(format!(
                "only the name of the file may have a *, got {pattern:?}"
            ))
            .into());
        }
        let mut names = self.beside.list(folder).map_err(|e| mistake(told(&e)))?;
        names.retain(|candidate| matches(&name, candidate));
        if names.is_empty() {
            return Err(mistake(format!("no file is like {pattern:?}")).into());
        }
        if names.len() > self.limits.array_elements {
            return Err(mistake(format!("more than {} files", self.limits.array_elements)).into());
        }
        names.sort_unstable();
        let mut left = MAX_BYTES;
        let mut events = Array::new();
        for name in names {
            self.go_on()?;
            let (event, bytes) = self.read(&folder.join(name), MAX_REQUEST_BYTES.min(left))?;
            left -= bytes;
            events.push(event);
        }
        Ok(events)
    }

    /// A file's value and its size.
    fn read(&self, path: &Path, limit: usize) -> Result<(Dynamic, usize), Fault> {
        let shown = path.display();
        let bytes = self.beside.read(path, limit);
        let bytes = bytes.map_err(|error| format!("failed to read {shown}: {}", told(&error)))?;
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|error| format!("{shown} is not JSON: {error}"))?;
        let event = json::to_script(value.clone());
        // Rather than to send something else than the file says.
        if json::from_script(&event).as_ref() != Ok(&value) {
            return Err(
                format!("{shown} has a number that does not fit into 64 bits with sign").into()
            );
        }
        Ok((event, bytes.len()))
    }
}

/// A path that stays below the folder that it starts from.
pub(crate) fn relative(path: &str) -> Result<PathBuf, String> {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    let parts = Path::new(path);
    if path.is_empty() || path.contains('\\') || !parts.components().all(is_plain) {
        return Err(format!("expected a path below the script's folder, without .., got {path:?}"));
    }
    Ok(parts.components().filter(|part| *part != Component::CurDir).collect())
}

/// Whether a name is like a pattern, in which `*` stands for any characters. Hidden files are named in full.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    if name.starts_with('.') && !start.starts_with('.') {
        return false;
    }
    let Some(mut name) = name.strip_prefix(start) else { return false };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for piece in middle.split('*') {
        let Some((_, after)) = name.split_once(piece) else { return false };
        name = after;
    }
    name.ends_with(end)
}

/// What a host says, on one line.
pub(crate) fn told(error: &HostError) -> String {
    let mut text = error.message.clone();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Makes the functions known.
pub(crate) fn add(language: &mut Language<'_>) {
    language
        .add(
            "events(\"folder/*.json\")",
            "Events from files of JSON beside the script, sorted by their names. Only the name of the file may have a `*`. No path leads out of the script's folder; that of a scenario that comes with Kelvin is the current one.",
            |s| move |ctx: NativeCallContext<'_>, pattern: &str| s.answer(&ctx, s.events(pattern)),
        )
        .returns("an array")
        .example("for event in events(\"orders/*.json\") {\n    f.invoke(event);\n}");
    language
        .add(
            "event_file(\"orders/a.json\")",
            "One event from a file of JSON beside the script.",
            |s| move |ctx: NativeCallContext<'_>, path: &str| s.answer(&ctx, s.event_file(path)),
        )
        .returns("a map, or whatever the file has")
        .example(
            "let order = event_file(\"orders/a.json\");\norder.quantity = 7;\nf.invoke(order);",
        );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        let check = |pattern, name, expected| {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}")
        };
        check("a.json", "a.json", true);
        check("a.json", "b.json", false);
        check("*.json", "a.json", true);
        check("*.json", ".json", false);
        check(".*", ".json", true);
        check("*", "a", true);
        check("a*a", "a", false);
        check("a*b*c", "a-b-c", true);
        check("a*b*c", "a-c-b", false);
        check("*b*", "abc", true);
        check("a**c", "ac", true);
        check("ab*bc", "abc", false);
    }

    #[test]
    fn paths_stay_below_the_folder() {
        for path in ["a.json", "a/b.json", "a//b.json", "./a"] {
            assert!(relative(path).is_ok(), "{path}");
        }
        for path in ["", "/a", "..", "a/../b", "../a", "a/..", "C:\\a"] {
            assert!(relative(path).is_err(), "{path}");
        }
    }
}
