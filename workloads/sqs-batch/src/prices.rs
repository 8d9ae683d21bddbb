//! What things cost: the price list, value-added tax, coupons and shipping.

use std::collections::BTreeMap;

use kelvin_workload::WorkloadError;
use serde::Deserialize;

/// Flat, tax included.
pub(crate) const SHIPPING_CENTS: u64 = 490;
/// Before tax; orders from this on are shipped for nothing.
pub(crate) const FREE_SHIPPING_CENTS: u64 = 5000;

/// One thing that can be ordered.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Product {
    /// Before tax.
    pub(crate) price_cents: u64,
    /// Books and food are taxed less.
    pub(crate) reduced_tax: bool,
}

/// All products, by their stock keeping units.
#[derive(Debug)]
pub(crate) struct PriceList {
    products: BTreeMap<String, Product>,
}

impl PriceList {
    pub(crate) fn parse() -> Result<PriceList, WorkloadError> {
        let products =
            serde_json::from_str(include_str!("../cases/prices.json")).map_err(|error| {
                WorkloadError::preparation_failed("could not read the prices", error)
            })?;
        Ok(PriceList { products })
    }

    pub(crate) fn find(&self, sku: &str) -> Option<Product> {
        self.products.get(sku).copied()
    }
}

/// Value-added tax in thousandths, normal and reduced ("VAT rates applied in the Member States of the European Union").
pub(crate) fn tax(country: &str) -> Option<[u64; 2]> {
    Some(match country {
        "AT" => [200, 100],
        "DE" => [190, 70],
        "FR" => [200, 55],
        "IE" => [230, 90],
        "NL" => [210, 90],
        _ => return None,
    })
}

/// What a coupon takes off, in thousandths.
pub(crate) fn coupon(code: &str) -> Option<u64> {
    Some(match code {
        "WELCOME" => 100,
        "WINTER" => 150,
        _ => return None,
    })
}

/// What ordering many of a thing takes off, in thousandths.
pub(crate) fn quantity_discount(quantity: u64) -> u64 {
    match quantity {
        0..10 => 0,
        10..100 => 50,
        _ => 100,
    }
}

/// So many thousandths of an amount, half a cent up.
pub(crate) fn share(cents: u64, thousandths: u64) -> u64 {
    (cents * thousandths + 500) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_cent_is_rounded_up() {
        let check = |cents, thousandths, expected| assert_eq!(share(cents, thousandths), expected);
        check(1000, 190, 190);
        check(50, 190, 10); // 9.5
        check(49, 190, 9); // 9.31
        check(100, 55, 6); // 5.5
        check(0, 190, 0);
        check(7, 1000, 7);
    }

    #[test]
    fn the_price_list_can_be_read() {
        let prices = PriceList::parse().unwrap();
        assert!(prices.products.len() >= 40);
        assert!(prices.products.values().all(|product| product.price_cents < 100_000));
        assert!(prices.find("NO-SUCH").is_none());
    }
}
