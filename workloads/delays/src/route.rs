//! The second step: from flights to routes, without what did not take place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::flight::{Code, Flight};

/// Flights from one airport to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// From where.
    pub origin: Code,
    /// To where.
    pub destination: Code,
    /// How many of them did not take place.
    pub dropped: u64,
    /// How far the others flew, all together.
    pub miles: u64,
    /// Their delays in minutes, from the smallest on.
    pub delays: Vec<i32>,
}

/// Puts flights together by their routes, which are in the order of their airports.
pub(crate) fn routes(flights: &[Flight]) -> Vec<Route> {
    let mut routes = BTreeMap::new();
    for Flight { delay, distance, origin, destination, .. } in flights {
        let route = routes.entry((*origin, *destination)).or_insert_with(|| Route {
            origin: *origin,
            destination: *destination,
            dropped: 0,
            miles: 0,
            delays: Vec::new(),
        });
        match delay {
            Some(delay) => {
                route.delays.push(*delay);
                route.miles += u64::from(*distance);
            }
            None => route.dropped += 1,
        }
    }
    let mut routes: Vec<Route> = routes.into_values().collect();
    for route in &mut routes {
        route.delays.sort_unstable();
    }
    routes
}
