//! `event()`: events as the services of AWS send them, with ids and times from the seed.
//!
//! They are written as AWS documents them and not with the types of aws_lambda_events, which add fields that AWS does not
//! send and rename others when they are written; the tests read every event with those types.

mod eventbridge;
mod http;
mod input;
mod queue;
mod storage;
mod streams;

use rhai::{Dynamic, FnPtr, Map, NativeCallContext};
use serde_json::Value;

use crate::chance::{Chance, Purpose};
use crate::fields::Fields;
use crate::language::Language;
use crate::moment::Moment;
use crate::session::{Raised, Session};
use crate::{json, suggest};
use input::Input;

/// Lambda's largest batch (`BatchSize` in "CreateEventSourceMapping", AWS Lambda API Reference).
const MAX_RECORDS: u32 = 10_000;

/// A kind of event.
#[derive(Debug)]
pub(crate) struct Kind {
    /// As scripts name it.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) doc: &'static str,
    /// Where AWS documents it.
    pub(crate) page: &'static str,
    /// What a script can say of it.
    pub(crate) keys: &'static [Key],
    build: fn(&mut Input) -> Result<Value, String>,
}

/// What a script can say of an event.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    /// Whether it may be a closure, which is called for each record.
    pub(crate) of_record: bool,
}

/// A key of the whole event.
const fn key(name: &'static str, doc: &'static str) -> Key {
    Key { name, doc, of_record: false }
}

/// A key that each record can have another value of.
const fn of_record(name: &'static str, doc: &'static str) -> Key {
    Key { name, doc, of_record: true }
}

/// Closures of a script, and the keys that they give the values of.
type Closures = Vec<(&'static str, FnPtr)>;

/// Every kind, by the alphabet.
pub(crate) const KINDS: [&Kind; 9] = [
    &streams::DYNAMODB,
    &eventbridge::EVENTBRIDGE,
    &http::HTTP_API,
    &streams::KINESIS,
    &http::REST_API,
    &storage::S3_PUT,
    &eventbridge::SCHEDULE,
    &queue::SNS,
    &queue::SQS,
];

impl Session {
    /// `event()`.
    fn event(&self, ctx: &NativeCallContext<'_>, kind: &str, map: Map) -> Raised<Dynamic> {
        let mistake = |message: String| self.raise(ctx, format!("event {kind}: {message}").into());
        let Some(kind) = KINDS.into_iter().find(|known| known.name == kind) else {
            let known = KINDS.map(|known| known.name);
            return Err(self.raise(ctx, suggest::unknown("kind of event", kind, known).into()));
        };
        let (mut map, closures) = kind.split(map);
        let n = kind.records(&mut map).map_err(mistake)?;
        let mut each = Vec::new();
        for (key, closure) in closures {
            let mut values = Vec::new();
            for i in 0..n {
                self.go_on().map_err(|fault| self.raise(ctx, fault))?;
                values.push(closure.call_within_context::<Dynamic>(ctx, (i64::from(i),))?);
            }
            each.push((key, values));
        }
        let keys: Vec<&str> = kind.keys.iter().map(|key| key.name).collect();
        let fields = Fields::new("key", map, &keys).map_err(mistake)?;
        let number = self.count(|state| &mut state.calls_of_event);
        let mut chance = Chance::new(self.seed, Purpose::Event, number);
        let time = Moment::in_second(number, &mut chance);
        let mut input = Input::new(fields, each, n, chance, time);
        let event = (kind.build)(&mut input).map_err(mistake)?;
        Ok(json::to_script(event))
    }
}

impl Kind {
    /// Takes the closures out; they are called for each record.
    fn split(&self, map: Map) -> (Map, Closures) {
        let mut plain = Map::new();
        let mut closures = Closures::new();
        for (name, value) in map {
            let key = self.keys.iter().find(|key| key.of_record && key.name == name);
            match key.map(|key| (key, value.clone().try_cast::<FnPtr>())) {
                Some((key, Some(closure))) => closures.push((key.name, closure)),
                _ => drop(plain.insert(name, value)),
            }
        }
        (plain, closures)
    }

    /// Takes the number of records; one for an event without `n`.
    fn records(&self, map: &mut Map) -> Result<u32, String> {
        if !self.keys.iter().any(|key| key.name == "n") {
            return Ok(1);
        }
        let n = map.remove("n").map(|n| Map::from([("n".into(), n)])).unwrap_or_default();
        match Fields::new("key", n, &["n"])?.whole("n")? {
            None => Ok(1),
            Some(n) if (1..=MAX_RECORDS).contains(&n) => Ok(n),
            Some(n) => Err(format!("n: expected 1 to {MAX_RECORDS} records, got {n}")),
        }
    }
}

/// Makes `event()` known.
pub(crate) fn add(language: &mut Language<'_>) {
    language.group("Events");
    language.add(
        "event(\"sqs\", #{ n: 10, body: … })",
        "An event as a service of AWS sends it. Ids and times follow from the seed. The map can be changed before it is sent.",
        |s| move |ctx: NativeCallContext<'_>, kind: &str, map: Map| s.event(&ctx, kind, map),
    ).returns("a map").example("let orders = event(\"sqs\", #{ n: 3, body: |i| #{ order: i, amount: random_int(1, 100) } });\nf.invoke(orders);");
    language
        .add("event(\"schedule\")", "The same with nothing set.", |s| {
            move |ctx: NativeCallContext<'_>, kind: &str| s.event(&ctx, kind, Map::new())
        })
        .returns("a map")
        .example("f.invoke(event(\"schedule\"));");
}
