//! The order of functions within blocks.
//!
//! Every block runs each function once. The first of each pair of blocks has a random order, the second the reverse of it
//! (AB, BA), so that slow drift of the machine meets every function alike.

use crate::chance::{Chance, Purpose};

/// An endless sequence of orders, the same for the same seed in every version of Kelvin.
pub(crate) struct BlockOrders {
    chance: Chance,
    functions: usize,
    reverse_next: Option<Vec<usize>>,
}

impl BlockOrders {
    /// `call` tells apart the calls of `blocks()` in one run.
    pub(crate) fn new(seed: u64, call: u64, functions: usize) -> BlockOrders {
        let chance = Chance::new(seed, Purpose::Blocks, call);
        BlockOrders { chance, functions, reverse_next: None }
    }

    /// Fisher and Yates' shuffle, written out: library versions of it have changed the order for a given seed.
    fn shuffled(&mut self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.functions).collect();
        for last in (1..order.len()).rev() {
            let chosen = self.chance.below(last as u64 + 1);
            let chosen = usize::try_from(chosen).expect("it is below a usize");
            order.swap(last, chosen);
        }
        order
    }
}

impl Iterator for BlockOrders {
    type Item = Vec<usize>;

    fn next(&mut self) -> Option<Vec<usize>> {
        if let Some(order) = self.reverse_next.take() {
            return Some(order);
        }
        let order = self.shuffled();
        self.reverse_next = Some(order.iter().rev().copied().collect());
        Some(order)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn orders(seed: u64, call: u64, functions: usize, blocks: usize) -> Vec<Vec<usize>> {
        BlockOrders::new(seed, call, functions).take(blocks).collect()
    }

    #[test]
    fn seed_1_has_had_this_order_from_the_beginning() {
        let expected = [[2, 0, 1, 3], [3, 1, 0, 2], [3, 0, 1, 2], [2, 1, 0, 3]];
        assert_eq!(orders(1, 0, 4, 4), expected);
    }

    #[test]
    fn two_calls_have_orders_of_their_own() {
        assert_ne!(orders(1, 0, 6, 10), orders(1, 1, 6, 10));
        assert_ne!(orders(1, 0, 6, 10), orders(2, 0, 6, 10));
    }

    #[test]
    fn every_order_comes_up_about_equally_often() {
        let mut counts = std::collections::BTreeMap::new();
        for order in BlockOrders::new(7, 0, 3).step_by(2).take(6_000) {
            *counts.entry(order).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|n| (880..1_120).contains(n)), "{counts:?}");
    }

    proptest! {
        #[test]
        fn blocks_are_permutations_and_pairs_are_mirrored(seed: u64, call in 0_u64..9, functions in 1_usize..20) {
            let orders = orders(seed, call, functions, 6);
            for pair in orders.chunks(2) {
                let mut sorted = pair[0].clone();
                sorted.sort_unstable();
                prop_assert_eq!(sorted, (0..functions).collect::<Vec<_>>());
                prop_assert_eq!(pair[1].iter().rev().copied().collect::<Vec<_>>(), pair[0].clone());
            }
        }
    }
}
