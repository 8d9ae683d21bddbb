//! A directed graph, in the form that is quickest to rank: for each node, who links to it.

use std::error::Error;

/// More nodes than these are refused: an event of a few bytes could ask for any amount of memory.
pub(crate) const MOST_NODES: usize = 1_000_000;

/// Why nodes and links are no graph.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GraphError {
    #[error("the graph has no nodes")]
    Empty,
    #[error("the graph has {0} nodes; it may have {MOST_NODES}")]
    TooLarge(usize),
    #[error("the link from {from} to {to} names a node that there is not; nodes are 0 to {last}")]
    NoSuchNode { from: usize, to: usize, last: usize },
}

/// Compressed sparse rows of the transposed adjacency matrix: the links that enter node `n` come from
/// `sources[starts[n]..starts[n + 1]]`. Two links between the same nodes, in the same direction, are one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Graph {
    starts: Vec<usize>,
    sources: Vec<usize>,
    /// How many links leave each node.
    leaving: Vec<u32>,
}

impl Graph {
    /// The graph of `nodes` nodes with these links, each from one node to another or to itself.
    pub(crate) fn new(nodes: usize, links: &[(usize, usize)]) -> Result<Graph, GraphError> {
        let last = nodes.checked_sub(1).ok_or(GraphError::Empty)?;
        if nodes > MOST_NODES {
            return Err(GraphError::TooLarge(nodes));
        }
        if let Some(&(from, to)) = links.iter().find(|&&(from, to)| from.max(to) > last) {
            return Err(GraphError::NoSuchNode { from, to, last });
        }
        let mut entering: Vec<(usize, usize)> =
            links.iter().map(|&(from, to)| (to, from)).collect();
        entering.sort_unstable();
        entering.dedup();
        let (mut starts, mut leaving) = (vec![0; nodes + 1], vec![0; nodes]);
        for &(to, from) in &entering {
            starts[to + 1] += 1;
            leaving[from] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let sources = entering.into_iter().map(|(_, from)| from).collect();
        Ok(Graph { starts, sources, leaving })
    }

    pub(crate) fn nodes(&self) -> usize {
        self.leaving.len()
    }

    pub(crate) fn links(&self) -> usize {
        self.sources.len()
    }

    /// How many links leave each node; none leave a dangling one.
    pub(crate) fn leaving(&self) -> &[u32] {
        &self.leaving
    }

    /// For each node, in order: the nodes that link to it.
    pub(crate) fn entering(&self) -> impl Iterator<Item = &[usize]> {
        self.starts.windows(2).map(|ends| &self.sources[ends[0]..ends[1]])
    }
}

/// Reads a graph from text: a line for each node, with its name and the numbers of the nodes that it links to.
pub(crate) fn read(text: &str) -> Result<(Vec<&str>, Graph), Box<dyn Error + Send + Sync>> {
    let (mut names, mut links) = (Vec::new(), Vec::new());
    for (node, line) in text.lines().enumerate() {
        let mut words = line.split(' ');
        names.push(words.next().unwrap_or_default());
        for word in words {
            let target = word.parse().map_err(|error| format!("line {}: {error}", node + 1))?;
            links.push((node, target));
        }
    }
    let graph = Graph::new(names.len(), &links)?;
    Ok((names, graph))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_kept_by_the_node_that_they_enter() {
        let graph = Graph::new(3, &[(2, 0), (0, 1), (1, 0), (0, 1), (1, 1)]).unwrap();
        let entering: Vec<_> = graph.entering().collect();
        assert_eq!(entering, [&[1, 2][..], &[0, 1], &[]]);
        assert_eq!(graph.leaving(), [1, 2, 1]);
        assert_eq!((graph.nodes(), graph.links()), (3, 4));
    }

    #[test]
    fn what_is_no_graph_is_refused() {
        let check = |nodes, links: &[(usize, usize)], expected: GraphError| {
            assert_eq!(Graph::new(nodes, links), Err(expected));
        };
        check(0, &[], GraphError::Empty);
        check(0, &[(0, 0)], GraphError::Empty);
        check(MOST_NODES + 1, &[], GraphError::TooLarge(1_000_001));
        check(usize::MAX, &[], GraphError::TooLarge(usize::MAX));
        check(2, &[(0, 1), (0, 2)], GraphError::NoSuchNode { from: 0, to: 2, last: 1 });
        check(2, &[(usize::MAX, 0)], GraphError::NoSuchNode { from: usize::MAX, to: 0, last: 1 });
    }

    #[test]
    fn text_is_read_or_refused_with_a_reason() {
        let (names, graph) = read("apt 1\nlibc6\ndpkg 1 0\n").unwrap();
        assert_eq!(names, ["apt", "libc6", "dpkg"]);
        assert_eq!(graph, Graph::new(3, &[(0, 1), (2, 1), (2, 0)]).unwrap());
        let check = |text: &str, expected: &str| {
            assert_eq!(read(text).unwrap_err().to_string(), expected);
        };
        check("", "the graph has no nodes");
        check("apt 0\ndpkg -1\n", "line 2: invalid digit found in string");
        check("apt 1\n", "the link from 0 to 1 names a node that there is not; nodes are 0 to 0");
    }
}
