//! A line of an invoice: as a caller writes it, and as an item of the table.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use kelvin_workload::WorkloadError;
use serde::{Deserialize, Serialize};

/// An item as DynamoDB delivers it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// What a caller says of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// What is sold: 1 to 200 characters.
    pub description: String,
    /// How many: 1 to 1,000,000.
    pub quantity: u32,
    /// What one costs, in cents and without tax: up to 100,000,000.
    pub unit_price_cents: u32,
    /// What is taken off, in hundredths of a percent: up to 10,000.
    #[serde(default)]
    pub discount_basis_points: u32,
    /// The rate of value added tax, in hundredths of a percent: up to 10,000.
    pub vat_basis_points: u32,
}

/// Of a line, what counts for the invoice's total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) quantity: u32,
    pub(crate) unit_price_cents: u32,
    pub(crate) discount_basis_points: u32,
    pub(crate) vat_basis_points: u32,
}

impl Line {
    /// Fails on a value outside its range, and says which.
    pub(crate) fn validate(&self) -> Result<(), String> {
        let characters = self.description.chars().count();
        if !(1..=200).contains(&characters) {
            return Err(format!(
                "description has {characters} characters; it must have from 1 to 200"
            ));
        }
        self.amount().validate()
    }

    fn amount(&self) -> Amount {
        Amount {
            quantity: self.quantity,
            unit_price_cents: self.unit_price_cents,
            discount_basis_points: self.discount_basis_points,
            vat_basis_points: self.vat_basis_points,
        }
    }

    /// The item of a line; `token` is of the request that wrote it.
    pub(crate) fn into_item(self, invoice: &str, line: u32, version: u32, token: &str) -> Item {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let number = |number: u32| AttributeValue::N(number.to_string());
        let amount = self.amount();
        Item::from([
            ("invoice".to_owned(), text(invoice)),
            ("line".to_owned(), number(line)),
            ("description".to_owned(), AttributeValue::S(self.description)),
            ("quantity".to_owned(), number(amount.quantity)),
            ("unit_price_cents".to_owned(), number(amount.unit_price_cents)),
            ("discount_basis_points".to_owned(), number(amount.discount_basis_points)),
            ("vat_basis_points".to_owned(), number(amount.vat_basis_points)),
            ("version".to_owned(), number(version)),
            ("token".to_owned(), text(token)),
        ])
    }
}

impl Amount {
    /// Reads an item, which somebody else may have written. Fails on one that is no line of an invoice.
    pub(crate) fn of(item: &Item) -> Result<Amount, WorkloadError> {
        let wrong = |problem: String| {
            let line = number(item, "line").map_or("?".to_owned(), |line| line.to_string());
            WorkloadError::work_failed(format!("could not read line {line}"), problem)
        };
        let amount = Amount {
            quantity: number(item, "quantity").map_err(wrong)?,
            unit_price_cents: number(item, "unit_price_cents").map_err(wrong)?,
            discount_basis_points: number(item, "discount_basis_points").map_err(wrong)?,
            vat_basis_points: number(item, "vat_basis_points").map_err(wrong)?,
        };
        amount.validate().map_err(wrong)?;
        Ok(amount)
    }

    fn validate(&self) -> Result<(), String> {
        let ranges = [
            ("quantity", self.quantity, 1, 1_000_000),
            ("unit_price_cents", self.unit_price_cents, 0, 100_000_000),
            ("discount_basis_points", self.discount_basis_points, 0, 10_000),
            ("vat_basis_points", self.vat_basis_points, 0, 10_000),
        ];
        match ranges.into_iter().find(|(_, value, low, high)| !(low..=high).contains(&value)) {
            Some((name, value, low, high)) => {
                Err(format!("{name} is {value}; it must be from {low} to {high}"))
            }
            None => Ok(()),
        }
    }
}

/// An attribute that is a whole number.
pub(crate) fn number(item: &Item, name: &str) -> Result<u32, String> {
    match item.get(name) {
        Some(AttributeValue::N(text)) => {
            text.parse().map_err(|_| format!("{name} is {text}; it must be a whole number"))
        }
        Some(_) => Err(format!("{name} is not a number")),
        None => Err(format!("it has no {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line {
            description: "Hours".to_owned(),
            quantity: 3,
            unit_price_cents: 12_500,
            discount_basis_points: 250,
            vat_basis_points: 1900,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let item = line().into_item("2026-1", 7, 2, "t");
        assert_eq!(Amount::of(&item).unwrap(), line().amount());
        assert_eq!(number(&item, "version"), Ok(2));
        assert_eq!(number(&item, "line"), Ok(7));
        assert_eq!(item["invoice"], AttributeValue::S("2026-1".to_owned()));
        assert_eq!(item["description"], AttributeValue::S("Hours".to_owned()));
        assert_eq!(item["token"], AttributeValue::S("t".to_owned()));
    }

    #[test]
    fn values_outside_their_range_are_refused() {
        let check = |change: fn(&mut Line), expected: &str| {
            let mut line = line();
            change(&mut line);
            assert_eq!(line.validate(), Err(expected.to_owned()));
        };
        assert_eq!(line().validate(), Ok(()));
        check(
            |line| line.description.clear(),
            "description has 0 characters; it must have from 1 to 200",
        );
        check(
            |line| line.description = "é".repeat(201),
            "description has 201 characters; it must have from 1 to 200",
        );
        check(|line| line.quantity = 0, "quantity is 0; it must be from 1 to 1000000");
        check(
            |line| line.unit_price_cents = 100_000_001,
            "unit_price_cents is 100000001; it must be from 0 to 100000000",
        );
        check(
            |line| line.discount_basis_points = 10_001,
            "discount_basis_points is 10001; it must be from 0 to 10000",
        );
        check(
            |line| line.vat_basis_points = 10_001,
            "vat_basis_points is 10001; it must be from 0 to 10000",
        );
    }

    #[test]
    fn items_that_are_no_lines_are_named() {
        let check = |change: fn(&mut Item), expected: &str| {
            let mut item = line().into_item("2026-1", 7, 2, "t");
            change(&mut item);
            let error = Amount::of(&item).unwrap_err();
            assert_eq!(
                (error.error_type(), error.error_message().as_str()),
                ("WorkFailed", expected)
            );
        };
        check(|item| drop(item.remove("quantity")), "could not read line 7: it has no quantity");
        check(
            |item| drop(item.insert("quantity".to_owned(), AttributeValue::Bool(true))),
            "could not read line 7: quantity is not a number",
        );
        check(
            |item| drop(item.insert("quantity".to_owned(), AttributeValue::N("1.5".to_owned()))),
            "could not read line 7: quantity is 1.5; it must be a whole number",
        );
        check(
            |item| drop(item.insert("quantity".to_owned(), AttributeValue::N("0".to_owned()))),
            "could not read line 7: quantity is 0; it must be from 1 to 1000000",
        );
        check(|item| item.clear(), "could not read line ?: it has no quantity");
    }
}
