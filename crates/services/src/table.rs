//! A table of DynamoDB, as plain data.

use std::str::FromStr;

use serde_json::{Map, Value, json};

use crate::SpecError;

/// What a key is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// Text.
    String,
    /// A number.
    Number,
    /// Bytes.
    Binary,
}

impl KeyType {
    fn letter(self) -> &'static str {
        match self {
            KeyType::String => "S",
            KeyType::Number => "N",
            KeyType::Binary => "B",
        }
    }
}

/// An attribute that is part of a table's key; as text `id`, or with its type `id:N`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAttribute {
    /// Of the attribute.
    pub name: String,
    /// Of its values.
    pub key_type: KeyType,
}

impl FromStr for KeyAttribute {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<KeyAttribute, SpecError> {
        let (name, letter) = text.split_once(':').unwrap_or((text, "S"));
        let types = [KeyType::String, KeyType::Number, KeyType::Binary];
        let key_type = types.into_iter().find(|key_type| key_type.letter() == letter);
        match key_type {
            Some(key_type) if !name.is_empty() => {
                Ok(KeyAttribute { name: name.to_owned(), key_type })
            }
            _ => Err(SpecError::Key { text: text.to_owned() }),
        }
    }
}

/// A table with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSpec {
    /// Three characters or more, as DynamoDB wants it.
    pub name: String,
    /// Decides where an item is.
    pub partition_key: KeyAttribute,
    /// Orders the items of one partition.
    pub sort_key: Option<KeyAttribute>,
}

impl TableSpec {
    /// The body of CreateTable. Capacity is on demand, so that nothing is throttled but by [`crate::Errors`].
    pub(crate) fn request(&self) -> Value {
        let keys = [(Some(&self.partition_key), "HASH"), (self.sort_key.as_ref(), "RANGE")];
        let keys = keys.iter().filter_map(|(key, role)| key.map(|key| (key, role)));
        let schema: Vec<Value> = keys
            .clone()
            .map(|(key, role)| json!({ "AttributeName": key.name, "KeyType": role }))
            .collect();
        let attributes: Vec<Value> = keys
            .map(|(key, _)| json!({ "AttributeName": key.name, "AttributeType": key.key_type.letter() }))
            .collect();
        json!({
            "TableName": self.name,
            "KeySchema": schema,
            "AttributeDefinitions": attributes,
            "BillingMode": "PAY_PER_REQUEST",
        })
    }
}

/// A plain value as DynamoDB writes it: `7` is `{"N":"7"}`.
pub(crate) fn attribute(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(value) => json!({ "BOOL": value }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(values) => json!({ "L": values.iter().map(attribute).collect::<Vec<_>>() }),
        Value::Object(fields) => json!({ "M": attributes(fields) }),
    }
}

/// A plain item as DynamoDB writes it.
pub(crate) fn attributes(item: &Map<String, Value>) -> Value {
    item.iter().map(|(name, value)| (name.clone(), attribute(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read() {
        let check = |text: &str, expected: Option<(&str, KeyType)>| {
            let read = text.parse::<KeyAttribute>().ok();
            let read = read.as_ref().map(|key| (key.name.as_str(), key.key_type));
            assert_eq!(read, expected, "{text}");
        };
        check("id", Some(("id", KeyType::String)));
        check("id:S", Some(("id", KeyType::String)));
        check("n:N", Some(("n", KeyType::Number)));
        check("b:B", Some(("b", KeyType::Binary)));
        check("id:X", None);
        check(":S", None);
        check("", None);
    }

    #[test]
    fn tables_and_items_are_written_as_dynamodb_writes_them() {
        let table = TableSpec {
            name: "items".to_owned(),
            partition_key: "id".parse().unwrap(),
            sort_key: Some("n:N".parse().unwrap()),
        };
        insta::assert_snapshot!(table.request(), @r#"{"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"}],"BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"TableName":"items"}"#);
        let item =
            json!({ "id": "a", "n": 1.5, "t": true, "z": null, "l": [1], "m": { "x": "y" } });
        insta::assert_snapshot!(attributes(item.as_object().unwrap()), @r#"{"id":{"S":"a"},"l":{"L":[{"N":"1"}]},"m":{"M":{"x":{"S":"y"}}},"n":{"N":"1.5"},"t":{"BOOL":true},"z":{"NULL":true}}"#);
    }
}
