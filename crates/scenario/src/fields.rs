//! Reading the maps that a script passes, with messages that say what was expected.

use std::collections::BTreeMap;

use rhai::{Array, Dynamic, Map};

use crate::suggest;

/// The properties of a map, taken one by one.
pub(crate) struct Fields {
    map: Map,
}

impl Fields {
    /// Fails if the map has a property that is not known; `what` names the map in the message.
    pub(crate) fn new(what: &str, map: Map, known: &[&str]) -> Result<Fields, String> {
        let stranger = map.keys().find(|key| !known.contains(&key.as_str()));
        if let Some(key) = stranger {
            return Err(suggest::unknown(what, key, known.iter().copied()));
        }
        Ok(Fields { map })
    }

    /// Text.
    pub(crate) fn string(&mut self, key: &str) -> Result<Option<String>, String> {
        self.take(key, "a string", |value| {
            value.as_immutable_string_ref().ok().map(|s| s.to_string())
        })
    }

    /// A whole number that is not negative.
    pub(crate) fn whole(&mut self, key: &str) -> Result<Option<u32>, String> {
        self.take(key, "a whole number from 0", |value| {
            value.as_int().ok().and_then(|n| u32::try_from(n).ok())
        })
    }

    /// A map of strings.
    pub(crate) fn strings(
        &mut self,
        key: &str,
    ) -> Result<Option<BTreeMap<String, String>>, String> {
        let Some(map) =
            self.take(key, "a map of strings", |value| value.as_map_ref().ok().map(|m| m.clone()))?
        else {
            return Ok(None);
        };
        let mut strings = BTreeMap::new();
        for (name, value) in map {
            let Ok(text) = value.as_immutable_string_ref() else {
                return Err(format!("{key}.{name}: expected a string, got {}", show(&value)));
            };
            strings.insert(name.to_string(), text.to_string());
        }
        Ok(Some(strings))
    }

    /// A map.
    pub(crate) fn map(&mut self, key: &str) -> Result<Option<Map>, String> {
        self.take(key, "a map", |value| value.as_map_ref().ok().map(|map| map.clone()))
    }

    /// An array.
    pub(crate) fn array(&mut self, key: &str) -> Result<Option<Array>, String> {
        self.take(key, "an array", |value| value.as_array_ref().ok().map(|array| array.clone()))
    }

    /// Whatever it is.
    pub(crate) fn value(&mut self, key: &str) -> Option<Dynamic> {
        self.map.remove(key)
    }

    /// Whatever it is, without taking it.
    pub(crate) fn peek(&self, key: &str) -> Option<&Dynamic> {
        self.map.get(key)
    }

    fn take<T>(
        &mut self,
        key: &str,
        expected: &str,
        read: impl FnOnce(&Dynamic) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let Some(value) = self.map.remove(key) else {
            return Ok(None);
        };
        match read(&value) {
            Some(value) => Ok(Some(value)),
            None => Err(format!("{key}: expected {expected}, got {}", show(&value))),
        }
    }
}

/// A value in a message: itself if it is short, else what it is.
pub(crate) fn show(value: &Dynamic) -> String {
    if let Ok(text) = value.as_immutable_string_ref() {
        return if text.chars().count() <= 40 {
            format!("{:?}", text.as_str())
        } else {
            "a long string".to_owned()
        };
    }
    if value.is_int() || value.is_float() || value.is_bool() {
        return value.to_string();
    }
    kind_of(value)
}

/// What a value is, with its article.
pub(crate) fn kind_of(value: &Dynamic) -> String {
    with_article(kind_name(value.type_name()))
}

/// The word for a type, as Rhai names it, that messages use.
pub(crate) fn kind_name(type_name: &str) -> &str {
    match type_name {
        "i64" => "whole number",
        "f64" => "decimal number",
        "&str | ImmutableString | String" => "string",
        "bool" => "truth value",
        "char" => "character",
        "Fn" => "closure",
        "()" => "()",
        other if other.contains("Range") => "range",
        other if other.ends_with("::Function") => "function",
        other if other.ends_with("::InvocationResult") => "invocation",
        other if other.ends_with("::Service") => "service",
        other if other.ends_with("::Template") => "template",
        other => other,
    }
}

/// `a map`, `an array`.
pub(crate) fn with_article(word: &str) -> String {
    match word.chars().next() {
        Some('(') => word.to_owned(),
        Some('a' | 'e' | 'i' | 'o' | 'u') => format!("an {word}"),
        _ => format!("a {word}"),
    }
}
