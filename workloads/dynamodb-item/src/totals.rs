//! What an invoice comes to: the pure part of the function.
//!
//! As EN 16931 has it, a line's net amount is rounded to cents, and tax is computed for each rate on the sum of its lines.

use std::collections::BTreeMap;

use kelvin_workload::WorkloadError;
use serde::{Deserialize, Serialize};

use crate::line::{Amount, Item};

/// The sums of an invoice, in cents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// How many lines it has.
    pub lines: usize,
    /// Without tax.
    pub net_cents: u64,
    /// For each rate of tax that occurs, the lowest first.
    pub vat: Vec<Vat>,
    /// With tax.
    pub gross_cents: u64,
}

/// One rate of value added tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vat {
    /// The rate in hundredths of a percent.
    pub basis_points: u32,
    /// What is taxed.
    pub net_cents: u64,
    /// The tax.
    pub vat_cents: u64,
}

/// Adds up all lines of an invoice. Fails on an item that is no line.
pub(crate) fn totals(items: &[Item]) -> Result<Totals, WorkloadError> {
    let mut rates: BTreeMap<u32, u64> = BTreeMap::new();
    for item in items {
        let amount = Amount::of(item)?;
        *rates.entry(amount.vat_basis_points).or_default() += net_cents(amount);
    }
    let vat = rates.into_iter().map(|(basis_points, net_cents)| Vat {
        basis_points,
        net_cents,
        vat_cents: share(net_cents, basis_points),
    });
    let vat: Vec<Vat> = vat.collect();
    let net_cents = vat.iter().map(|rate| rate.net_cents).sum();
    let tax: u64 = vat.iter().map(|rate| rate.vat_cents).sum();
    Ok(Totals { lines: items.len(), net_cents, vat, gross_cents: net_cents + tax })
}

/// At most 10^14 for one line, so 10^18 for all lines that an invoice can have.
fn net_cents(amount: Amount) -> u64 {
    let full = u64::from(amount.quantity) * u64::from(amount.unit_price_cents);
    share(full, 10_000 - amount.discount_basis_points)
}

/// So many hundredths of a percent, rounded to cents, half a cent up.
fn share(cents: u64, basis_points: u32) -> u64 {
    // Split, because the product alone could exceed 64 bits.
    let (whole, rest) = (cents / 10_000, cents % 10_000);
    let basis_points = u64::from(basis_points);
    whole * basis_points + (rest * basis_points + 5_000) / 10_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Line;

    fn item(quantity: u32, unit_price_cents: u32, discount: u32, vat: u32) -> Item {
        let line = Line {
            description: "x".to_owned(),
            quantity,
            unit_price_cents,
            discount_basis_points: discount,
            vat_basis_points: vat,
        };
        line.into_item("i", 1, 1, "t")
    }

    #[test]
    fn cents_are_rounded_half_up_line_by_line_and_rate_by_rate() {
        let vat = |basis_points, net_cents, vat_cents| Vat { basis_points, net_cents, vat_cents };
        let check = |items: &[Item], net_cents, rates: &[Vat], gross_cents| {
            let vat = rates.to_vec();
            let expected = Totals { lines: items.len(), net_cents, vat, gross_cents };
            assert_eq!(totals(items).unwrap(), expected);
        };
        check(&[], 0, &[], 0);
        // 0.5 cents are one.
        check(&[item(1, 1, 5_000, 0)], 1, &[vat(0, 1, 0)], 1);
        // Two lines of 13 cents: 19 % of 26 are 4.94, while each alone would be taxed with 2.
        let line = || item(1, 13, 0, 1900);
        check(&[line(), line()], 26, &[vat(1900, 26, 5)], 31);
        check(
            &[item(2, 100, 0, 1900), item(1, 100, 10_000, 700)],
            200,
            &[vat(700, 0, 0), vat(1900, 200, 38)],
            238,
        );
    }

    #[test]
    fn the_largest_invoice_fits() {
        let items = vec![item(1_000_000, 100_000_000, 0, 10_000); 9_999];
        let totals = totals(&items).unwrap();
        assert_eq!(totals.net_cents, 999_900_000_000_000_000);
        assert_eq!(totals.gross_cents, 2 * totals.net_cents);
    }
}
