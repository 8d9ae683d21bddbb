//! What a load sends: an endless supply of payloads.

use bytes::Bytes;
use rhai::Dynamic;

use crate::json;
use crate::template::Template;

/// Payloads, one after another, without end: those of a list begin again after the last.
#[derive(Clone, Debug)]
pub(crate) enum Events {
    /// Never empty.
    List { payloads: Vec<Bytes>, next: usize },
    /// Shares its sequence with the script's handle.
    Template(Template),
}

impl Events {
    /// An array of events, which take turns, a template, or one event.
    pub(crate) fn from_dynamic(events: &Dynamic) -> Result<Events, String> {
        if let Some(template) = events.clone().try_cast::<Template>() {
            return Ok(Events::Template(template));
        }
        let payloads: Vec<Bytes> = match events.as_array_ref() {
            Ok(events) => events.iter().map(payload).collect::<Result<_, _>>()?,
            Err(_) => vec![payload(events)?],
        };
        if payloads.is_empty() {
            return Err("expected events, got an empty array".to_owned());
        }
        Ok(Events::List { payloads, next: 0 })
    }
}

impl Events {
    /// After how many the payloads are the same again; `None` if they are not.
    pub(crate) fn distinct(&self) -> Option<usize> {
        match self {
            Events::List { payloads, .. } => Some(payloads.len()),
            Events::Template(_) => None,
        }
    }
}

fn payload(event: &Dynamic) -> Result<Bytes, String> {
    Ok(Bytes::from(json::from_script(event)?.to_string()))
}

impl Iterator for Events {
    type Item = Bytes;

    /// Always a payload.
    fn next(&mut self) -> Option<Bytes> {
        match self {
            Events::Template(template) => Some(template.next_payload()),
            Events::List { payloads, next } => {
                let payload = payloads.get(*next)?.clone();
                *next = (*next + 1) % payloads.len();
                Some(payload)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(events: &str, expected: Result<&[&str], &str>) {
        let events = rhai::Engine::new().eval::<Dynamic>(events).unwrap();
        let payloads = Events::from_dynamic(&events).map(|events| {
            let payloads = events.take(3);
            payloads.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect::<Vec<_>>()
        });
        let expected = expected.map(|all| all.iter().map(|&text| text.to_owned()).collect());
        assert_eq!(payloads, expected.map_err(str::to_owned));
    }

    #[test]
    fn events_take_turns() {
        check("[#{ a: 1 }, \"x\"]", Ok(&["{\"a\":1}", "\"x\"", "{\"a\":1}"]));
        check("#{ a: [1] }", Ok(&["{\"a\":[1]}"; 3]));
        check("()", Ok(&["null"; 3]));
        check("[]", Err("expected events, got an empty array"));
        let template = Template::new(1, 0, &"no {{seq}}".into()).unwrap();
        let payloads = Events::from_dynamic(&Dynamic::from(template.clone())).unwrap().take(2);
        assert_eq!(payloads.collect::<Vec<_>>(), ["\"no 0\"", "\"no 1\""]);
        assert_eq!(template.next_value(), "no 2");
        check("[#{ a: || 1 }]", Err("a closure cannot be sent as JSON"));
    }
}
