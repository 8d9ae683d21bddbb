//! `deploy()`: from a map in the script to a function on the platform.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use kelvin_lambda::{
    Architecture, CaseDescription, EphemeralStorage, FunctionConfig, MemorySize, Timeout,
};
use kelvin_platform::{FunctionSpec, Network, PageCache};
use rhai::Map;

use crate::fields::Fields;
use crate::function::{Case, Deployed, Function};
use crate::session::{Fault, Outside, Session};
use crate::{Deployment, Progress, ScriptFolder, Source, Wanted, conditions, runtime, suggest};

const KEYS: [&str; 16] = [
    "workload",
    "bootstrap",
    "runtime",
    "client",
    "code",
    "handler",
    "name",
    "variant",
    "memory",
    "timeout",
    "architecture",
    "env",
    "ephemeral_storage",
    "reserved_concurrency",
    "page_cache",
    "network",
];

/// Starts a managed runtime instead of Lambda ("Modifying the runtime environment", AWS Lambda developer guide).
const EXEC_WRAPPER: &str = "AWS_LAMBDA_EXEC_WRAPPER";

/// By which a container image would be named.
const IMAGES: [&str; 3] = ["image", "image_uri", "package_type"];
const NO_IMAGES: &str = "container images are not run here; take the function's files out of the image, and give what its \
                         ENTRYPOINT starts as bootstrap, or its code with a runtime";

/// What a script asked for, checked as far as it can be without looking outside.
struct Request {
    wanted: Wanted,
    /// Its environment variables are the script's own.
    config: FunctionConfig,
    named: bool,
    page_cache: Option<PageCache>,
    network: Option<Network>,
}

impl Session {
    /// Builds what is wanted, creates the function and tells the host.
    pub(crate) fn deploy(&self, map: Map) -> Result<Function, Fault> {
        let outside = self.outside("deploy")?;
        let mut request = request(map, &*self.beside).map_err(|e| format!("deploy: {e}"))?;
        self.add_function("deploy")?;
        self.choose_name(&mut request)?;
        let name = request.config.name.clone();
        let deployed = self.create(outside, request);
        if deployed.is_err() {
            self.state().names.remove(&name);
        }
        deployed
    }

    fn create(&self, outside: &Outside, request: Request) -> Result<Function, Fault> {
        let Request { wanted, mut config, page_cache, network, .. } = request;
        config.validate().map_err(|e| format!("deploy: {e}"))?;

        outside.host.progress(Progress::Deploying { name: &config.name, wanted: &wanted });
        let resolved = outside.host.resolve(&wanted);
        // What the user stopped has not failed: a build ends early then.
        self.go_on()?;
        let mut resolved = resolved?;
        let of_services = self.state().service_env_vars.clone();
        resolved.env_vars = with_defaults(&of_services, resolved.env_vars);
        config.env_vars = with_defaults(&resolved.env_vars, config.env_vars);
        config.validate().map_err(|e| format!("deploy: {e}"))?;

        let name = config.name.clone();
        let spec = FunctionSpec {
            config: config.clone(),
            bootstrap: resolved.bootstrap,
            page_cache: self.page_cache_of(page_cache),
            reads: resolved.reads,
            network,
        };
        let action = || format!("failed to deploy function \"{name}\"");
        let id = self.wait(outside, action, outside.platform.deploy(spec.clone()))?;

        let Wanted { source, variant, .. } = wanted;
        let variant = resolved.variant.unwrap_or(variant);
        let workload = resolved.workload;
        outside.host.deployed(
            id,
            &Deployment { spec, source, workload: workload.clone(), variant: variant.clone() },
        );
        self.state().outcome.functions += 1;
        let deployed = Arc::new(Deployed {
            id,
            name,
            workload,
            variant,
            cases: cases(&resolved.cases),
            default_env_vars: resolved.env_vars,
            config: Mutex::new(config),
            removed: AtomicBool::new(false),
        });
        Ok(Function(deployed, None, None))
    }

