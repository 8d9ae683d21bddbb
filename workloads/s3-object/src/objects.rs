//! Getting and putting objects: of S3, or of the program itself.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_config::ConfigLoader;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::{AggregatedBytes, ByteStream};
use bytes::Bytes;
use kelvin_workload::{InvokeContext, PreparedAsync, WorkloadError};

use crate::client::{ATTEMPTS, client};
use crate::event::LARGEST_OBJECT;
use crate::flights::TABLES;
use crate::{Location, Settings};

/// Where objects are, once it is known how to get there.
#[derive(Debug)]
pub(crate) enum Objects {
    S3 { client: PreparedAsync<Client>, timeout: Duration },
    Program,
}

/// The same, ready for use.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Opened<'a> {
    S3 { client: &'a Client, timeout: Duration },
    Program,
}

impl Objects {
    pub(crate) fn new(
        settings: Settings,
        config: impl Fn() -> ConfigLoader + Send + Sync + 'static,
    ) -> Objects {
        if !settings.io {
            return Objects::Program;
        }
        let timeout = settings.timeout;
        let client = PreparedAsync::new(move || {
            let (config, settings) = (config(), settings.clone());
            async move { Ok(client(config, &settings).await) }
        });
        Objects::S3 { client, timeout }
    }

    /// Makes the client, unless that was done before.
    pub(crate) async fn open(&self) -> Result<Opened<'_>, WorkloadError> {
        Ok(match self {
            Objects::S3 { client, timeout } => {
                Opened::S3 { client: client.get().await?, timeout: *timeout }
            }
            Objects::Program => Opened::Program,
        })
    }
}

impl Opened<'_> {
    /// The whole object, in the parts in which it arrived.
    pub(crate) async fn get(
        &self,
        place: &Location,
        ctx: &InvokeContext,
    ) -> Result<AggregatedBytes, WorkloadError> {
        match self {
            Opened::S3 { client, timeout } => {
                ctx.io(within(*timeout, Call("get", place), get(client, place))).await
            }
            Opened::Program => of_program(place).await,
        }
    }

    /// Writes an object, or replaces it.
    pub(crate) async fn put(
        &self,
        place: &Location,
        json: Bytes,
        ctx: &InvokeContext,
    ) -> Result<(), WorkloadError> {
        let Opened::S3 { client, timeout } = self else { return Ok(()) };
        ctx.io(within(*timeout, Call("put", place), put(client, place, json))).await
    }
}

async fn get(client: &Client, place: &Location) -> Result<AggregatedBytes, WorkloadError> {
    let call = Call("get", place);
    let mut attempt = 1;
    loop {
        let got = client.get_object().bucket(&place.bucket).key(&place.key).send().await;
        let object = got.map_err(|error| call.failed(error))?;
        // It may have been replaced since the event was sent.
        if let Some(size) = object.content_length.filter(|size| *size > LARGEST_OBJECT) {
            let problem = format!("it has {size} bytes; at most {LARGEST_OBJECT} are read");
            return Err(call.failed(problem));
        }
        // The client repeats requests whose answer does not begin; one that breaks off is not its business any more.
        match object.body.collect().await {
            Ok(body) => return Ok(body),
            Err(_) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(call.failed(error)),
        }
    }
}

async fn put(client: &Client, place: &Location, json: Bytes) -> Result<(), WorkloadError> {
    let put = client.put_object().bucket(&place.bucket).key(&place.key);
    let put = put.content_type("application/json").body(ByteStream::from(json));
    put.send().await.map(drop).map_err(|error| Call("put", place).failed(error))
}

async fn of_program(place: &Location) -> Result<AggregatedBytes, WorkloadError> {
    let call = Call("get", place);
    let stem = place.key.strip_suffix(".csv").unwrap_or(&place.key);
    let table = TABLES.iter().find(|table| table.name == stem);
    let table = table.ok_or_else(|| call.failed("there is no such table in the program"))?;
    ByteStream::from_static(table.csv).collect().await.map_err(|error| call.failed(error))
}

/// Waits for all attempts of a call together, the body of its answer included.
async fn within<T>(
    timeout: Duration,
    call: Call<'_>,
    operation: impl Future<Output = Result<T, WorkloadError>>,
) -> Result<T, WorkloadError> {
    let late = |_| call.failed(format!("not done within {timeout:?}"));
    tokio::time::timeout(timeout, operation).await.map_err(late)?
}

/// What was tried, for messages.
#[derive(Clone, Copy)]
struct Call<'a>(&'static str, &'a Location);

impl fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {} {}", self.0, self.1)
    }
}

impl Call<'_> {
    fn failed(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> WorkloadError {
        WorkloadError::service_failed(self.to_string(), source)
    }
}
