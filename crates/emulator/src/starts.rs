//! What every start of a function is made from: its code, what that reads outside of its package, and whose libraries it finds.

use std::path::{Path, PathBuf};

use kelvin_lambda::FunctionConfig;
use kelvin_sandbox::TASK_ROOT;
use rustix::fs::{Access, access};

use crate::deployable::Code;
use crate::env_vars::{self, Libraries};
use crate::page_cache::Program;

/// The same for all starts of a function.
#[derive(Clone, Debug)]
pub(crate) struct Starts {
    pub code: Code,
    pub libraries: Libraries,
    /// What a start reads, as far as that can be told beforehand.
    pub program: Program,
}

impl Starts {
    /// `reads` is what the code reads outside of its package, as far as whoever deploys it knows.
    pub(crate) fn of(code: Code, config: &FunctionConfig, reads: &[PathBuf]) -> Starts {
        let as_of_system = program(&code, config, reads, Libraries::OfSystem);
        let leads_elsewhere =
            as_of_system.files_of_start().is_ok_and(|found| found.leads_elsewhere());
        if !leads_elsewhere {
            return Starts { code, libraries: Libraries::OfSystem, program: as_of_system };
        }
        let libraries = Libraries::OfProgram;
        let program = program(&code, config, reads, libraries);
        Starts { code, libraries, program }
    }
}

impl Libraries {
    /// Whose libraries the programs of a function find that starts with this bootstrap and reads these files.
    pub fn of(bootstrap: &Path, config: &FunctionConfig, reads: &[PathBuf]) -> Libraries {
        let code = Code { bootstrap: bootstrap.to_owned(), whole: true };
        Starts::of(code, config, reads).libraries
    }
}

fn program(
    code: &Code,
    config: &FunctionConfig,
    reads: &[PathBuf],
    libraries: Libraries,
) -> Program {
    let env_vars = env_vars::env_vars(config, "", Path::new(TASK_ROOT), None, libraries);
    let variable = |name: &str| {
        let found = env_vars.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    // A program that a variable names, by a path of this machine, is meant to be run.
    let named = config.env_vars.values().map(PathBuf::from).filter(|path| is_program(path));
    let (folders, files) = reads.iter().cloned().chain(named).partition(|path| path.is_dir());
    Program {
        bootstrap: code.bootstrap.clone(),
        whole: code.whole,
        path: variable("PATH"),
        library_path: variable("LD_LIBRARY_PATH"),
        files,
        folders,
    }
}

fn is_program(path: &Path) -> bool {
    path.is_absolute() && path.is_file() && access(path, Access::EXEC_OK).is_ok()
}