    /// Names are unique within a run, those of removed functions included: records go by them. The name is taken at once,
    /// as closures of `parallel()` may want the same.
    fn choose_name(&self, request: &mut Request) -> Result<(), Fault> {
        let names = &mut self.state().names;
        let name = &mut request.config.name;
        if names.insert(name.clone()) {
            return Ok(());
        }
        if request.named {
            return Err(format!(
                "deploy: there is a function \"{name}\" already; give this one another name"
            )
            .into());
        }
        let numbered = |n: u32| {
            let end = format!("-{n}");
            format!("{}{end}", &name[..name.len().min(64 - end.len())])
        };
        let free = (2..).map(numbered).find(|candidate| names.insert(candidate.clone()));
        *name = free.expect("there are more numbers than functions");
        Ok(())
    }
}

fn request(map: Map, beside: &dyn ScriptFolder) -> Result<Request, String> {
    if map.keys().any(|key| IMAGES.contains(&key.as_str())) {
        return Err(NO_IMAGES.to_owned());
    }
    let mut fields = Fields::new("key", map, &KEYS)?;
    let (workload, bootstrap) = (fields.string("workload")?, fields.string("bootstrap")?);
    let handler = fields.string("handler")?;
    let runtime = runtime::wanted(&mut fields, handler.clone(), beside)?;
    let mut source = match (workload, bootstrap, runtime) {
        (Some(name), None, None) => Source::Workload(name),
        (None, Some(path), None) => Source::Bootstrap(beside.path(Path::new(&path))),
        (None, None, Some(runtime)) => Source::Runtime(runtime),
        (None, None, None) => {
            return Err("give the name of a workload or of a runtime, or the path of a bootstrap"
                .to_owned());
        }
        _ => return Err("give one of workload, bootstrap and runtime".to_owned()),
    };
    let mut config = FunctionConfig::new(String::new());
    let variant = fields.string("variant")?;
    let variant = match &source {
        Source::Runtime(_) if variant.is_some() => {
            return Err("variant: a runtime is not built, and has none to choose".to_owned());
        }
        Source::Runtime(runtime) => {
            config.handler.clone_from(&runtime.handler);
            String::new()
        }
        _ => variant.unwrap_or_else(|| "release".to_owned()),
    };
    match (&source, handler) {
        // A custom runtime finds it by `_HANDLER`.
        (Source::Bootstrap(_), Some(handler)) => config.handler = handler,
        (Source::Workload(_), Some(_)) => {
            return Err("handler: a workload has its own; it is for a bootstrap or for the code of a runtime"
                .to_owned());
        }
        _ => {}
    }
    read_limits(&mut fields, &mut config)?;
    if let Some(name) = fields.string("architecture")? {
        config.architecture = architecture(&name)?;
    }
    config.reserved_concurrency = fields.whole("reserved_concurrency")?;
    config.env_vars = fields.strings("env")?.unwrap_or_default();
    if let Source::Runtime(runtime) = &mut source {
        runtime.exec_wrapper = config.env_vars.get(EXEC_WRAPPER).cloned();
    }
    let page_cache = fields.string("page_cache")?;
    let page_cache = page_cache.as_deref().map(conditions::page_cache).transpose()?;
    let name = fields.string("name")?;
    let named = name.is_some();
    config.name = name.unwrap_or_else(|| default_name(&source, &variant, config.memory_size));
    let network = fields.string("network")?;
    let network = network.as_deref().map(conditions::network).transpose()?;
    let path = config.env_vars.get("PATH").cloned();
    let wanted = Wanted { source, variant, path };
    Ok(Request { wanted, config, named, page_cache, network })
}

