//! Floats by their order, so that one of very many can be found by bisection.

/// The k-th smallest (from 1) of numbers that are never listed, which lie between `first` and `last`: the smallest number
/// that k of them do not exceed. `at_most` counts those that do not exceed a number.
pub(crate) fn kth_smallest(first: f64, last: f64, k: u64, at_most: impl Fn(f64) -> u64) -> f64 {
    let (mut low, mut high) = (order_key(first), order_key(last));
    while low < high {
        let middle = low + (high - low) / 2;
        if at_most(from_order_key(middle)) >= k {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    from_order_key(low)
}

const SIGN: u64 = 1 << 63;

/// A whole number for every float, in the same order.
fn order_key(x: f64) -> u64 {
    let bits = x.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

fn from_order_key(key: u64) -> f64 {
    f64::from_bits(if key & SIGN == 0 { !key } else { key & !SIGN })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_keep_the_order(a in -1e300..1e300_f64, b in -1e300..1e300_f64) {
            prop_assert_eq!(order_key(a).cmp(&order_key(b)), a.total_cmp(&b));
            prop_assert_eq!(from_order_key(order_key(a)), a);
        }
    }
}
