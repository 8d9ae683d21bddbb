//! The event: a request as API Gateway sends it.

use aws_lambda_events::event::apigw::ApiGatewayV2httpRequest;
use serde::{Deserialize, Serialize, Serializer};

/// A request to an HTTP API, in payload format 2.0.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Event(pub ApiGatewayV2httpRequest);

/// Written as API Gateway writes it: the type of aws_lambda_events would add what only authorizers get, and empty maps.
impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut event = serde_json::to_value(&self.0).map_err(serde::ser::Error::custom)?;
        if let Some(fields) = event.as_object_mut() {
            fields.remove("httpMethod");
            fields.retain(|_, value| {
                !value.is_null() && value.as_object().is_none_or(|map| !map.is_empty())
            });
        }
        event.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn an_event_is_written_as_it_was_read() {
        let check = |text: &str| {
            let event: Event = serde_json::from_str(text).unwrap();
            let expected: Value = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_value(event).unwrap(), expected);
        };
        check(include_str!("../cases/list.event.json"));
        check(include_str!("../cases/search.event.json"));
        check(include_str!("../cases/review-base64.event.json"));
    }
}
