//! `kelvin runtimes`: installs, lists and removes AWS's runtime interface clients.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use kelvin_scenario::Client;

use crate::cli::RuntimesCommand;
use crate::exit::Exit;
use crate::runtimes::cache::{Cache, Note};
use crate::runtimes::interpreter::Interpreter;
use crate::runtimes::locked::Locked;
use crate::runtimes::name::Name;
use crate::runtimes::{install, name};
use crate::signals::Stop;
use crate::terminal;

pub(crate) fn runtimes(command: &RuntimesCommand) -> anyhow::Result<Exit> {
    let cache = Cache::of_user()?;
    match command {
        RuntimesCommand::Install { runtimes } => install(&cache, runtimes),
        RuntimesCommand::List => list(&cache),
        RuntimesCommand::Remove { runtimes } => remove(&cache, runtimes),
    }
}

/// One that cannot be installed does not keep the others from it.
fn install(cache: &Cache, runtimes: &[String]) -> anyhow::Result<Exit> {
    let names: Vec<Name> =
        runtimes.iter().map(|name| name::read(name)).collect::<Result<_, _>>()?;
    let stop = Stop::on_signals().context("failed to watch for signals")?;
    let mut exit = Exit::Done;
    for name in names {
        match install_one(cache, &name, &|| stop.is_wanted()) {
            Ok(line) => terminal::print(&line)?,
            Err(error) => {
                terminal::complain(&format!("error: {error:#}"));
                exit = Exit::NotCarriedOut;
            }
        }
        stop.check()?;
    }
    Ok(exit)
}

fn install_one(
    cache: &Cache,
    name: &Name,
    stop: kelvin_artifact::Stop<'_>,
) -> anyhow::Result<String> {
    let kind = name.kind;
    let interpreter = Interpreter::choose(name, stop)?;
    if let Ok(found) = interpreter.clone().with_client(name, Client::Aws, stop) {
        let (what, program) = (found.describe(kind), found.program.display());
        return Ok(format!("{what} is there already: {program}\n"));
    }
    let (language, version) = (kind.language, &interpreter.version);
    terminal::complain(&format!("installing {} for {language} {version} …", kind.client));
    let note = install::install(cache, kind, &interpreter, stop)?;
    Ok(line(&note))
}

/// What is installed, for whoever asks what this machine has; fails if no folder is known.
pub(crate) fn installed() -> anyhow::Result<Vec<String>> {
    let installed = Cache::of_user()?.installed();
    let short = |note: &Note| {
        let Note { runtime, client, client_version, .. } = note;
        format!("{client} {client_version} for {runtime}")
    };
    Ok(installed.iter().map(|(_, note)| short(note)).collect())
}

fn list(cache: &Cache) -> anyhow::Result<Exit> {
    let installed = cache.installed();
    let mut text = String::new();
    for (_, note) in &installed {
        text.push_str(&line(note));
    }
    if installed.is_empty() {
        writeln!(
            text,
            "no runtimes in {}; to add them: kelvin runtimes install python nodejs",
            cache.folder.display()
        )?;
    }
    terminal::print(&text)?;
    Ok(Exit::Done)
}

fn line(note: &Note) -> String {
    let Note { runtime, client, client_version, interpreter, interpreter_version } = note;
    format!(
        "{runtime:12} {client} {client_version}, for {} ({interpreter_version})\n",
        interpreter.display()
    )
}

/// A language without a version stands for all versions of it. Where there is nothing for one name, nothing is removed.
fn remove(cache: &Cache, runtimes: &[String]) -> anyhow::Result<Exit> {
    let installed = cache.installed();
    let mut wanted_folders: Vec<&(PathBuf, Note)> = Vec::new();
    for asked in runtimes {
        let Name { kind, release } = name::read(asked)?;
        let of_language = |note: &Note| note.client == kind.client;
        let wanted = |note: &Note| match release {
            None => of_language(note),
            Some(_) => note.runtime == *asked,
        };
        let found: Vec<_> = installed.iter().filter(|(_, note)| wanted(note)).collect();
        if found.is_empty() {
            bail!("no client for {asked} is installed in {}", cache.folder.display());
        }
        wanted_folders.extend(found);
    }
    wanted_folders.sort_by(|a, b| a.0.cmp(&b.0));
    wanted_folders.dedup_by(|a, b| a.0 == b.0);
    let failed = || format!("failed to write to {}", cache.folder.display());
    let locked = Locked::take(&cache.folder).with_context(failed)?;
    for (folder, note) in wanted_folders {
        locked.remove(folder).with_context(|| format!("failed to remove {}", folder.display()))?;
        terminal::print(&format!("removed {}", line(note)))?;
    }
    Ok(Exit::Done)
}
