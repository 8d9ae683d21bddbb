//! Starting the guard, with the cgroups that it keeps.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{CgroupPlan, GuardClient};
use crate::cpu::CpuLimit;
use crate::cpu::cgroup::{self, Cgroup};
use crate::{Options, StartError};

/// A guard that nobody serves yet.
#[derive(Debug)]
pub(crate) struct Started {
    pub child: Child,
    /// For [`GuardClient::serve`]. When it is dropped, the guard ends everything and then itself.
    pub socket: OwnedFd,
    /// Holds the cgroups of processes, where they are limited by cgroup.
    pub cgroup: Option<Cgroup>,
    /// Why environments cannot have files of their own, if they cannot.
    pub no_private_files: Option<String>,
    /// Why functions cannot be shown more cores than they run on, if they cannot.
    pub no_visible: Option<String>,
}

/// Starts the guard of an emulator whose environments have their folders in `root`.
pub(crate) fn start(options: &Options, root: &Path) -> Result<Started, StartError> {
    let limit = options.limits.cpu;
    let _one_at_a_time = one_at_a_time(limit);
    let own = (limit == CpuLimit::Cgroup).then(cgroup::own).transpose()?;
    let unusable = |source| StartError::Guard { program: options.guard.path.clone(), source };
    let (mut child, socket, ready) = GuardClient::start(&options.guard, root).map_err(unusable)?;
    if let Some(error) = ready.no_folder {
        drop(socket);
        child.wait().ok();
        let source = std::io::Error::from_raw_os_error(error);
        return Err(StartError::Folder { folder: options.temporary_folder.clone(), source });
    }
    let (no_private_files, no_visible) = (ready.no_private_files, ready.no_visible);
    let Some(own) = own else {
        return Ok(Started { child, socket, cgroup: None, no_private_files, no_visible });
    };
    let failure = match GuardClient::make_cgroups(&socket, plan(own, root)) {
        Ok(Ok(cgroup)) => {
            let cgroup = Some(cgroup);
            return Ok(Started { child, socket, cgroup, no_private_files, no_visible });
        }
        Ok(Err(refused)) => refused.into(),
        Err(source) => unusable(source),
    };
    drop(socket);
    child.wait().ok();
    Err(failure)
}

/// Emulators of one process take turns at their beginning and end, because they move it between cgroups.
pub(crate) fn one_at_a_time(limit: CpuLimit) -> Option<MutexGuard<'static, ()>> {
    static TURN: Mutex<()> = Mutex::new(());
    (limit == CpuLimit::Cgroup).then(|| TURN.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The folder has a name that no other emulator has; so has the cgroup.
fn plan(own: Cgroup, root: &Path) -> CgroupPlan {
    let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
    CgroupPlan { own, harness: std::process::id(), name }
}
