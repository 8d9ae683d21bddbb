//! A running service: starting, preparing, changing and ending it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use dynoxide::Database;
use s3s::service::S3Service;
use serde_json::{Map, Value};
use tempfile::TempDir;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::watch;

use crate::backend::{Backend, BoxError};
use crate::besides::Besides;
use crate::dynamodb::{self, Forward};
use crate::front::{Front, Port, Settings};
use crate::plan::Plan;
use crate::{Errors, Latency, ServiceError, ServiceKind, ServiceSpec, SpecError, TableSpec, s3};

/// Access key and secret key that S3 expects: those of AWS's documentation, which the embedded Lambda gives to functions.
/// DynamoDB takes any.
pub const CREDENTIALS: (&str, &str) =
    ("ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");

/// Threads that serve: one may wait for a disk or a database while the other goes on.
const WORKERS: usize = 2;

/// A service that runs. When it is dropped its port is closed, its threads have ended, and its folder is gone unless it is
/// the caller's own.
#[derive(Debug)]
pub struct Service {
    spec: ServiceSpec,
    address: SocketAddr,
    endpoint: String,
    front: Arc<Front>,
    store: Store,
    /// `None` once the service ends.
    settings: Option<watch::Sender<Settings>>,
    runtime: Handle,
    thread: Option<JoinHandle<()>>,
    _folder: Option<TempDir>,
}

/// The state behind a service.
#[derive(Clone)]
enum Store {
    S3(S3Service),
    DynamoDb(Database),
    Nothing,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Store::S3(_) => "S3",
            Store::DynamoDb(_) => "DynamoDb",
            Store::Nothing => "Nothing",
        })
    }
}

impl Service {
    /// Starts a service; it answers when this returns. State without a folder of its own goes to `temporary_folder`.
    ///
    /// Fails on a description that contradicts itself, on a folder that cannot be used, and when the system has no port or
    /// thread to give. Blocks for some milliseconds.
    pub fn start(spec: &ServiceSpec, temporary_folder: &Path) -> Result<Service, ServiceError> {
        let kind = spec.kind;
        spec.validate().map_err(|source| ServiceError::Spec { kind, source })?;
        let settings = settings_of(spec).map_err(|source| ServiceError::Spec { kind, source })?;
        let (store, folder) = open(spec, temporary_folder)?;
        let (settings, watched) = watch::channel(settings);

        let not_started = |source| ServiceError::Start { kind, source };
        let runtime = runtime(kind).map_err(not_started)?;
        let handle = runtime.handle().clone();
        let (told, started) = mpsc::channel();
        let plan = Mutex::new(Plan::new(spec.seed));
        let backend = store.clone();
        let thread = thread::Builder::new().name(name_of_threads(kind)).spawn(move || {
            runtime.block_on(async move {
                let ready = async {
                    let port = Port::any()?;
                    let listener = port.listen()?;
                    io::Result::Ok((port, listener, backend.serve().await?))
                };
                match ready.await {
                    Ok((port, listener, backend)) => {
                        let front = Front { kind, backend, plan, settings: watched };
                        let front = Arc::new(front);
                        told.send(Ok((port.address(), Arc::clone(&front)))).ok();
                        front.serve(port, listener).await;
                    }
                    Err(error) => drop(told.send(Err(error))),
                }
            });
        });
        let thread = thread.map_err(not_started)?;
        let gone = || Err(io::Error::other("its thread ended at once"));
        let (address, front) = started.recv().unwrap_or_else(|_| gone()).map_err(not_started)?;
        Ok(Service {
            spec: spec.clone(),
            address,
            endpoint: format!("http://{address}"),
            front,
            store,
            settings: Some(settings),
            runtime: handle,
            thread: Some(thread),
            _folder: folder,
        })
    }

    /// As it is now: with the latency and the errors that were set last.
    pub fn spec(&self) -> &ServiceSpec {
        &self.spec
    }

    /// On which port of 127.0.0.1 it is.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// By which it is given further sockets to accept on.
    pub fn besides(&self) -> Besides {
        Besides { front: Arc::clone(&self.front), runtime: self.runtime.clone() }
    }

    /// For instance `http://127.0.0.1:49152`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What a function must have in its environment to find the service. Credentials and region it has from Lambda.
    pub fn env_vars(&self) -> BTreeMap<String, String> {
        let variable = self.spec.kind.endpoint_variable().to_owned();
        BTreeMap::from([(variable, self.endpoint.clone())])
    }

    /// Changes how long requests wait that arrive from now on.
    pub fn set_latency(&mut self, latency: Latency) -> Result<(), SpecError> {
        self.change(ServiceSpec { latency, ..self.spec.clone() })
    }

    /// Changes which requests fail that arrive from now on.
    pub fn set_errors(&mut self, errors: Errors) -> Result<(), SpecError> {
        self.change(ServiceSpec { errors, ..self.spec.clone() })
    }

