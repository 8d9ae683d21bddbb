//! The upstream's rule, in closed form: what its resources must say, without asking it.

use crate::Total;

/// What `resources` resources say together, of which the first has `items` items and each next one more.
pub(crate) fn total(resources: u32, items: u32) -> Total {
    let counts = (0..u64::from(resources)).map(|resource| u64::from(items) + resource);
    Total { resources, items: counts.clone().sum(), sum: counts.map(sum_of_squares).sum() }
}

/// The sum of the squares below `n`: the square pyramidal number of n − 1.
pub(crate) fn sum_of_squares(n: u64) -> u64 {
    n.saturating_sub(1) * n * (2 * n).saturating_sub(1) / 6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_add_up() {
        for n in 0..1000 {
            assert_eq!(sum_of_squares(n), (0..n).map(|id| id * id).sum::<u64>(), "{n}");
        }
        assert_eq!(total(2, 3), Total { resources: 2, items: 7, sum: 5 + 14 });
    }
}
