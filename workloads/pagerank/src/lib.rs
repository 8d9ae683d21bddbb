//! The workload `pagerank`: ranks the nodes of a graph by who links to them.
//!
//! The graphs are packages of Debian and what they depend on (`cases/README.md` has source and licence).
//! They are inside the program; reading them is work that can be done in INIT. An event can bring its own graph, too.

mod check;
mod graph;
mod rank;

use kelvin_workload::{Answer, Case, Compute, Prepared, WorkloadError};
use serde::{Deserialize, Serialize};

use crate::check::check;
use crate::graph::Graph;

/// The longest list that can be asked for.
pub const LARGEST_TOP: usize = 100;

const GRAPHS: [(&str, &str); 3] = [
    ("desktop", include_str!("../cases/desktop.graph")),
    ("python", include_str!("../cases/python.graph")),
    ("web-server", include_str!("../cases/web-server.graph")),
];

/// Ranks the nodes of graphs.
#[derive(Debug)]
pub struct PageRank {
    graphs: Prepared<Vec<Named>>,
}

/// A graph whose nodes have names.
#[derive(Debug)]
struct Named {
    graph: Graph,
    names: Vec<&'static str>,
}

/// Which graph, and how to rank it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// What is ranked.
    pub graph: Source,
    /// How likely a reader follows a link rather than going on to any node: 0 to less than 1, usually 0.85.
    #[serde(default = "usual_damping")]
    pub damping: f64,
    /// How exact the ranks must be: an iteration that changes them by less, all changes added up, is the last. More
    /// than 0, usually 1e-10.
    #[serde(default = "usual_tolerance")]
    pub tolerance: f64,
    /// How many nodes to tell: 1 to [`LARGEST_TOP`].
    pub top: usize,
}

fn usual_damping() -> f64 {
    0.85
}

fn usual_tolerance() -> f64 {
    1e-10
}

/// Where a graph is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// In the program, by this name: `desktop`, `python` or `web-server`.
    Named(String),
    /// Here.
    Given {
        /// How many nodes there are, at most 1,000,000; they are numbered from 0.
        nodes: usize,
        /// Links, each from one node to another.
        links: Vec<(usize, usize)>,
    },
}

/// What is known of a graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// How many nodes there are.
    pub nodes: usize,
    /// How many links there are; several between the same nodes are one.
    pub links: usize,
    /// How many nodes no link leaves.
    pub dangling: usize,
    /// The sum of the squares of all ranks: 1 divided by the number of nodes if they are all alike, 1 if one has it all.
    pub concentration: f64,
    /// The nodes with the highest ranks, the first first.
    pub top: Vec<Ranked>,
}

/// A node and its rank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranked {
    /// The node's number.
    pub node: usize,
    /// Its name, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its rank; the ranks of all nodes add up to 1.
    pub rank: f64,
}

impl Compute for PageRank {
    const NAME: &'static str = "pagerank";
    type Event = Event;
    type Response = Response;

    fn init() -> PageRank {
        PageRank { graphs: Prepared::new(read_graphs) }
    }

    fn prepare(&self) -> Result<(), WorkloadError> {
        self.graphs.get().map(drop)
    }

    fn compute(&self, event: &Event) -> Result<Response, WorkloadError> {
        check_range(event)?;
        match &event.graph {
            Source::Named(name) => {
                let Named { graph, names } = &self.graphs.get()?[find(name)?];
                respond(graph, names, event)
            }
            Source::Given { nodes, links } => {
                let graph = Graph::new(*nodes, links)
                    .map_err(|error| WorkloadError::invalid_event(error.to_string()))?;
                respond(&graph, &[], event)
            }
        }
    }

    fn cases() -> Vec<Case<Event>> {
        let case = |graph: &'static str, top, answer| {
            let event = Event {
                graph: Source::Named(graph.to_owned()),
                damping: usual_damping(),
                tolerance: usual_tolerance(),
                top,
            };
            Case::new(graph, event, Answer::Check(answer))
        };
        vec![
            case("python", 20, |response| {
                check(response, include_str!("../cases/python.answer.json"), 20)
            }),
            case("desktop", 10, |response| {
                check(response, include_str!("../cases/desktop.answer.json"), 10)
            }),
            case("web-server", 5, |response| {
                check(response, include_str!("../cases/web-server.answer.json"), 5)
            }),
        ]
    }
}

/// All graphs, in the order of [`GRAPHS`].
fn read_graphs() -> Result<Vec<Named>, WorkloadError> {
    let read = |(name, text)| match graph::read(text) {
        Ok((names, graph)) => Ok(Named { graph, names }),
        Err(cause) => {
            let message = format!("could not read the graph {name}");
            Err(WorkloadError::preparation_failed(message, cause))
        }
    };
    GRAPHS.into_iter().map(read).collect()
}

/// Which of [`GRAPHS`] has this name; the error lists the names that there are.
fn find(name: &str) -> Result<usize, WorkloadError> {
    GRAPHS.iter().position(|&(known, _)| known == name).ok_or_else(|| {
        let known = GRAPHS.map(|(name, _)| name).join(", ");
        WorkloadError::invalid_event(format!(
            "there is no graph \"{name}\"; the graphs are {known}"
        ))
    })
}

fn check_range(event: &Event) -> Result<(), WorkloadError> {
    let Event { damping, tolerance, top, .. } = *event;
    let wrong = if !(0.0..1.0).contains(&damping) {
        format!("damping is {damping}; it must be from 0 to less than 1")
    } else if tolerance.is_nan() || tolerance <= 0.0 {
        format!("tolerance is {tolerance}; it must be more than 0")
    } else if !(1..=LARGEST_TOP).contains(&top) {
        format!("top is {top}; it must be from 1 to {LARGEST_TOP}")
    } else {
        return Ok(());
    };
    Err(WorkloadError::invalid_event(wrong))
}

fn respond(graph: &Graph, names: &[&str], event: &Event) -> Result<Response, WorkloadError> {
    let ranks = rank::ranks(graph, event.damping, event.tolerance).ok_or_else(|| {
        WorkloadError::invalid_event(format!(
            "the ranks are not exact to a tolerance of {:e} after {} iterations; allow more, or take less damping",
            event.tolerance,
            rank::MOST_ITERATIONS
        ))
    })?;
    let ranked = |node: usize| Ranked {
        node,
        name: names.get(node).map(|&name| name.to_owned()),
        rank: ranks[node],
    };
    Ok(Response {
        nodes: graph.nodes(),
        links: graph.links(),
        dangling: graph.leaving().iter().filter(|&&leaving| leaving == 0).count(),
        concentration: ranks.iter().map(|rank| rank * rank).sum(),
        top: highest(&ranks, event.top).into_iter().map(ranked).collect(),
    })
}

/// The `top` nodes with the highest ranks; of equals, the one with the lower number comes first.
fn highest(ranks: &[f64], top: usize) -> Vec<usize> {
    let order = |a: &usize, b: &usize| ranks[*b].total_cmp(&ranks[*a]).then(a.cmp(b));
    let mut nodes: Vec<usize> = (0..ranks.len()).collect();
    if top < nodes.len() {
        nodes.select_nth_unstable_by(top, order);
        nodes.truncate(top);
    }
    nodes.sort_unstable_by(order);
    nodes
}

#[cfg(test)]
mod tests;
