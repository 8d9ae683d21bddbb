//! The I/O that measured functions talk to: S3, DynamoDB and an HTTP upstream, embedded, with set latency and faults.
//!
//! A [`Service`] is a real implementation on 127.0.0.1 and a port of the system's choice, with threads of its own, so that
//! it does not run where invocations are measured. It ends, with all that it holds, when it is dropped.
//!
//! - **S3** is [s3s](https://docs.rs/s3s) over a folder. Signatures are checked, with [`CREDENTIALS`].
//!   Unlike AWS, it makes the bucket of an object that is put where there is none.
//! - **DynamoDB** is [dynoxide](https://docs.rs/dynoxide-rs) over SQLite, in memory or in a folder.
//! - **The HTTP upstream** answers by rule, so that whoever calls it can check the answers; `GET /` lists the rules.
//!
//! In front of each is the same layer: it waits ([`Latency`]) and fails ([`Errors`]) as its [`ServiceSpec`] says, drawing
//! from a seeded generator. Request number n of a service waits as long and fails in the same way each time; with
//! concurrent callers, the order in which requests arrive decides which of them is number n.
//!
//! The wait is added to the time that the embedded implementation takes, which is about a millisecond: it is the same
//! whatever is waited for, so differences between two latencies are exact.

mod answers;
mod backend;
mod besides;
mod connection;
mod cut;
mod dynamodb;
mod error;
mod errors;
mod front;
mod latency;
mod plan;
mod s3;
mod service;
mod spec;
mod table;
mod upstream;

pub use besides::{Accepting, Besides};
pub use error::{ServiceError, SpecError};
pub use errors::Errors;
pub use latency::Latency;
pub use service::{CREDENTIALS, Service};
pub use spec::{ServiceKind, ServiceSpec};
pub use table::{KeyAttribute, KeyType, TableSpec};
