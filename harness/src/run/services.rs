//! The services of one run: from a script's words to services that run.

use std::fs;
use std::path::{Path, PathBuf};

use kelvin_emulator::Doors;
use kelvin_scenario::{HostError, RunOptions, ServiceChange, ServiceId, WantedService};
use kelvin_services::{Errors, Latency, Service, ServiceKind, ServiceSpec, TableSpec};
use serde_json::Value;

/// All services that a script has started; they end with the run.
pub(super) struct Services {
    temporary_folder: PathBuf,
    /// By which functions reach services in a network of their own.
    doors: Doors,
    seed: u64,
    running: Vec<Service>,
}

/// A change whose texts have been read.
pub(super) enum Change<'a> {
    Latency(Latency),
    Errors(Errors),
    Bucket(&'a str),
    Object { bucket: &'a str, key: &'a str, file: &'a Path },
    Table(TableSpec),
    Item { table: &'a str, item: &'a serde_json::Map<String, Value> },
}

impl Services {
    /// None yet. Their temporary state goes to a folder that is removed however the run ends.
    pub(super) fn new(options: &RunOptions, temporary_folder: &Path, doors: Doors) -> Services {
        Services {
            temporary_folder: temporary_folder.to_owned(),
            doors,
            seed: options.seed,
            running: Vec::new(),
        }
    }

    pub(super) fn start(
        &mut self,
        wanted: &WantedService,
    ) -> Result<(ServiceId, &Service), HostError> {
        let index = u32::try_from(self.running.len()).unwrap_or(u32::MAX);
        // Two services of one run must not fail in step.
        let spec = spec(wanted, self.seed.wrapping_add(index.into()))?;
        let service = Service::start(&spec, &self.temporary_folder);
        let service = service.map_err(starting)?;
        let besides = service.besides();
        self.doors.open(service.port(), move |listener| Box::new(besides.accept(listener)));
        self.running.push(service);
        let last = self.running.last().expect("it has just been added");
        Ok((ServiceId(index), last))
    }

    /// Carries out a change; returns what the service is like now, if that is another than before.
    pub(super) fn change(
        &mut self,
        id: ServiceId,
        change: &ServiceChange,
    ) -> Result<Option<&ServiceSpec>, HostError> {
        let change = read(change)?;
        let index = usize::try_from(id.0).unwrap_or(usize::MAX);
        let Some(service) = self.running.get_mut(index) else {
            return Err(HostError::new("there is no such service"));
        };
        match change {
            Change::Latency(latency) => {
                service.set_latency(latency).map_err(changing)?;
                return Ok(Some(service.spec()));
            }
            Change::Errors(errors) => {
                service.set_errors(errors).map_err(changing)?;
                return Ok(Some(service.spec()));
            }
            Change::Bucket(name) => service.create_bucket(name),
            Change::Table(table) => service.create_table(&table),
            Change::Item { table, item } => service.put_item(table, item),
            Change::Object { bucket, key, file } => {
                let object = fs::read(file).map_err(|error| {
                    HostError::because(format!("failed to read {}", file.display()), error)
                })?;
                service.put_object(bucket, key, object.into())
            }
        }
        .map_err(changing)?;
        Ok(None)
    }
}

/// Reads what a script says of a service. `seed` is for one that says none.
pub(super) fn spec(wanted: &WantedService, seed: u64) -> Result<ServiceSpec, HostError> {
    let kind: ServiceKind = wanted.kind.parse().map_err(starting)?;
    let mut map = wanted.options.clone();
    map.insert("kind".to_owned(), kind.as_str().into());
    map.entry("seed").or_insert_with(|| seed.into());
    let spec: ServiceSpec = serde_json::from_value(map.into()).map_err(starting)?;
    spec.validate().map_err(starting)?;
    Ok(spec)
}

/// Reads the texts of a change.
pub(super) fn read(change: &ServiceChange) -> Result<Change<'_>, HostError> {
    Ok(match change {
        ServiceChange::Latency(text) => Change::Latency(text.parse().map_err(changing)?),
        ServiceChange::Errors(value) => {
            let errors = serde_json::from_value(value.clone());
            Change::Errors(errors.map_err(changing)?)
        }
        ServiceChange::Bucket(name) => Change::Bucket(name),
        ServiceChange::Object { bucket, key, file } => Change::Object { bucket, key, file },
        ServiceChange::Item { table, item } => Change::Item { table, item },
        ServiceChange::Table { name, key } => {
            let key = |index: usize| key.get(index).map(|text| text.parse()).transpose();
            let sort_key = key(1).map_err(changing)?;
            let partition_key = key(0).map_err(changing)?;
            let partition_key =
                partition_key.ok_or_else(|| HostError::new("a table has a partition key"))?;
            Change::Table(TableSpec { name: name.clone(), partition_key, sort_key })
        }
    })
}

fn starting(error: impl std::error::Error + Send + Sync + 'static) -> HostError {
    HostError::because("failed to start a service", error)
}

fn changing(error: impl std::error::Error + Send + Sync + 'static) -> HostError {
    HostError::because("failed to change or prepare a service", error)
}
