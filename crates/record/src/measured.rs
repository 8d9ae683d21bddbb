//! A measured number that may be missing, for one of two reasons.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number of a record: absent where it does not apply, `null` where this platform cannot measure it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measured {
    /// It did not happen: the init of a warm start, the spans of a function that reports none. The field is left out.
    #[default]
    NotApplicable,
    /// It happened, and this platform cannot measure it; `run.json` has the reason.
    NotMeasurable,
    /// As measured.
    Value(u64),
}

impl Measured {
    /// A measurement as platforms report it: without a value it is not measurable if the platform has said so.
    pub fn new(value: Option<u64>, measurable: bool) -> Measured {
        match value {
            Some(value) => Measured::Value(value),
            None if measurable => Measured::NotApplicable,
            None => Measured::NotMeasurable,
        }
    }

    /// The number, if there is one.
    pub fn value(self) -> Option<u64> {
        match self {
            Measured::Value(value) => Some(value),
            Measured::NotApplicable | Measured::NotMeasurable => None,
        }
    }

    pub(crate) fn is_not_applicable(&self) -> bool {
        *self == Measured::NotApplicable
    }
}

impl Serialize for Measured {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Measured {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Measured, D::Error> {
        let value = Option::<u64>::deserialize(deserializer)?;
        Ok(value.map_or(Measured::NotMeasurable, Measured::Value))
    }
}

impl JsonSchema for Measured {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Measured".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "null"], "format": "uint64", "minimum": 0 })
    }
}