    fn change(&mut self, spec: ServiceSpec) -> Result<(), SpecError> {
        let settings = settings_of(&spec)?;
        if let Some(sender) = &self.settings {
            sender.send_replace(settings);
        }
        self.spec = spec;
        Ok(())
    }

    /// Creates a bucket of S3, past latency and errors.
    pub fn create_bucket(&self, bucket: &str) -> Result<(), ServiceError> {
        let service = self.s3("buckets")?;
        let name = bucket.to_owned();
        let created = self.wait(async move { s3::create_bucket(&service, &name).await });
        created.map_err(|message| refused(format!("create bucket \"{bucket}\""), message))
    }

    /// Writes an object of S3, past latency and errors.
    pub fn put_object(&self, bucket: &str, key: &str, object: Bytes) -> Result<(), ServiceError> {
        let service = self.s3("objects")?;
        let (name, of) = (bucket.to_owned(), key.to_owned());
        let put = self.wait(async move { s3::put_object(&service, &name, &of, object).await });
        put.map_err(|message| refused(format!("put object \"{key}\" into \"{bucket}\""), message))
    }

    /// Creates a table of DynamoDB, past latency and errors; it is active at once.
    pub fn create_table(&self, table: &TableSpec) -> Result<(), ServiceError> {
        let database = self.database("tables")?;
        dynamodb::create_table(database, table)
            .map_err(|message| refused(format!("create table \"{}\"", table.name), message))
    }

    /// Writes an item of DynamoDB, past latency and errors. The item is plain: a number is a number.
    pub fn put_item(&self, table: &str, item: &Map<String, Value>) -> Result<(), ServiceError> {
        let database = self.database("items")?;
        dynamodb::put_item(database, table, item)
            .map_err(|message| refused(format!("put an item into table \"{table}\""), message))
    }

    fn s3(&self, what: &'static str) -> Result<S3Service, ServiceError> {
        match &self.store {
            Store::S3(service) => Ok(service.clone()),
            _ => Err(ServiceError::HasNo { kind: self.spec.kind, what }),
        }
    }

    fn database(&self, what: &'static str) -> Result<&Database, ServiceError> {
        match &self.store {
            Store::DynamoDb(database) => Ok(database),
            _ => Err(ServiceError::HasNo { kind: self.spec.kind, what }),
        }
    }

    /// Waits for work on the service's own threads, whoever calls.
    fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, String>> + Send + 'static,
    ) -> Result<T, String> {
        let (done, result) = mpsc::channel();
        self.runtime.spawn(async move { done.send(work.await) });
        result.recv().unwrap_or_else(|_| Err("the service has ended".to_owned()))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Whoever serves watches the settings, and ends when nobody can change them any more.
        self.settings = None;
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

impl Store {
    /// What answers requests; called on the service's runtime.
    async fn serve(self) -> io::Result<Backend> {
        Ok(match self {
            Store::S3(service) => Backend::S3(service),
            Store::DynamoDb(database) => {
                Backend::DynamoDb(Box::new(Forward::start(database).await?))
            }
            Store::Nothing => Backend::Http,
        })
    }
}

fn settings_of(spec: &ServiceSpec) -> Result<Settings, SpecError> {
    Ok(Settings { latency: spec.latency.distribution(spec.kind)?, errors: spec.errors })
}

/// Opens the state, and makes the folder that it needs.
fn open(
    spec: &ServiceSpec,
    temporary_folder: &Path,
) -> Result<(Store, Option<TempDir>), ServiceError> {
    let kind = spec.kind;
    let unusable = |path: &Path, source: BoxError| ServiceError::Folder {
        kind,
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = &spec.folder {
        fs::create_dir_all(folder).map_err(|error| unusable(folder, error.into()))?;
    }
    match kind {
        ServiceKind::Http => Ok((Store::Nothing, None)),
        ServiceKind::DynamoDb => {
            let database = dynamodb::open(spec.folder.as_deref());
            let place = spec.folder.as_deref().unwrap_or(Path::new("memory"));
            Ok((Store::DynamoDb(database.map_err(|error| unusable(place, error))?), None))
        }
        ServiceKind::S3 => {
            let temporary = match &spec.folder {
                Some(_) => None,
                None => {
                    let folder =
                        tempfile::Builder::new().prefix("kelvin-s3-").tempdir_in(temporary_folder);
                    Some(folder.map_err(|error| unusable(temporary_folder, error.into()))?)
                }
            };
            let folder = spec.folder.as_deref().or(temporary.as_ref().map(TempDir::path));
            let folder = folder.expect("it is the caller's or a temporary one");
            let service = s3::open(folder).map_err(|error| unusable(folder, error))?;
            Ok((Store::S3(service), temporary))
        }
    }
}

fn runtime(kind: ServiceKind) -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name(name_of_threads(kind))
        .enable_all()
        .build()
}

/// The system keeps 15 bytes of it.
fn name_of_threads(kind: ServiceKind) -> String {
    format!("kelvin-{kind}")
}

fn refused(action: String, message: String) -> ServiceError {
    ServiceError::Refused { action, message }
}
