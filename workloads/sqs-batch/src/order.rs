//! An order: what its message says, and whether it is right.

use std::collections::BTreeSet;

use aws_lambda_events::event::sqs::SqsMessage;
use serde::Deserialize;

use crate::prices::{
    FREE_SHIPPING_CENTS, PriceList, SHIPPING_CENTS, coupon, quantity_discount, share, tax,
};

/// Of one product in one order. It keeps amounts far from what 64 bits can hold.
const LARGEST_QUANTITY: u64 = 10_000;
const MOST_LINES: usize = 1000;

/// Why an order cannot be accepted: its message has failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the message is of type \"{found}\", not order.placed")]
    OtherType { found: String },
    #[error("the message has no body")]
    NoBody,
    #[error("the body is not an order")]
    NotAnOrder(#[source] serde_json::Error),
    #[error("the order has {lines} lines; it must have 1 to {MOST_LINES}")]
    Lines { lines: usize },
    #[error("there is no country \"{country}\" to deliver to")]
    Country { country: String },
    #[error("there is no coupon \"{code}\"")]
    Coupon { code: String },
    #[error("there is no product \"{sku}\"")]
    Product { sku: String },
    #[error("product \"{sku}\" is in more than one line")]
    Twice { sku: String },
    #[error("{quantity} of product \"{sku}\"; it must be 1 to {LARGEST_QUANTITY}")]
    Quantity { sku: String, quantity: u64 },
    #[error("the total is {stated_cents} cents and should be {right_cents}")]
    Total { stated_cents: u64, right_cents: u64 },
}

#[derive(Debug, Deserialize)]
struct Order {
    country: String,
    #[serde(default)]
    coupon: Option<String>,
    lines: Vec<Line>,
    total_cents: u64,
}

#[derive(Debug, Deserialize)]
struct Line {
    sku: String,
    quantity: u64,
}

/// Checks the order of a message against the price list.
pub(crate) fn check(message: &SqsMessage, prices: &PriceList) -> Result<(), Refusal> {
    let found = message.message_attributes.get("type");
    let found = found.and_then(|attribute| attribute.string_value.as_deref()).unwrap_or_default();
    if found != "order.placed" {
        return Err(Refusal::OtherType { found: found.to_owned() });
    }
    let body = message.body.as_deref().ok_or(Refusal::NoBody)?;
    let order: Order = serde_json::from_str(body).map_err(Refusal::NotAnOrder)?;
    let right_cents = total(&order, prices)?;
    if order.total_cents == right_cents {
        return Ok(());
    }
    Err(Refusal::Total { stated_cents: order.total_cents, right_cents })
}

/// What an order costs, in cents. `cases/answers.py` works out the same.
fn total(order: &Order, prices: &PriceList) -> Result<u64, Refusal> {
    if !(1..=MOST_LINES).contains(&order.lines.len()) {
        return Err(Refusal::Lines { lines: order.lines.len() });
    }
    let [normal_tax, reduced_tax] =
        tax(&order.country).ok_or_else(|| Refusal::Country { country: order.country.clone() })?;
    let off = match &order.coupon {
        Some(code) => coupon(code).ok_or_else(|| Refusal::Coupon { code: code.clone() })?,
        None => 0,
    };
    let mut seen = BTreeSet::new();
    let (mut normal, mut reduced) = (0, 0);
    for Line { sku, quantity } in &order.lines {
        let product = prices.find(sku).ok_or_else(|| Refusal::Product { sku: sku.clone() })?;
        if !seen.insert(sku) {
            return Err(Refusal::Twice { sku: sku.clone() });
        }
        if !(1..=LARGEST_QUANTITY).contains(quantity) {
            return Err(Refusal::Quantity { sku: sku.clone(), quantity: *quantity });
        }
        let kept = 1000 - quantity_discount(*quantity) - off;
        let net = share(quantity * product.price_cents, kept);
        *(if product.reduced_tax { &mut reduced } else { &mut normal }) += net;
    }
    let net = normal + reduced;
    let shipping = if net < FREE_SHIPPING_CENTS { SHIPPING_CENTS } else { 0 };
    Ok(net + share(normal, normal_tax) + share(reduced, reduced_tax) + shipping)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// An order that is right, by hand: 12 × 12.95 € with 5 % off, 1 × 9.99 € of reduced tax.
    fn right() -> Value {
        json!({
            "country": "DE",
            "lines": [{ "sku": "MUG-01", "quantity": 12 }, { "sku": "BOOK-01", "quantity": 1 }],
            // 147.63 + 19 % = 28.05, 9.99 + 7 % = 0.70; no shipping.
            "total_cents": 14763 + 2805 + 999 + 70,
        })
    }

    fn check_body(body: &str) -> Result<(), String> {
        let attribute = json!({ "type": { "stringValue": "order.placed", "dataType": "String" } });
        let message = json!({ "messageId": "a", "body": body, "messageAttributes": attribute });
        let message: SqsMessage = serde_json::from_value(message).unwrap();
        check(&message, &PriceList::parse().unwrap()).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn orders_are_refused_with_a_reason() {
        let check = |change: fn(&mut Value), expected: &str| {
            let mut order = right();
            change(&mut order);
            let got = check_body(&order.to_string()).err().unwrap_or_default();
            assert_eq!(got, expected, "{order}");
        };
        check(|_| {}, "");
        check(|order| order["placed_by"] = json!("a field that we do not know"), "");
        check(|order| order["coupon"] = Value::Null, "");
        check(
            |order| order["total_cents"] = json!(18638),
            "the total is 18638 cents and should be 18637",
        );
        check(|order| order["country"] = json!("ZZ"), "there is no country \"ZZ\" to deliver to");
        check(|order| order["coupon"] = json!("FREE"), "there is no coupon \"FREE\"");
        check(|order| order["lines"] = json!([]), "the order has 0 lines; it must have 1 to 1000");
        check(|order| order["lines"][0]["sku"] = json!("X"), "there is no product \"X\"");
        check(
            |order| order["lines"][0]["sku"] = json!("BOOK-01"),
            "product \"BOOK-01\" is in more than one line",
        );
        check(
            |order| order["lines"][0]["quantity"] = json!(0),
            "0 of product \"MUG-01\"; it must be 1 to 10000",
        );
        check(
            |order| order["lines"][0]["quantity"] = json!(u64::MAX),
            "18446744073709551615 of product \"MUG-01\"; it must be 1 to 10000",
        );
        for wrong in [json!(-1), json!(1.5), json!("12"), Value::Null] {
            let mut order = right();
            order["lines"][0]["quantity"] = wrong;
            assert_eq!(check_body(&order.to_string()), Err("the body is not an order".to_owned()));
        }
    }

    #[test]
    fn what_is_no_order_is_refused_whatever_it_is() {
        for body in
            ["", "{", "null", "[]", "{}", &"[".repeat(100_000), &"{\"lines\":".repeat(100_000)]
        {
            assert_eq!(check_body(body), Err("the body is not an order".to_owned()));
        }
        let check = |message: Value, expected: &str| {
            let message: SqsMessage = serde_json::from_value(message).unwrap();
            let refusal = super::check(&message, &PriceList::parse().unwrap()).unwrap_err();
            assert_eq!(refusal.to_string(), expected);
        };
        check(json!({}), "the message is of type \"\", not order.placed");
        let typed = |value: &str| json!({ "type": { "stringValue": value } });
        check(
            json!({ "messageAttributes": typed("order.cancelled") }),
            "the message is of type \"order.cancelled\", not order.placed",
        );
        check(json!({ "messageAttributes": typed("order.placed") }), "the message has no body");
    }
}
