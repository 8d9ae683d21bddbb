//! The last step: from routes to a report, airport by airport.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::flight::Code;
use crate::route::Route;

/// A flight is late from so many minutes on (14 CFR 234.2, "on-time").
const LATE_MINUTES: i32 = 15;

/// What a table of flights tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// How many flights took place.
    pub flights: u64,
    /// How many did not.
    pub dropped: u64,
    /// How many of those that did were late.
    pub late: u64,
    /// On how many routes.
    pub routes: u64,
    /// Airports by the number of their departures, then by the alphabet.
    pub airports: Vec<Airport>,
}

/// The departures of one airport.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Airport {
    /// Its code.
    pub origin: Code,
    /// How many flights departed.
    pub flights: u64,
    /// How many of them were late.
    pub late: u64,
    /// To how many airports they flew.
    pub destinations: u64,
    /// How far, all together.
    pub miles: u64,
    /// The sum of their delays; those that were early count against the others.
    pub delay_minutes: i64,
    /// The smallest delay that nine in ten flights did not exceed.
    pub p90_delay_minutes: i32,
}

/// What is known of an airport from its routes.
#[derive(Default)]
struct Departures {
    destinations: BTreeSet<Code>,
    miles: u64,
    delays: Vec<i32>,
}

/// Adds routes up. Airports from which no flight took place are not in the report.
pub(crate) fn report(routes: &[Route]) -> Report {
    let mut departures: BTreeMap<Code, Departures> = BTreeMap::new();
    let taken = routes.iter().filter(|route| !route.delays.is_empty());
    for route in taken.clone() {
        let airport = departures.entry(route.origin).or_default();
        airport.destinations.insert(route.destination);
        airport.miles += route.miles;
        airport.delays.extend(&route.delays);
    }
    let mut airports: Vec<Airport> = departures.into_iter().map(airport).collect();
    // Stable, so that the alphabet stays behind it.
    airports.sort_by_key(|airport| std::cmp::Reverse(airport.flights));
    Report {
        flights: airports.iter().map(|airport| airport.flights).sum(),
        dropped: routes.iter().map(|route| route.dropped).sum(),
        late: airports.iter().map(|airport| airport.late).sum(),
        routes: taken.count() as u64,
        airports,
    }
}

fn airport(
    (origin, Departures { destinations, miles, mut delays }): (Code, Departures),
) -> Airport {
    // The nearest rank: the value at 0.9 n, rounded up, in order of size.
    let rank = (delays.len() * 9).div_ceil(10).saturating_sub(1);
    let (_, p90, _) = delays.select_nth_unstable(rank);
    Airport {
        p90_delay_minutes: *p90,
        origin,
        flights: delays.len() as u64,
        late: delays.iter().filter(|&&delay| delay >= LATE_MINUTES).count() as u64,
        destinations: destinations.len() as u64,
        miles,
        delay_minutes: delays.iter().map(|&delay| i64::from(delay)).sum(),
    }
}