/// Reads what `deploy()` and `configure()` have in common into `config`.
pub(crate) fn read_limits(fields: &mut Fields, config: &mut FunctionConfig) -> Result<(), String> {
    if let Some(mb) = fields.whole("memory")? {
        config.memory_size = MemorySize::new(mb).map_err(|e| e.to_string())?;
    }
    if let Some(seconds) = fields.whole("timeout")? {
        config.timeout = Timeout::new(seconds).map_err(|e| e.to_string())?;
    }
    if let Some(mb) = fields.whole("ephemeral_storage")? {
        config.ephemeral_storage = EphemeralStorage::new(mb).map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn architecture(name: &str) -> Result<Architecture, String> {
    const KNOWN: [Architecture; 2] = [Architecture::X86_64, Architecture::Arm64];
    let Some(wanted) = KNOWN.into_iter().find(|architecture| architecture.as_str() == name) else {
        return Err(suggest::unknown("architecture", name, KNOWN.map(Architecture::as_str)));
    };
    let here = Architecture::of_this_build();
    if wanted == here {
        Ok(wanted)
    } else {
        Err(format!("architecture {wanted} cannot be run here: this machine is {here}"))
    }
}

/// `json-release-128` or `python-128`, with what a name cannot have replaced, and at most 64 bytes long.
fn default_name(source: &Source, variant: &str, memory_size: MemorySize) -> String {
    let stem = match source {
        Source::Workload(name) => name.clone(),
        Source::Bootstrap(path) => name_of_bootstrap(path),
        Source::Runtime(runtime) => runtime.name.clone(),
    };
    let valid = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let variant = if variant.is_empty() { String::new() } else { format!("-{variant}") };
    let end: String = format!("{variant}-{}", memory_size.mb()).chars().map(valid).collect();
    let start: String = stem.chars().map(valid).collect();
    let mut name: String = start.chars().take(64_usize.saturating_sub(end.len())).collect();
    name.push_str(&end);
    name.truncate(64);
    name
}

/// Packed programs are all named `bootstrap`, so the folder tells them apart.
fn name_of_bootstrap(path: &Path) -> String {
    let of = |part: Option<&std::ffi::OsStr>| part.map(|name| name.to_string_lossy().into_owned());
    let stem = of(path.file_stem()).unwrap_or_default();
    if stem == "bootstrap" {
        return of(path.parent().and_then(Path::file_name)).unwrap_or(stem);
    }
    stem
}

fn cases(described: &[CaseDescription]) -> Vec<Case> {
    let case = |case: &CaseDescription| Case {
        name: case.name.clone(),
        payload: Bytes::from(case.event.to_string()),
    };
    described.iter().map(case).collect()
}

/// The environment variables of a function whose script sets `given`.
pub(crate) fn with_defaults(
    defaults: &BTreeMap<String, String>,
    given: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut env_vars = defaults.clone();
    env_vars.extend(given);
    env_vars
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Client, WantedRuntime};

    #[test]
    fn default_names_are_valid_and_say_what_it_is() {
        let check = |source: Source, variant: &str, expected: &str| {
            let name = default_name(&source, variant, MemorySize::MIN);
            assert_eq!(name, expected);
            assert_eq!(FunctionConfig::new(name).validate(), Ok(()));
        };
        let workload = |name: &str| Source::Workload(name.to_owned());
        check(workload("json"), "release", "json-release-128");
        check(workload("json"), "lto=fat,cpu=x86-64-v3", "json-lto-fat-cpu-x86-64-v3-128");
        check(Source::Bootstrap("target/mine/bootstrap".into()), "release", "mine-release-128");
        let runtime = |name: &str| {
            let (name, handler) = (name.to_owned(), "app.handler".to_owned());
            let (client, exec_wrapper) = (Client::Aws, None);
            Source::Runtime(WantedRuntime { name, client, code: None, handler, exec_wrapper })
        };
        check(runtime("python"), "", "python-128");
        check(runtime("nodejs22.x"), "", "nodejs22-x-128");
        check(Source::Bootstrap("bootstrap".into()), "release", "bootstrap-release-128");
        check(Source::Bootstrap("a/größe.bin".into()), "release", "gr--e-release-128");
        check(workload(&"x".repeat(80)), "release", &format!("{}-release-128", "x".repeat(52)));
        check(workload("x"), &"v".repeat(80), &format!("-{}", "v".repeat(63)));
    }
}
