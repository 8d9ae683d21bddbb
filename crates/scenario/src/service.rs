//! Services that functions talk to: what a script asks the host for, and its handle.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rhai::{Dynamic, ImmutableString, Map, NativeCallContext};
use serde_json::Value;

use crate::fields::show;
use crate::json;
use crate::language::Language;
use crate::session::{Fault, Raised, Session};
use crate::{HostError, suggest};

/// A service that a script asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedService {
    /// For instance `dynamodb`.
    pub kind: String,
    /// The rest of what the script said: `latency`, `errors`, …
    pub options: serde_json::Map<String, Value>,
}

/// A service that runs until the host ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartedService {
    /// What the host calls it by.
    pub id: ServiceId,
    /// Environment variables of functions that are deployed from now on, unless the script sets the same.
    pub env_vars: BTreeMap<String, String>,
}

/// A service of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(pub u32);

/// What a script does to a service.
#[derive(Clone, Debug, PartialEq)]
pub enum ServiceChange {
    /// Requests wait this long from now on.
    Latency(String),
    /// These fail from now on.
    Errors(Value),
    /// S3 gets a bucket.
    Bucket(String),
    /// S3 gets an object.
    Object {
        /// The bucket that it is put into.
        bucket: String,
        /// Its key.
        key: String,
        /// Its content; a relative path is already joined with the script's folder.
        file: PathBuf,
    },
    /// DynamoDB gets a table.
    Table {
        /// Its name.
        name: String,
        /// Attributes of the key, one or two: a name, or a name and a type like `n:N`.
        key: Vec<String>,
    },
    /// DynamoDB gets an item.
    Item {
        /// The table that it is put into.
        table: String,
        /// Plain, a number is a number.
        item: serde_json::Map<String, Value>,
    },
}

/// What a script can say of a service.
const OPTIONS: [&str; 4] = ["latency", "errors", "seed", "folder"];

/// A script's handle.
#[derive(Clone, Debug)]
pub(crate) struct Service(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    kind: String,
    started: StartedService,
}

impl Session {
    /// `service()`.
    fn service(&self, kind: &str, options: Map) -> Result<Service, Fault> {
        let outside = self.outside("service")?;
        if let Some(key) = options.keys().find(|key| !OPTIONS.contains(&key.as_str())) {
            return Err(format!("service: {}", suggest::unknown("key", key, OPTIONS)).into());
        }
        let mut options =
            object(&Dynamic::from_map(options)).map_err(|e| format!("service: {e}"))?;
        if let Some(Value::String(folder)) = options.get_mut("folder") {
            let path = self.beside.path(Path::new(folder));
            *folder = path.into_os_string().into_string().map_err(|path| {
                format!("service: the path {} is not UTF-8", path.to_string_lossy())
            })?;
        }
        self.add_service("service")?;
        let wanted = WantedService { kind: kind.to_owned(), options };
        let started = outside.host.service(&wanted)?;
        self.state().service_env_vars.extend(started.env_vars.clone());
        Ok(Service(Arc::new(Handle { kind: wanted.kind, started })))
    }

    fn change(&self, service: &Service, change: &ServiceChange) -> Result<(), Fault> {
        let outside = self.outside("service")?;
        match change {
            ServiceChange::Latency(_) => self.add_service("latency")?,
            ServiceChange::Errors(_) => self.add_service("errors")?,
            // They are limited as data of a service are.
            _ => {}
        }
        Ok(outside.host.change_service(service.0.started.id, change)?)
    }
}

/// A map as a JSON object.
fn object(map: &Dynamic) -> Result<serde_json::Map<String, Value>, String> {
    match json::from_script(map)? {
        Value::Object(object) => Ok(object),
        _ => Err(format!("expected a map, got {}", show(map))),
    }
}

/// A property of the handle.
fn property(service: &Service, name: &str) -> Result<Dynamic, String> {
    match name {
        "kind" => Ok(service.0.kind.clone().into()),
        "env" => {
            let env = service.0.started.env_vars.iter();
            let env = env.map(|(name, value)| (name.as_str().into(), value.clone().into()));
            Ok(Dynamic::from_map(env.collect()))
        }
        _ => Err(suggest::unknown("property of a service", name, ["env", "kind"])),
    }
}

/// Makes `service()` and the methods of its handle known.
pub(crate) fn add(language: &mut Language<'_>) {
    language.engine.register_type_with_name::<Service>("service");
    language.engine.register_indexer_get(|service: &mut Service, name: &str| -> Raised<Dynamic> {
        property(service, name).map_err(Into::into)
    });
    language.engine.register_fn("to_string", |service: Service| service.0.kind.clone());
    language.group("Services");
    add_start(language);
    add_changes(language);
    add_s3(language);
    add_dynamodb(language);
}

