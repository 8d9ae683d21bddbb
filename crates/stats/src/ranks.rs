//! Ranks of values, of which equal ones share the mean of theirs.

/// Ranks of values.
#[derive(Debug)]
pub(crate) struct MidRanks {
    /// Twice the rank of each value, in the order of the values: a whole number, also where values are equal.
    pub doubled: Vec<u64>,
    /// The sum of `t³ − t` over the groups of t equal values.
    pub ties: f64,
}

impl MidRanks {
    /// From 1, of the smallest.
    pub(crate) fn of(values: &[f64]) -> MidRanks {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        let mut ranks = MidRanks { doubled: vec![0; values.len()], ties: 0.0 };
        let mut before = 0;
        for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
            let size = equal.len() as u64;
            for &at in equal {
                ranks.doubled[at] = 2 * before + size + 1;
            }
            before += size;
            let size = size as f64;
            ranks.ties += size * size * size - size;
        }
        ranks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_the_mean_of_their_ranks() {
        let check = |values: &[f64], doubled: &[u64], ties: f64| {
            let ranks = MidRanks::of(values);
            assert_eq!(ranks.doubled, doubled, "{values:?}");
            assert_eq!(ranks.ties, ties, "{values:?}");
        };
        check(&[], &[], 0.0);
        check(&[3.0, 1.0, 2.0], &[6, 2, 4], 0.0);
        check(&[5.0, 1.0, 5.0, 5.0], &[6, 2, 6, 6], 24.0);
        check(&[0.0, -0.0], &[3, 3], 6.0);
    }
}
