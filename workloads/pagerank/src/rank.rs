//! PageRank by power iteration, as Page, Brin, Motwani and Winograd describe it (*The PageRank Citation Ranking: Bringing
//! Order to the Web*, 1999).

use crate::graph::Graph;

/// Whoever asks for more exactness than floating-point numbers have would wait for ever.
pub(crate) const MOST_ITERATIONS: usize = 1000;

/// The rank of each node: how likely a reader is found there who follows a link with the probability `damping`, and
/// otherwise, or where no link leaves, goes on to any node. They add up to 1.
///
/// Ends when an iteration changes the ranks by less than `tolerance`, all changes added up; the ranks are then exact
/// within `tolerance * damping / (1 - damping)`. `None` if that takes more than [`MOST_ITERATIONS`].
pub(crate) fn ranks(graph: &Graph, damping: f64, tolerance: f64) -> Option<Vec<f64>> {
    let each = 1.0 / as_f64(graph.nodes());
    let mut ranks = vec![each; graph.nodes()];
    let mut shares = vec![0.0; graph.nodes()];
    for _ in 0..MOST_ITERATIONS {
        // What each link passes on, and what is passed on to all nodes alike.
        let mut dangling = 0.0;
        for ((share, rank), &leaving) in shares.iter_mut().zip(&ranks).zip(graph.leaving()) {
            if leaving == 0 {
                dangling += rank;
            } else {
                *share = damping * rank / f64::from(leaving);
            }
        }
        let to_all = (1.0 - damping + damping * dangling) * each;
        let mut change = 0.0;
        for (rank, sources) in ranks.iter_mut().zip(graph.entering()) {
            let next = to_all + sources.iter().map(|&source| shares[source]).sum::<f64>();
            change += (next - *rank).abs();
            *rank = next;
        }
        if change < tolerance {
            return Some(ranks);
        }
    }
    None
}

/// A number of nodes as a float.
#[expect(clippy::cast_precision_loss, reason = "a graph has at most a million nodes")]
fn as_f64(nodes: usize) -> f64 {
    nodes as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12
    }

    #[test]
    fn small_graphs_have_the_ranks_that_paper_and_pencil_give() {
        let check = |nodes, links: &[(usize, usize)], damping, expected: &[f64]| {
            let graph = Graph::new(nodes, links).unwrap();
            let ranks = ranks(&graph, damping, 1e-13).unwrap();
            let right = ranks.iter().zip(expected).all(|(&a, &b)| near(a, b));
            assert!(right && ranks.len() == expected.len(), "{ranks:?}, not {expected:?}");
        };
        let third = 1.0 / 3.0;
        check(1, &[], 0.85, &[1.0]);
        check(1, &[(0, 0)], 0.85, &[1.0]);
        check(3, &[], 0.85, &[third; 3]);
        check(3, &[(0, 1), (1, 2), (2, 0)], 0.85, &[third; 3]);
        check(3, &[(0, 1), (1, 2)], 0.0, &[third; 3]);
        // One link to a dangling node: r1 = (1 + d) r0, and both add up to 1.
        check(2, &[(0, 1)], 0.85, &[1.0 / 2.85, 1.85 / 2.85]);
        // A star: the rim gets (1 - d) / 4 each, and of the hub's rank a third of d.
        let hub = (0.15 / 4.0 * (1.0 + 3.0 * 0.85)) / (1.0 - 0.85 * 0.85);
        let rim = (1.0 - hub) / 3.0;
        let star = [(0, 1), (1, 0), (0, 2), (2, 0), (0, 3), (3, 0)];
        check(4, &star, 0.85, &[hub, rim, rim, rim]);
    }

    #[test]
    fn too_much_exactness_ends() {
        let graph = Graph::new(2, &[(0, 1)]).unwrap();
        assert_eq!(ranks(&graph, 0.85, 0.0), None);
    }

    proptest! {
        #[test]
        fn ranks_add_up_to_one_and_stay_when_nodes_are_renumbered(
            links in prop::collection::vec((0_usize..20, 0_usize..20), 0..80),
            damping in 0.0..0.95,
            turn in 0_usize..20,
        ) {
            let renumbered: Vec<_> =
                links.iter().map(|&(from, to)| ((from + turn) % 20, (to + turn) % 20)).collect();
            let original = ranks(&Graph::new(20, &links).unwrap(), damping, 1e-14).unwrap();
            let renumbered = ranks(&Graph::new(20, &renumbered).unwrap(), damping, 1e-14).unwrap();
            prop_assert!(near(original.iter().sum(), 1.0));
            for (node, &rank) in original.iter().enumerate() {
                prop_assert!(near(rank, renumbered[(node + turn) % 20]), "node {node}");
            }
        }
    }
}
