//! `template()`: events that differ in what their placeholders stand for.

mod placeholder;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use kelvin_lambda::MAX_REQUEST_BYTES;
use rhai::{Dynamic, NativeCallContext};
use serde_json::Value;

use crate::chance::{Chance, Purpose};
use crate::json;
use crate::language::Language;
use crate::moment::Moment;
use crate::session::{Fault, Session};
use placeholder::{Placeholder, Turn};

pub(crate) use placeholder::PLACEHOLDERS;

/// A script's handle, and an endless supply of events. Copies share one sequence.
#[derive(Clone, Debug)]
pub(crate) struct Template(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    segments: Vec<Segment>,
    sequence: Mutex<Sequence>,
}

#[derive(Debug)]
struct Sequence {
    chance: Chance,
    seq: u64,
}

/// A piece of the JSON text of an event, so that a load need not build a value for each.
#[derive(Debug)]
enum Segment {
    Json(String),
    /// A placeholder that is a whole string, which keeps its type.
    Alone(Placeholder),
    /// A placeholder inside of a string.
    Inside(Placeholder),
}

impl Template {
    /// `number` tells apart the templates of one run. A text that begins like an object or an array of JSON is one.
    pub(crate) fn new(seed: u64, number: u64, event: &Dynamic) -> Result<Template, String> {
        let mut value = json::from_script(event)?;
        if let Some(text) = value.as_str().filter(|text| is_document(text)) {
            value = serde_json::from_str(text).map_err(|error| {
                format!("expected JSON, in which placeholders are inside of strings, like {{\"n\": \"{{{{int 1 9}}}}\"}}: {error}")
            })?;
        }
        let mut segments = Segments::default();
        segments.add(&value)?;
        if segments.drawn_bytes() > MAX_REQUEST_BYTES {
            return Err(format!("an event would have more than {MAX_REQUEST_BYTES} bytes"));
        }
        let sequence = Sequence { chance: Chance::new(seed, Purpose::Template, number), seq: 0 };
        Ok(Template(Arc::new(Inner { segments: segments.0, sequence: Mutex::new(sequence) })))
    }

    /// The next event, as it is sent.
    pub(crate) fn next_payload(&self) -> Bytes {
        let mut sequence = self.0.sequence.lock().expect("nothing panics while it draws");
        let Sequence { chance, seq } = &mut *sequence;
        let time = Moment::in_second(*seq, chance);
        let mut turn = Turn { chance, seq: *seq, time };
        let mut json = String::new();
        for segment in &self.0.segments {
            match segment {
                Segment::Json(text) => json.push_str(text),
                Segment::Alone(placeholder) => {
                    json.push_str(&placeholder.draw(&mut turn).to_string())
                }
                Segment::Inside(placeholder) => match placeholder.draw(&mut turn) {
                    Value::String(text) => json.push_str(&escaped(&text)),
                    other => json.push_str(&other.to_string()),
                },
            }
        }
        *seq += 1;
        Bytes::from(json)
    }

    /// The next event as a value.
    pub(crate) fn next_value(&self) -> Value {
        serde_json::from_slice(&self.next_payload()).expect("templates give JSON")
    }
}

impl Session {
    /// `template()`.
    fn template(&self, event: &Dynamic) -> Result<Template, Fault> {
        let number = self.count(|state| &mut state.calls_of_template);
        Template::new(self.seed, number, event).map_err(|e| format!("template: {e}").into())
    }
}

/// Makes `template()` and the methods of its handle known.
pub(crate) fn add(language: &mut Language<'_>) {
    language.engine.register_type_with_name::<Template>("template");
    language.engine.register_fn("to_string", |_: Template| "template".to_owned());
    language.add(
        "template(#{ id: \"{{uuid}}\", … })",
        "Events that differ in what the placeholders stand for. A placeholder that is a whole string keeps its type. A text is one as well; it is JSON if it begins with { or [.",
        |s| move |ctx: NativeCallContext<'_>, event: Dynamic| s.answer(&ctx, s.template(&event)),
    ).returns("the template").example("let t = template(#{ id: \"{{uuid}}\", amount: \"{{int 1 100}}\", at: \"{{time}}\" });\nfor i in 0..3 {\n    f.invoke(t.next());\n}");
    language.add("t.next()", "The next event of a template.", |_| {
        |template: Template| json::to_script(template.next_value())
    }).returns("a map, or whatever the template was made of").example("let t = template(event(\"http-api\", #{ path: \"/orders\", body: #{ id: \"{{seq}}\" } }));\nf.invoke(t.next());");
}

/// Whether a text begins like an object or an array of JSON, and not with a placeholder.
fn is_document(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('[') || (text.starts_with('{') && !text.starts_with("{{"))
}

/// What stands between the quotes of a string of JSON.
fn escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The pieces of a template, in order; two of fixed text never follow each other.
#[derive(Default)]
struct Segments(Vec<Segment>);

