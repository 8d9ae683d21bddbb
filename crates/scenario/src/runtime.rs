//! Runtimes other than our own: what a script asks for.

use std::path::{Path, PathBuf};

use rhai::{Array, Dynamic, NativeCallContext};

use crate::ScriptFolder;
use crate::fields::Fields;
use crate::language::Language;
use crate::session::{Fault, Session};

/// The handler of code whose script names none.
const HANDLER: &str = "app.handler";

/// A runtime, and the code that it is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedRuntime {
    /// For instance `python`.
    pub name: String,
    /// A folder, already joined with that of the script; without one, the host takes a handler that it has for the
    /// runtime.
    pub code: Option<PathBuf>,
    /// What to call in it, in the runtime's own words: `app.handler`.
    pub handler: String,
}

/// Reads what `deploy()` is told of a runtime, whose handler is given; `None` if it is told of none.
pub(crate) fn wanted(
    fields: &mut Fields,
    handler: Option<String>,
    beside: &dyn ScriptFolder,
) -> Result<Option<WantedRuntime>, String> {
    let (name, code) = (fields.string("runtime")?, fields.string("code")?);
    let Some(name) = name else {
        return match code {
            Some(_) => {
                Err("code: it needs a runtime; name one, as in runtime: \"python\"".to_owned())
            }
            None => Ok(None),
        };
    };
    if code.is_none() && handler.is_some() {
        return Err(
            "handler: there is no code that it could be in; give its folder as code".to_owned()
        );
    }
    let code = code.map(|folder| beside.path(Path::new(&folder)));
    Ok(Some(WantedRuntime { name, code, handler: handler.unwrap_or_else(|| HANDLER.to_owned()) }))
}

impl Session {
    /// `runtimes()`.
    fn runtimes(&self) -> Result<Array, Fault> {
        let outside = self.outside("runtimes")?;
        let names = outside.host.runtimes();
        // What the user stopped has not failed.
        self.go_on()?;
        Ok(names?.into_iter().map(Dynamic::from).collect())
    }
}

/// Makes `runtimes()` known.
pub(crate) fn add(language: &mut Language<'_>) {
    language
        .add(
            "runtimes()",
            "The runtimes that `deploy()` can take here besides Kelvin's own: those that are installed of `nodejs` and `python`.",
            |s| move |ctx: NativeCallContext<'_>| s.answer(&ctx, s.runtimes()),
        )
        .returns("an array of names")
        .example("let functions = [deploy(#{ workload: \"hello\" })];\nfor name in runtimes() {\n    functions += deploy(#{ runtime: name });\n}");
}
