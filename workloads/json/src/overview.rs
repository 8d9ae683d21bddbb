//! The questions that are asked of a document. `cases/answer.jq` asks the same ones.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What an API consists of. Lists are cut to the length that was asked for; ties are ordered by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// The service's full name.
    pub service: String,
    /// How many operations use which HTTP method.
    pub operations_by_method: BTreeMap<String, usize>,
    /// How many shapes are of which type.
    pub shapes_by_type: BTreeMap<String, usize>,
    /// The errors that most operations can raise.
    pub errors: Vec<RaisedError>,
    /// The structures with most members.
    pub largest_structures: Vec<Structure>,
    /// The shapes that are referred to most often, anywhere in the document.
    pub most_referenced: Vec<Referenced>,
    /// How much is written about it all.
    pub documentation: Documentation,
}

/// An error, and who can raise it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaisedError {
    /// The shape of the error.
    pub error: String,
    /// How many operations can raise it.
    pub count: usize,
    /// Their names, sorted.
    pub operations: Vec<String>,
}

/// A structure and its size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Structure {
    /// Name of the shape.
    pub shape: String,
    /// How many members it has.
    pub members: usize,
}

/// A shape and its use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referenced {
    /// Name of the shape.
    pub shape: String,
    /// How often it is referred to.
    pub references: usize,
}

/// The prose of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documentation {
    /// How many texts there are.
    pub texts: usize,
    /// Their length in bytes of UTF-8.
    pub bytes: usize,
}

/// Answers all questions; lists have at most `top` entries.
pub(crate) fn of(model: &Value, top: usize) -> Overview {
    let mut references = BTreeMap::new();
    let mut documentation = Documentation::default();
    walk(model, &mut |object| {
        if let Some(shape) = text(object, "shape") {
            *references.entry(shape).or_insert(0) += 1;
        }
        if let Some(prose) = text(object, "documentation") {
            documentation.texts += 1;
            documentation.bytes += prose.len();
        }
    });
    let operations = || entries(&model["operations"]);
    let shapes = || entries(&model["shapes"]);
    Overview {
        service: model["metadata"]["serviceFullName"].as_str().unwrap_or_default().to_owned(),
        operations_by_method: count(
            operations().map(|(_, operation)| &operation["http"]["method"]),
        ),
        shapes_by_type: count(shapes().map(|(_, shape)| &shape["type"])),
        errors: errors(operations(), top),
        largest_structures: largest_structures(shapes(), top),
        most_referenced: largest(references, top, |&n| n)
            .map(|(shape, references)| Referenced { shape: shape.to_owned(), references })
            .collect(),
        documentation,
    }
}

fn errors<'a>(
    operations: impl Iterator<Item = (&'a str, &'a Value)>,
    top: usize,
) -> Vec<RaisedError> {
    let mut raised_by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, operation) in operations {
        let errors = operation["errors"].as_array().into_iter().flatten();
        for error in errors.filter_map(|error| error["shape"].as_str()) {
            raised_by.entry(error).or_default().push(name);
        }
    }
    largest(raised_by, top, Vec::len)
        .map(|(error, mut operations)| {
            operations.sort_unstable();
            RaisedError {
                error: error.to_owned(),
                count: operations.len(),
                operations: operations.into_iter().map(str::to_owned).collect(),
            }
        })
        .collect()
}

fn largest_structures<'a>(
    shapes: impl Iterator<Item = (&'a str, &'a Value)>,
    top: usize,
) -> Vec<Structure> {
    let structures = shapes.filter(|(_, shape)| shape["type"] == "structure");
    let sizes = structures.map(|(name, shape)| (name, entries(&shape["members"]).count()));
    largest(sizes.collect(), top, |&members| members)
        .map(|(shape, members)| Structure { shape: shape.to_owned(), members })
        .collect()
}

/// The `top` entries of the largest size; the map's order decides between equals.
fn largest<T>(
    map: BTreeMap<&str, T>,
    top: usize,
    size: impl Fn(&T) -> usize,
) -> impl Iterator<Item = (&str, T)> {
    let mut entries: Vec<_> = map.into_iter().collect();
    entries.sort_by_key(|(_, value)| Reverse(size(value)));
    entries.into_iter().take(top)
}

fn count<'a>(values: impl Iterator<Item = &'a Value>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for text in values.filter_map(Value::as_str) {
        match counts.get_mut(text) {
            Some(count) => *count += 1,
            None => drop(counts.insert(text.to_owned(), 1)),
        }
    }
    counts
}

/// Calls `visit` with every object of the document. A document is at most 128 levels deep: serde_json reads no more.
fn walk<'a>(value: &'a Value, visit: &mut impl FnMut(&'a Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            visit(object);
            object.values().for_each(|value| walk(value, visit));
        }
        Value::Array(items) => items.iter().for_each(|value| walk(value, visit)),
        _ => {}
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key)?.as_str()
}
