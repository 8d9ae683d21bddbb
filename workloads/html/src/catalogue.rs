//! What is searched: the operations of an API.

use kelvin_workload::WorkloadError;
use serde::{Deserialize, Serialize};

/// The operations of one API, as its JSON document has them.
#[derive(Debug, Deserialize)]
pub(crate) struct Catalogue {
    pub(crate) service: String,
    pub(crate) operations: Vec<Operation>,
}

/// An operation, as a result shows it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Operation {
    pub(crate) name: String,
    /// The verb that its name begins with.
    pub(crate) kind: String,
    pub(crate) summary: String,
    pub(crate) deprecated: bool,
    /// Names of the parameters that must be given.
    pub(crate) required: Vec<String>,
    /// How many others there are.
    pub(crate) optional: usize,
    /// Name of what is returned, if anything is.
    pub(crate) returns: Option<String>,
}

impl Catalogue {
    pub(crate) fn parse(name: &str, json: &str) -> Result<Catalogue, WorkloadError> {
        serde_json::from_str(json).map_err(|error| {
            WorkloadError::preparation_failed(format!("could not read catalogue {name}"), error)
        })
    }

    /// The operations with `query` in name or summary, in the catalogue's order.
    pub(crate) fn find(&self, query: &str) -> Vec<&Operation> {
        let query = query.to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&query);
        let fits = |operation: &&Operation| has(&operation.name) || has(&operation.summary);
        self.operations.iter().filter(fits).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_looks_at_name_and_summary_in_any_case() {
        let catalogue = Catalogue::parse(
            "test",
            r#"{"service": "Test", "operations": [
                {"name": "CopyÄpfel", "kind": "Copy", "summary": "Copies.", "deprecated": false,
                 "required": [], "optional": 0, "returns": null},
                {"name": "Count", "kind": "Count", "summary": "Counts ÄPFEL.", "deprecated": false,
                 "required": [], "optional": 0, "returns": null}
            ]}"#,
        );
        let catalogue = catalogue.unwrap();
        let check = |query: &str, expected: &[&str]| {
            let found = catalogue.find(query);
            let names: Vec<_> = found.iter().map(|operation| operation.name.as_str()).collect();
            assert_eq!(names, expected, "{query}");
        };
        check("", &["CopyÄpfel", "Count"]);
        check("COPIES", &["CopyÄpfel"]);
        check("äpfel", &["CopyÄpfel", "Count"]);
        check("counts ä", &["Count"]);
        check("pears", &[]);
    }

    #[test]
    fn a_catalogue_that_cannot_be_read_is_named() {
        let error = Catalogue::parse("test", r#"{"service": "Test"}"#).unwrap_err();
        assert_eq!(
            (error.error_type(), error.error_message().as_str()),
            (
                "PreparationFailed",
                "could not read catalogue test: missing field `operations` at line 1 column 19"
            )
        );
    }
}
