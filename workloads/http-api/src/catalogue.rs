//! The catalogue, and how it is searched.

use kelvin_workload::WorkloadError;
use serde::{Deserialize, Serialize};

/// One API of Amazon.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    /// Lower-case letters, digits and hyphens.
    pub(crate) id: String,
    name: String,
    api_version: String,
    protocol: String,
    operations: u32,
    summary: String,
}

/// All services, by id.
#[derive(Debug)]
pub(crate) struct Catalogue {
    services: Vec<Service>,
}

/// What is searched for.
#[derive(Debug, Default)]
pub(crate) struct Query {
    /// The protocol that a service has, if one is wanted.
    pub(crate) protocol: Option<String>,
    /// What a service has in its name or its summary, in upper or lower case, if something is wanted.
    pub(crate) text: Option<String>,
}

impl Catalogue {
    pub(crate) fn parse() -> Result<Catalogue, WorkloadError> {
        let text = include_str!("../cases/services.json");
        let services = serde_json::from_str(text).map_err(|error| {
            WorkloadError::preparation_failed("could not read the catalogue", error)
        })?;
        Ok(Catalogue { services })
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Service> {
        let index = self.services.binary_search_by(|service| service.id.as_str().cmp(id)).ok()?;
        self.services.get(index)
    }

    pub(crate) fn search(&self, query: &Query) -> Vec<&Service> {
        let text = query.text.as_deref().unwrap_or_default().to_lowercase();
        let protocol = query.protocol.as_deref();
        let wanted = |service: &&Service| {
            protocol.is_none_or(|protocol| service.protocol == protocol)
                && (text.is_empty()
                    || service.name.to_lowercase().contains(&text)
                    || service.summary.to_lowercase().contains(&text))
        };
        self.services.iter().filter(wanted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_is_found_by_its_id() {
        let catalogue = Catalogue::parse().unwrap();
        assert!(catalogue.services.len() > 400);
        for service in &catalogue.services {
            assert_eq!(catalogue.find(&service.id), Some(service));
        }
        assert_eq!(catalogue.find("lambda/"), None);
    }

    #[test]
    fn a_search_that_wants_nothing_finds_everything() {
        let catalogue = Catalogue::parse().unwrap();
        let found = |protocol: &str, text: &str| {
            let some = |value: &str| (!value.is_empty()).then(|| value.to_owned());
            catalogue.search(&Query { protocol: some(protocol), text: some(text) }).len()
        };
        assert_eq!(found("", ""), catalogue.services.len());
        assert_eq!(found("", "DYNAMODB"), found("", "dynamodb"));
        assert!(found("rest-xml", "") > 0 && found("rest-xml", "lambda") == 0);
    }
}
