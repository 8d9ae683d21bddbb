//! `kelvin services`: the services that functions talk to, on their own.

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write;

use anyhow::Context;
use kelvin_services::{CREDENTIALS, Service, ServiceKind, ServiceSpec};

use crate::cli::ServicesArgs;
use crate::exit::Exit;
use crate::signals::Stop;
use crate::terminal;

pub(crate) fn services(args: &ServicesArgs) -> anyhow::Result<Exit> {
    let specs = specs(args)?;
    let mut stop = Stop::on_signals().context("failed to watch for signals")?;
    let temporary_folder = env::temp_dir();
    let started = specs.iter().map(|spec| Service::start(spec, &temporary_folder));
    let running = started.collect::<Result<Vec<_>, _>>()?;
    terminal::print(&exports(&running))?;
    let names: Vec<_> = specs.iter().map(|spec| spec.kind.as_str()).collect();
    terminal::complain(&format!("serving {} until Ctrl-C", names.join(", ")));
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    // The sender lives as long as the process.
    runtime.block_on(stop.watch.wait_for(|wanted| *wanted)).ok();
    Ok(Exit::Done)
}

/// What was asked for, each service once; checked before any of them is started.
fn specs(args: &ServicesArgs) -> anyhow::Result<Vec<ServiceSpec>> {
    let named: BTreeSet<ServiceKind> = args.services.iter().copied().collect();
    let kinds = if named.is_empty() { BTreeSet::from(ServiceKind::ALL) } else { named };
    let specs = kinds.into_iter().map(|kind| {
        let keeps = kind != ServiceKind::Http;
        let folder = args.folder.as_ref().filter(|_| keeps).map(|dir| dir.join(kind.as_str()));
        let spec = ServiceSpec {
            kind,
            latency: args.latency,
            errors: args.errors,
            seed: args.seed,
            folder,
        };
        spec.validate()?;
        Ok(spec)
    });
    specs.collect()
}

/// Lines for a shell.
fn exports(running: &[Service]) -> String {
    let mut text = String::new();
    let mut export = |name: &str, value: &str| {
        writeln!(text, "export {name}={value}").expect("writing to a string does not fail");
    };
    for service in running {
        for (name, value) in service.env_vars() {
            export(&name, &value);
        }
    }
    if running.iter().any(|service| service.spec().kind != ServiceKind::Http) {
        let (access_key, secret_key) = CREDENTIALS;
        export("AWS_ACCESS_KEY_ID", access_key);
        export("AWS_SECRET_ACCESS_KEY", secret_key);
        export("AWS_REGION", "us-east-1");
    }
    text
}
