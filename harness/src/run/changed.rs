//! What has changed since a run was made: the script beside the one on record, its modules, and what it would be set to.

use std::collections::BTreeMap;
use std::path::Path;

use kelvin_scenario::{Parameter, Script};

use crate::shipped;

/// The script from which the one on record was made, as it is now.
pub(super) enum Now {
    /// As a command line names it.
    Here { name: String, script: Result<Script, String> },
    /// Not where it was, or nobody knows where that is.
    Gone { name: String },
}

/// Finds the script of a run by the path on record, or among those that come with kelvin.
pub(super) fn now(name: &str, path: Option<&Path>) -> Now {
    let named = match path {
        Some(path) if path.is_file() => path.to_string_lossy().into_owned(),
        None if shipped::is_shipped(name) => name.to_owned(),
        _ => {
            let name = path.map_or(name.to_owned(), |path| path.to_string_lossy().into_owned());
            return Now::Gone { name };
        }
    };
    let script = shipped::find(&named).map_err(|error| format!("now it is wrong: {error:#}"));
    Now::Here { name: named, script }
}

/// What is other now than it was, a phrase each; nothing if everything is the same. `set` are the settings on record.
pub(super) fn since(
    then: &Script,
    now: &Result<Script, String>,
    set: &BTreeMap<String, Vec<String>>,
) -> Vec<String> {
    let now = match now {
        Ok(now) => now,
        Err(why) => return vec![why.clone()],
    };
    let mut changes = Vec::new();
    if let Some(line) = first_difference(then.text(), now.text()) {
        changes.push(format!("first in line {line}"));
    }
    changes.extend(of_modules(then, now));
    if changes.is_empty() {
        return changes;
    }
    if let (Ok(then), Ok(now)) = (then.parameters(), now.parameters()) {
        changes.extend(of_settings(&then, &now, set));
    }
    changes
}

/// Counted from 1.
fn first_difference(then: &str, now: &str) -> Option<usize> {
    if then == now {
        return None;
    }
    let same = then.split('\n').zip(now.split('\n')).take_while(|(then, now)| then == now);
    Some(same.count() + 1)
}

fn of_modules(then: &Script, now: &Script) -> Vec<String> {
    let of = |script: &Script| -> BTreeMap<String, String> {
        script.modules().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
    };
    let (then, now) = (of(then), of(now));
    let changed = |(name, text): (&String, &String)| match now.get(name) {
        None => Some(format!("module {name} is not imported any more")),
        Some(now) => {
            let line = first_difference(text, now)?;
            Some(format!("module {name} first in line {line}"))
        }
    };
    let added = now.keys().filter(|name| !then.contains_key(*name));
    let added = added.map(|name| format!("module {name} is new"));
    then.iter().filter_map(changed).chain(added).collect()
}

/// Parameters that would have another value now, if nobody had set them.
fn of_settings(
    then: &[Parameter],
    now: &[Parameter],
    set: &BTreeMap<String, Vec<String>>,
) -> Vec<String> {
    let default = |parameters: &[Parameter], name: &str| {
        let known = parameters.iter().find(|parameter| parameter.name == name);
        known.map(|parameter| parameter.default.clone())
    };
    let gone = then.iter().filter(|old| default(now, &old.name).is_none());
    let gone = gone.map(|old| format!("parameter {} is gone", old.name));
    let other = now.iter().filter_map(|new| {
        let Some(old) = default(then, &new.name) else {
            return Some(format!("parameter {} is new", new.name));
        };
        let on_record = set.get(&new.name).unwrap_or(&old);
        let is_other = *on_record == old && old != new.default;
        let (old, new_default) = (on_record.join(","), new.default.join(","));
        is_other.then(|| format!("{} is {old} on record and would be {new_default}", new.name))
    });
    gone.chain(other).collect()
}
