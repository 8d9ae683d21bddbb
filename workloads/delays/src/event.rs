//! What the workload is told: flights at any stage, and whether to go one step or all the way.

use kelvin_workload::WorkloadError;
use serde::{Deserialize, Serialize};

use crate::flight::Flight;
use crate::route::Route;
use crate::tables;

/// One of the four, and whether to stop after the next step. What one step answers is the event of the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Whether to do the next step alone.
    #[serde(default)]
    pub step: bool,
    /// A table that is in the program: `flights-500` or `flights-2k`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// A table of flights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csv: Option<String>,
    /// What the first step makes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flights: Option<Vec<Flight>>,
    /// What the second step makes of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routes: Option<Vec<Route>>,
}

/// What there is to work on.
pub(crate) enum Stage<'a> {
    Csv(&'a str),
    Flights(&'a [Flight]),
    Routes(&'a [Route]),
}

impl Event {
    /// Whatever of the four is there.
    pub(crate) fn stage(&self) -> Result<Stage<'_>, WorkloadError> {
        match (&self.table, &self.csv, &self.flights, &self.routes) {
            (Some(name), None, None, None) => tables::find(name).map(Stage::Csv),
            (None, Some(csv), None, None) => Ok(Stage::Csv(csv)),
            (None, None, Some(flights), None) => Ok(Stage::Flights(flights)),
            (None, None, None, Some(routes)) => Ok(Stage::Routes(routes)),
            _ => Err(WorkloadError::invalid_event(
                "the event must have one of table, csv, flights and routes",
            )),
        }
    }
}