fn add_start(language: &mut Language<'_>) {
    language
        .add(
            "service(\"s3\" | \"dynamodb\" | \"http\")",
            "Starts a service; functions deployed afterwards find it in their environment.",
            |s| {
                move |ctx: NativeCallContext<'_>, kind: &str| {
                    s.answer(&ctx, s.service(kind, Map::new()))
                }
            },
        )
        .returns(
            "the service, with the properties `kind` and `env`, the variables that functions get",
        )
        .example("let s3 = service(\"s3\");\nnote(s3.env);");
    language.add(
        "service(\"dynamodb\", #{ latency, errors, seed, folder })",
        "The same with a latency like \"4ms\" or \"p50=4ms p99=20ms\" and errors like 0.01 or \"throttle=2%\".",
        |s| {
            move |ctx: NativeCallContext<'_>, kind: &str, options: Map| {
                s.answer(&ctx, s.service(kind, options))
            }
        },
    ).returns("the service").example("service(\"dynamodb\", #{ latency: \"p50=4ms p99=20ms\", errors: \"throttle=2%\" });");
}

fn add_changes(language: &mut Language<'_>) {
    language
        .add("s.latency(\"10ms\")", "Changes how long requests wait from now on.", |s| {
            move |ctx: NativeCallContext<'_>, service: Service, latency: ImmutableString| {
                s.answer(&ctx, s.change(&service, &ServiceChange::Latency(latency.into())))
            }
        })
        .example("let s = service(\"http\");\ns.latency(\"10ms\");");
    language
        .add("s.errors(0.01)", "Changes which requests fail from now on.", |s| {
            move |ctx: NativeCallContext<'_>, service: Service, errors: Dynamic| {
                let errors =
                    json::from_script(&errors).map_err(|e| Fault::from(format!("errors: {e}")));
                let done = errors.and_then(|e| s.change(&service, &ServiceChange::Errors(e)));
                s.answer(&ctx, done)
            }
        })
        .example("let s = service(\"http\");\ns.errors(#{ error: 0.01, reset: 0.01 });");
}

fn add_s3(language: &mut Language<'_>) {
    language
        .add("s.bucket(\"name\")", "Creates a bucket of S3.", |s| {
            move |ctx: NativeCallContext<'_>, service: Service, name: ImmutableString| {
                s.answer(&ctx, s.change(&service, &ServiceChange::Bucket(name.into())))
            }
        })
        .example("let s = service(\"s3\");\ns.bucket(\"photos\");");
    language.add("s.put(bucket, key, file)", "Puts a file into a bucket of S3.", |s| {
        move |ctx: NativeCallContext<'_>,
              service: Service,
              bucket: ImmutableString,
              key: ImmutableString,
              file: &str| {
            let file = s.beside.path(Path::new(file));
            let change = ServiceChange::Object { bucket: bucket.into(), key: key.into(), file };
            s.answer(&ctx, s.change(&service, &change))
        }
    }).example("let s = service(\"s3\");\ns.bucket(\"photos\");\ns.put(\"photos\", \"a.jpg\", \"data/a.jpg\");");
}

fn add_dynamodb(language: &mut Language<'_>) {
    language
        .add("s.table(\"name\", \"pk\")", "Creates a table of DynamoDB.", |s| {
            move |ctx: NativeCallContext<'_>,
                  service: Service,
                  name: ImmutableString,
                  key: ImmutableString| {
                let change = ServiceChange::Table { name: name.into(), key: vec![key.into()] };
                s.answer(&ctx, s.change(&service, &change))
            }
        })
        .example("let s = service(\"dynamodb\");\ns.table(\"items\", \"id\");");
    language
        .add(
            "s.table(\"name\", \"pk\", \"sk:N\")",
            "The same with a sort key; types are S, N and B.",
            |s| {
                move |ctx: NativeCallContext<'_>,
                      service: Service,
                      name: ImmutableString,
                      key: ImmutableString,
                      sort: ImmutableString| {
                    let key = vec![key.into(), sort.into()];
                    s.answer(
                        &ctx,
                        s.change(&service, &ServiceChange::Table { name: name.into(), key }),
                    )
                }
            },
        )
        .example("let s = service(\"dynamodb\");\ns.table(\"invoices\", \"invoice\", \"line:N\");");
    language.add("s.item(table, #{ … })", "Puts an item into a table of DynamoDB.", |s| {
        move |ctx: NativeCallContext<'_>, service: Service, table: ImmutableString, item: Map| {
            let item =
                object(&Dynamic::from_map(item)).map_err(|e| Fault::from(format!("item: {e}")));
            let done = item.and_then(|item| {
                s.change(&service, &ServiceChange::Item { table: table.into(), item })
            });
            s.answer(&ctx, done)
        }
    }).example("let s = service(\"dynamodb\");\ns.table(\"items\", \"id\");\ns.item(\"items\", #{ id: \"a\", price: 7 });");
}

/// What a host answers that has no services.
pub(crate) fn none() -> HostError {
    HostError::new("services are not to be had here")
}
