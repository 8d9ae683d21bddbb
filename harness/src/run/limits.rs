//! Which limits are wanted, and which are a condition.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use clap::{Parser, ValueEnum};
use kelvin_emulator::{IdleExpiry, Limits, ReleaseDelay, Scaling, cpu};
use kelvin_lambda::PlatformFacts;
use kelvin_platform::PageCache;

use crate::cli::{self, CpuLimit, LimitArgs, PrivateFiles, Switch};

pub(super) fn wanted(args: &LimitArgs) -> Limits {
    Limits {
        cpu: match args.cpu_limit.unwrap_or_default() {
            CpuLimit::Auto | CpuLimit::Tick => cpu::CpuLimit::Tick,
            CpuLimit::Cgroup => cpu::CpuLimit::Cgroup,
            CpuLimit::Off => cpu::CpuLimit::Off,
        },
        memory: args.memory_limit.unwrap_or_default() == Switch::On,
        freeze: args.freeze.unwrap_or_default() == Switch::On,
        files: args.private_files.unwrap_or_default() == PrivateFiles::Auto,
    }
}

/// The seed decides when environments expire.
pub(super) fn scaling(args: &LimitArgs, seed: u64) -> Scaling {
    let defaults = Scaling::default();
    Scaling {
        concurrency: args.concurrency.unwrap_or(defaults.concurrency),
        idle: match args.idle_expiry.unwrap_or_default() {
            cli::IdleExpiry::Aws => IdleExpiry::Aws,
            cli::IdleExpiry::Never => IdleExpiry::Never,
            cli::IdleExpiry::After(lifetime) => IdleExpiry::After(lifetime),
        },
        release: match args.release_delay.unwrap_or_default() {
            cli::ReleaseDelay::Aws => ReleaseDelay::Aws,
            cli::ReleaseDelay::None => ReleaseDelay::None,
            cli::ReleaseDelay::After(delay) => ReleaseDelay::After(delay),
        },
        seed,
        ..defaults
    }
}

/// In the words of platforms.
pub(super) fn page_cache(page_cache: cli::PageCache) -> PageCache {
    match page_cache {
        cli::PageCache::Cold => PageCache::Cold,
        cli::PageCache::Warm => PageCache::Warm,
    }
}

/// What is given, by its name on the command line.
fn given(args: &LimitArgs) -> BTreeMap<String, String> {
    fn name<T: ValueEnum>(value: Option<T>) -> Option<String> {
        Some(value?.to_possible_value()?.get_name().to_owned())
    }
    let given = [
        ("cpu-limit", name(args.cpu_limit)),
        ("memory-limit", name(args.memory_limit)),
        ("freeze", name(args.freeze)),
        ("private-files", name(args.private_files)),
        ("awake-cores", name(args.awake_cores)),
        ("concurrency", args.concurrency.map(|n| n.to_string())),
        ("idle-expiry", args.idle_expiry.map(|expiry| expiry.to_string())),
        ("release-delay", args.release_delay.map(|delay| delay.to_string())),
        ("gap", args.gap.map(|gap| gap.to_string())),
        ("page-cache", name(args.page_cache)),
    ];
    given.into_iter().filter_map(|(option, value)| Some((option.to_owned(), value?))).collect()
}

/// All of them, defaults included, as the record has them.
pub(super) fn to_record(args: &LimitArgs) -> BTreeMap<String, String> {
    given(&LimitArgs {
        cpu_limit: Some(args.cpu_limit.unwrap_or_default()),
        memory_limit: Some(args.memory_limit.unwrap_or_default()),
        freeze: Some(args.freeze.unwrap_or_default()),
        private_files: Some(args.private_files.unwrap_or_default()),
        awake_cores: Some(args.awake_cores.unwrap_or_default()),
        concurrency: Some(args.concurrency.unwrap_or(Scaling::default().concurrency)),
        idle_expiry: Some(args.idle_expiry.unwrap_or_default()),
        release_delay: Some(args.release_delay.unwrap_or_default()),
        // Where they are not given, the scenario has them.
        gap: args.gap,
        page_cache: args.page_cache,
        require: Vec::new(),
    })
}

/// Those on record. Fails if others are given.
pub(super) fn of_record(
    recorded: &BTreeMap<String, String>,
    args: &LimitArgs,
) -> anyhow::Result<LimitArgs> {
    /// Only these options.
    #[derive(Parser)]
    struct Recorded {
        #[command(flatten)]
        limits: LimitArgs,
    }
    for (option, value) in given(args) {
        match recorded.get(&option) {
            Some(known) if *known == value => {}
            Some(known) => bail!(
                "--{option} {value}: the run was made with --{option} {known}, and all launches of a run are made alike; leave it out"
            ),
            None => bail!(
                "--{option}: the run does not say with which limits it was made; leave it out"
            ),
        }
    }
    let words = recorded.iter().map(|(option, value)| format!("--{option}={value}"));
    let read = Recorded::try_parse_from(["kelvin".to_owned()].into_iter().chain(words));
    let limits =
        read.context("failed to read the limits of the run; a newer kelvin made it")?.limits;
    Ok(LimitArgs { require: args.require.clone(), ..limits })
}

/// Fails unless the platform enforces all that is required.
pub(super) fn check(require: &[String], platform: &PlatformFacts) -> anyhow::Result<()> {
    for name in require {
        let limit =
            platform.enforcement.iter().find(|entry| entry.limit.replace(' ', "-") == *name);
        match limit {
            None => {
                let known = platform.enforcement.iter().map(|entry| entry.limit.replace(' ', "-"));
                let known: Vec<String> = known.collect();
                bail!("--require {name}: there is no such limit; there are: {}", known.join(", "));
            }
            Some(entry) if entry.by.is_none() => {
                let note = entry.note.as_deref().unwrap_or("no mechanism");
                bail!(
                    "--require {name}: it is not enforced ({note}); `kelvin doctor` says what is missing"
                );
            }
            Some(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_they_were_recorded() {
        let args = LimitArgs {
            cpu_limit: Some(CpuLimit::Off),
            idle_expiry: Some("90s".parse().unwrap()),
            ..LimitArgs::default()
        };
        let recorded = to_record(&args);
        let read = of_record(&recorded, &LimitArgs::default()).unwrap();
        assert_eq!(to_record(&read), recorded);
        assert_eq!((read.cpu_limit, read.idle_expiry), (args.cpu_limit, args.idle_expiry));
        assert!(of_record(&recorded, &args).is_ok());
        let other = LimitArgs { freeze: Some(Switch::Off), ..LimitArgs::default() };
        let error = of_record(&recorded, &other).unwrap_err().to_string();
        assert!(error.starts_with("--freeze off: the run was made with --freeze on"), "{error}");
    }
}