impl Segments {
    fn add(&mut self, value: &Value) -> Result<(), String> {
        match value {
            Value::String(text) => self.add_text(text)?,
            Value::Array(values) => {
                self.json("[");
                for (i, value) in values.iter().enumerate() {
                    self.json(if i == 0 { "" } else { "," });
                    self.add(value)?;
                }
                self.json("]");
            }
            Value::Object(fields) => {
                self.json("{");
                for (i, (key, value)) in fields.iter().enumerate() {
                    if key.contains("{{") {
                        return Err(format!("a placeholder cannot be in a key: {key:?}"));
                    }
                    self.json(if i == 0 { "\"" } else { ",\"" });
                    self.json(&escaped(key));
                    self.json("\":");
                    self.add(value)?;
                }
                self.json("}");
            }
            fixed => self.json(&fixed.to_string()),
        }
        Ok(())
    }

    fn add_text(&mut self, text: &str) -> Result<(), String> {
        let first = text.strip_prefix("{{").and_then(|text| text.split_once("}}"));
        if let Some((inside, "")) = first {
            self.0.push(Segment::Alone(Placeholder::parse(inside)?));
            return Ok(());
        }
        self.json("\"");
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((inside, after)) = after.split_once("}}") else {
                return Err(format!("a placeholder does not end with }}}}: {text:?}"));
            };
            self.json(&escaped(before));
            self.0.push(Segment::Inside(Placeholder::parse(inside)?));
            rest = after;
        }
        self.json(&escaped(rest));
        self.json("\"");
        Ok(())
    }

    fn json(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Segment::Json(before)) => before.push_str(text),
            _ => self.0.push(Segment::Json(text.to_owned())),
        }
    }

    /// How long the random strings are together.
    fn drawn_bytes(&self) -> usize {
        let lengths = self.0.iter().map(|segment| match segment {
            Segment::Alone(Placeholder::String(length))
            | Segment::Inside(Placeholder::String(length)) => *length,
            _ => 0,
        });
        lengths.fold(0, usize::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn template(seed: u64, number: u64, event: &Value) -> Result<Template, String> {
        Template::new(seed, number, &json::to_script(event.clone()))
    }

    fn payloads(template: &Template) -> Vec<String> {
        let payload =
            |_| String::from_utf8(template.next_payload().to_vec()).expect("JSON is UTF-8");
        (0..3).map(payload).collect()
    }

    #[test]
    fn a_placeholder_alone_keeps_its_type() {
        let check = |event: Value, expected: [&str; 3]| {
            assert_eq!(payloads(&template(1, 0, &event).unwrap()), expected);
        };
        check(json!({"n": "{{seq}}"}), [r#"{"n":0}"#, r#"{"n":1}"#, r#"{"n":2}"#]);
        check(
            json!({"n": "no {{seq}}{{int 7 7}}!"}),
            [r#"{"n":"no 07!"}"#, r#"{"n":"no 17!"}"#, r#"{"n":"no 27!"}"#],
        );
        check(json!(r#"[{"a": "{{choice x}}"}, 1]"#), [r#"[{"a":"x"},1]"#; 3]);
        check(json!("{{choice x}} y"), [r#""x y""#; 3]);
        check(json!("{{choice x}}}"), [r#""x}""#; 3]);
        check(json!({"a": [1, null, {"b": "c}}"}]}), [r#"{"a":[1,null,{"b":"c}}"}]}"#; 3]);
    }

    #[test]
    fn mistakes_are_told() {
        let check = |event: Value, expected: &str| {
            let error = template(1, 0, &event).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        };
        check(json!({"{{uuid}}": 1}), "a placeholder cannot be in a key: \"{{uuid}}\"");
        check(json!("{{uuid"), "a placeholder does not end with }}: \"{{uuid\"");
        check(
            json!("{\"n\": {{int 1 9}}}"),
            "expected JSON, in which placeholders are inside of strings",
        );
        check(json!(["{{}}"]), "unknown placeholder \"\"");
    }

    /// A template with every placeholder, and whatever else there may be in strings.
    fn any_event() -> impl Strategy<Value = Value> {
        let usages: Vec<&str> = PLACEHOLDERS.iter().map(|(_, usage, _)| *usage).collect();
        let piece = prop_oneof![
            proptest::sample::select(usages).prop_map(str::to_owned),
            any::<String>().prop_map(|text| text.replace("{{", "").replace('{', "")),
        ];
        let text = proptest::collection::vec(piece, 0..5).prop_map(|pieces| json!(pieces.concat()));
        text.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-z\"\\\\]{0,4}", inner, 0..4)
                    .prop_map(|fields| json!(fields)),
            ]
        })
    }

    proptest! {
        #[test]
        fn events_are_valid_json_and_follow_from_the_seed(seed: u64, event in any_event()) {
            prop_assume!(!event.as_str().is_some_and(is_document));
            let first = payloads(&template(seed, 0, &event).unwrap());
            for payload in &first {
                prop_assert!(serde_json::from_str::<Value>(payload).is_ok(), "{}", payload);
            }
            prop_assert_eq!(&first, &payloads(&template(seed, 0, &event).unwrap()));
        }

        #[test]
        fn another_seed_gives_other_events(seed: u64, other: u64) {
            prop_assume!(seed != other);
            let event = json!(["{{uuid}}"]);
            let first = payloads(&template(seed, 0, &event).unwrap());
            prop_assert_ne!(&first, &payloads(&template(other, 0, &event).unwrap()));
            prop_assert_ne!(&first, &payloads(&template(seed, 1, &event).unwrap()));
        }
    }
}
