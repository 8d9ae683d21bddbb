//! What becomes of a request, field by field: the subject of the trail.

use kelvin_workload::WorkloadError;

use crate::Response;
use crate::request::{Login, Order};

/// A request as it came and as it is spelled properly.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    Order { was: Order, is: Order },
    Login { was: Login, is: Login },
}

/// One field of it.
#[derive(Debug)]
pub(crate) struct Field {
    /// For instance `lines/3/sku`.
    pub(crate) path: String,
    pub(crate) was: String,
    pub(crate) is: String,
}

impl Record {
    pub(crate) fn order(was: Order) -> Result<Record, WorkloadError> {
        let is = was.tidied()?;
        Ok(Record::Order { was, is })
    }

    pub(crate) fn login(was: Login) -> Result<Record, WorkloadError> {
        let is = was.tidied()?;
        Ok(Record::Login { was, is })
    }

    /// What the caller is told.
    pub(crate) fn response(&self) -> Response {
        match self {
            Record::Order { was, is } => {
                let of_order = |a: &Order, b: &Order| {
                    u64::from(a.id != b.id)
                        + u64::from(a.email != b.email)
                        + u64::from(a.name != b.name)
                        + u64::from(a.country != b.country)
                };
                let lines = was.lines.iter().zip(&is.lines);
                let changed =
                    of_order(was, is) + lines.filter(|(a, b)| a.sku != b.sku).count() as u64;
                Response::Order { order: is.clone(), total_cents: is.total_cents(), changed }
            }
            Record::Login { was, is } => {
                let changed = u64::from(was.user != is.user)
                    + u64::from(was.address != is.address)
                    + u64::from(was.agent != is.agent);
                Response::Login { login: is.clone(), changed }
            }
        }
    }

    /// What it is about: `order O-7` or `login jean`.
    pub(crate) fn subject(&self) -> String {
        match self {
            Record::Order { is, .. } => format!("order {}", is.id),
            Record::Login { is, .. } => format!("login {}", is.user),
        }
    }

    /// Every field, changed or not.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let field = |path: &str, was: &str, is: &str| Field {
            path: path.to_owned(),
            was: was.to_owned(),
            is: is.to_owned(),
        };
        match self {
            Record::Order { was, is } => {
                let mut fields = vec![
                    field("id", &was.id, &is.id),
                    field("email", &was.email, &is.email),
                    field("name", &was.name, &is.name),
                    field("country", &was.country, &is.country),
                ];
                for (n, (was, is)) in was.lines.iter().zip(&is.lines).enumerate() {
                    let number = |name: &str, was: u32, is: u32| Field {
                        path: format!("lines/{n}/{name}"),
                        was: was.to_string(),
                        is: is.to_string(),
                    };
                    fields.push(field(&format!("lines/{n}/sku"), &was.sku, &is.sku));
                    fields.push(number("quantity", was.quantity, is.quantity));
                    fields.push(number("price_cents", was.price_cents, is.price_cents));
                }
                fields
            }
            Record::Login { was, is } => vec![
                field("user", &was.user, &is.user),
                field("address", &was.address, &is.address),
                field("agent", &was.agent, &is.agent),
            ],
        }
    }
}
