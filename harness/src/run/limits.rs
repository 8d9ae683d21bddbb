//! Which limits are wanted, and which are a condition.

use anyhow::bail;
use kelvin_emulator::{IdleExpiry, Limits, Scaling, cpu};
use kelvin_lambda::PlatformFacts;

use crate::cli::{self, CpuLimit, LimitArgs, PrivateFiles, Switch};

pub(super) fn wanted(args: &LimitArgs) -> Limits {
    Limits {
        cpu: match args.cpu_limit {
            CpuLimit::Auto | CpuLimit::Tick => cpu::CpuLimit::Tick,
            CpuLimit::Cgroup => cpu::CpuLimit::Cgroup,
            CpuLimit::Off => cpu::CpuLimit::Off,
        },
        memory: args.memory_limit == Switch::On,
        freeze: args.freeze == Switch::On,
        files: args.private_files == PrivateFiles::Auto,
    }
}

/// The seed decides when environments expire.
pub(super) fn scaling(args: &LimitArgs, seed: u64) -> Scaling {
    Scaling {
        concurrency: args.concurrency,
        idle: match args.idle_expiry {
            cli::IdleExpiry::Aws => IdleExpiry::Aws,
            cli::IdleExpiry::Never => IdleExpiry::Never,
            cli::IdleExpiry::After(lifetime) => IdleExpiry::After(lifetime),
        },
        seed,
        ..Scaling::default()
    }
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
