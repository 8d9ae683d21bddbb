//! Requests: what they may say, and how it is spelled properly.

use std::net::IpAddr;

use kelvin_workload::WorkloadError;
use serde::{Deserialize, Serialize};

/// What the function is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    /// Somebody orders something.
    Order(Order),
    /// Somebody logs in.
    Login(Login),
    /// How the trail stands; always `true`.
    Verify(bool),
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// 1 to 40 letters, digits and hyphens; in capitals.
    pub id: String,
    /// Of whoever orders; in small letters.
    pub email: String,
    /// 1 to 100 characters; with one space between words.
    pub name: String,
    /// Two letters (ISO 3166-1); in capitals.
    pub country: String,
    /// 1 to 1,000.
    pub lines: Vec<Line>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Which product: as the identifier of an order.
    pub sku: String,
    /// 1 to 10,000.
    pub quantity: u32,
    /// Of one, in hundredths.
    pub price_cents: u32,
}

/// A login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// 1 to 100 characters; in small letters.
    pub user: String,
    /// From where: an IP address, as it is usually written.
    pub address: String,
    /// With what program: 1 to 500 characters; with one space between words.
    pub agent: String,
}

const MOST_LINES: usize = 1000;
const LARGEST_QUANTITY: u32 = 10_000;

impl Order {
    /// The same order in proper spelling. Fails if there is none.
    pub(crate) fn tidied(&self) -> Result<Order, WorkloadError> {
        let lines = self.lines.len();
        if !(1..=MOST_LINES).contains(&lines) {
            return refuse(format!("the order has {lines} lines; it must have 1 to {MOST_LINES}"));
        }
        Ok(Order {
            id: identifier("id", &self.id)?,
            email: email(&self.email)?,
            name: one_space("name", &self.name, 100)?,
            country: country(&self.country)?,
            lines: self.lines.iter().map(Line::tidied).collect::<Result<_, _>>()?,
        })
    }

    /// What it costs, in hundredths.
    pub(crate) fn total_cents(&self) -> u64 {
        let prices = self.lines.iter();
        prices.map(|line| u64::from(line.quantity) * u64::from(line.price_cents)).sum()
    }
}

impl Line {
    fn tidied(&self) -> Result<Line, WorkloadError> {
        let Line { quantity, price_cents, .. } = *self;
        let sku = identifier("sku", &self.sku)?;
        if !(1..=LARGEST_QUANTITY).contains(&quantity) {
            return refuse(format!("{quantity} of {sku}; it must be 1 to {LARGEST_QUANTITY}"));
        }
        Ok(Line { sku, quantity, price_cents })
    }
}

impl Login {
    /// The same login in proper spelling. Fails if there is none.
    pub(crate) fn tidied(&self) -> Result<Login, WorkloadError> {
        let user = one_space("user", &self.user, 100)?.to_lowercase();
        let Ok(address) = self.address.trim().parse::<IpAddr>() else {
            return refuse(format!("address \"{}\" is not an IP address", self.address));
        };
        let agent = one_space("agent", &self.agent, 500)?;
        Ok(Login { user, address: address.to_canonical().to_string(), agent })
    }
}

fn refuse<T>(message: String) -> Result<T, WorkloadError> {
    Err(WorkloadError::InvalidEvent { message })
}

fn identifier(what: &str, text: &str) -> Result<String, WorkloadError> {
    let id = text.trim().to_ascii_uppercase();
    let of_one = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if !(1..=40).contains(&id.len()) || !id.bytes().all(of_one) {
        return refuse(format!("{what} \"{text}\" is not 1 to 40 letters, digits and hyphens"));
    }
    Ok(id)
}

fn email(text: &str) -> Result<String, WorkloadError> {
    let address = text.trim().to_lowercase();
    let parts = address.split_once('@');
    let of_one = |part: &str| {
        !part.is_empty()
            && !part.contains(|c: char| c == '@' || c.is_whitespace() || c.is_control())
    };
    if !parts.is_some_and(|(local, domain)| of_one(local) && of_one(domain)) {
        return refuse(format!("email \"{text}\" is not an address"));
    }
    Ok(address)
}

fn country(text: &str) -> Result<String, WorkloadError> {
    let country = text.trim().to_ascii_uppercase();
    if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
        return refuse(format!("country \"{text}\" is not two letters"));
    }
    Ok(country)
}

/// With one space between words, and not empty.
fn one_space(what: &str, text: &str, most: usize) -> Result<String, WorkloadError> {
    let mut words = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    let length = words.chars().count();
    if !(1..=most).contains(&length) {
        return refuse(format!("{what} has {length} characters; it must have 1 to {most}"));
    }
    Ok(words)
}
