//! What a script says of an event, and where the rest of it comes from.

use kelvin_lambda::MAX_REQUEST_BYTES;
use rhai::{Dynamic, Map};
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::fields::{Fields, show};
use crate::json;
use crate::moment::Moment;

/// AWS's own example account.
pub(super) const ACCOUNT: &str = "123456789012";
pub(super) const REGION: &str = "us-east-1";

/// What an event is made of.
pub(super) struct Input {
    fields: Fields,
    /// What closures gave for each record.
    each: Vec<(&'static str, Vec<Dynamic>)>,
    n: u32,
    pub(super) chance: Chance,
    pub(super) time: Moment,
    bytes: usize,
}

impl Input {
    pub(super) fn new(
        fields: Fields,
        each: Vec<(&'static str, Vec<Dynamic>)>,
        n: u32,
        chance: Chance,
        time: Moment,
    ) -> Input {
        Input { fields, each, n, chance, time, bytes: 0 }
    }

    /// Text, or else the default.
    pub(super) fn string(&mut self, key: &str, default: &str) -> Result<String, String> {
        Ok(self.fields.string(key)?.unwrap_or_else(|| default.to_owned()))
    }

    /// Text, if there is any.
    pub(super) fn text(&mut self, key: &str) -> Result<Option<String>, String> {
        self.fields.string(key)
    }

    /// A whole number that is not negative, or else the default.
    pub(super) fn whole(&mut self, key: &str, default: u32) -> Result<u32, String> {
        Ok(self.fields.whole(key)?.unwrap_or(default))
    }

    /// A map; empty if it is not there.
    pub(super) fn map(&mut self, key: &str) -> Result<Map, String> {
        Ok(self.fields.map(key)?.unwrap_or_default())
    }

    /// Whatever it is.
    pub(super) fn value(&mut self, key: &str) -> Option<Dynamic> {
        self.fields.value(key)
    }

    /// As many records as there are to be, the way that services send them.
    pub(super) fn records(
        &mut self,
        mut record: impl FnMut(&mut Input, u32) -> Result<Value, String>,
    ) -> Result<Value, String> {
        let records = (0..self.n).map(|i| record(self, i)).collect::<Result<Vec<Value>, String>>();
        Ok(json!({ "Records": records? }))
    }

    /// What record `i` has: the closure's value, or the one that all have.
    pub(super) fn of_record(&self, key: &str, i: u32) -> Option<Dynamic> {
        match self.each.iter().find(|(name, _)| *name == key) {
            Some((_, values)) => values.get(usize::try_from(i).ok()?).cloned(),
            None => self.fields.peek(key).cloned(),
        }
    }

    /// Text as it is, anything else as JSON. Fails once the event is larger than Lambda accepts.
    pub(super) fn payload(&mut self, key: &str, value: &Dynamic) -> Result<String, String> {
        let text = match value.as_immutable_string_ref() {
            Ok(text) => text.to_string(),
            Err(_) => json::from_script(value).map_err(|e| format!("{key}: {e}"))?.to_string(),
        };
        self.bytes = self.bytes.saturating_add(text.len());
        if self.bytes > MAX_REQUEST_BYTES {
            return Err(format!("{key}: the event has more than {MAX_REQUEST_BYTES} bytes"));
        }
        Ok(text)
    }
}

/// Text, or a number or truth value as text.
pub(super) fn plain(key: &str, value: &Dynamic) -> Result<String, String> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(text.to_string());
    }
    if value.is_int() || value.is_float() || value.is_bool() {
        return Ok(value.to_string());
    }
    Err(format!("{key}: expected a string or a number, got {}", show(value)))
}
