//! JSON values as values of a script, and back.

use rhai::{Array, Dynamic, Map};
use serde_json::{Number, Value};

use crate::fields::kind_of;

/// `null` becomes `()`; a whole number that does not fit into 64 bits with sign becomes a decimal one.
pub(crate) fn to_script(value: Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(value) => value.into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64().unwrap_or(f64::NAN).into(),
        },
        Value::String(text) => text.into(),
        Value::Array(values) => values.into_iter().map(to_script).collect::<Array>().into(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| (key.into(), to_script(value)))
            .collect::<Map>()
            .into(),
    }
}

/// Fails on what JSON has no form for, and says what that is.
pub(crate) fn from_script(value: &Dynamic) -> Result<Value, String> {
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(value) = value.as_bool() {
        return Ok(Value::Bool(value));
    }
    if let Ok(whole) = value.as_int() {
        return Ok(whole.into());
    }
    if let Ok(number) = value.as_float() {
        let number = Number::from_f64(number);
        return number.map(Value::Number).ok_or_else(|| format!("JSON has no {value}"));
    }
    if let Ok(character) = value.as_char() {
        return Ok(character.to_string().into());
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(text.as_str().into());
    }
    if let Ok(values) = value.as_array_ref() {
        return values.iter().map(from_script).collect::<Result<_, _>>().map(Value::Array);
    }
    if let Ok(fields) = value.as_map_ref() {
        let fields = fields.iter().map(|(key, value)| Ok((key.to_string(), from_script(value)?)));
        return fields.collect::<Result<_, _>>().map(Value::Object);
    }
    Err(format!("{} cannot be sent as JSON", kind_of(value)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_survive_the_way_into_a_script_and_back() {
        let value = json!({ "a": [1, -2.5, "x", true, null, {}], "b": { "c": i64::MAX } });
        assert_eq!(from_script(&to_script(value.clone())), Ok(value));
    }

    #[test]
    fn what_json_does_not_have_is_refused() {
        assert_eq!(from_script(&Dynamic::from(f64::NAN)), Err("JSON has no NaN".to_owned()));
        let range = Dynamic::from(0_i64..3);
        assert_eq!(from_script(&range), Err("a range cannot be sent as JSON".to_owned()));
    }
}
