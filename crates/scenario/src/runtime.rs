//! Runtimes other than our own: what a script asks for.

use std::path::{Path, PathBuf};

use rhai::{Array, Dynamic, NativeCallContext};

use crate::fields::Fields;
use crate::language::Language;
use crate::session::{Fault, Session};
use crate::{ScriptFolder, suggest};

/// The handler of code whose script names none.
const HANDLER: &str = "app.handler";

/// What speaks the Runtime API for a handler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Client {
    /// AWS's own runtime interface client.
    #[default]
    Aws,
    /// A loop over the standard library of the language.
    StandIn,
}

impl Client {
    /// Reads what a script calls it.
    pub(crate) fn read(name: &str) -> Result<Client, String> {
        const KNOWN: [(&str, Client); 2] = [("aws", Client::Aws), ("stand-in", Client::StandIn)];
        let found = KNOWN.iter().find(|(known, _)| *known == name).map(|(_, client)| *client);
        found.ok_or_else(|| suggest::unknown("client", name, KNOWN.map(|(known, _)| known)))
    }
}

/// A runtime, and the code that it is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedRuntime {
    /// For instance `python` or `nodejs22.x`.
    pub name: String,
    /// What it is to be made of.
    pub client: Client,
    /// A folder, already joined with that of the script; without one, the host takes a handler that it has for the
    /// runtime.
    pub code: Option<PathBuf>,
    /// What to call in it, in the runtime's own words: `app.handler`.
    pub handler: String,
    /// `AWS_LAMBDA_EXEC_WRAPPER`, where the script sets it: what starts the runtime, as the function sees it.
    pub exec_wrapper: Option<String>,
}

/// Reads what `deploy()` is told of a runtime, whose handler is given; `None` if it is told of none.
pub(crate) fn wanted(
    fields: &mut Fields,
    handler: Option<String>,
    beside: &dyn ScriptFolder,
) -> Result<Option<WantedRuntime>, String> {
    let (name, code) = (fields.string("runtime")?, fields.string("code")?);
    let client = fields.string("client")?;
    let Some(name) = name else {
        let lonely = [("code", code.is_some()), ("client", client.is_some())];
        return match lonely.iter().find(|(_, given)| *given) {
            Some((key, _)) => {
                Err(format!("{key}: it needs a runtime; name one, as in runtime: \"python\""))
            }
            None => Ok(None),
        };
    };
    let client = client.map_or(Ok(Client::Aws), |name| Client::read(&name))?;
    if code.is_none() && handler.is_some() {
        return Err(
            "handler: there is no code that it could be in; give its folder as code".to_owned()
        );
    }
    let code = code.map(|folder| beside.path(Path::new(&folder)));
    let handler = handler.unwrap_or_else(|| HANDLER.to_owned());
    Ok(Some(WantedRuntime { name, client, code, handler, exec_wrapper: None }))
}

impl Session {
    /// `runtimes()`.
    fn runtimes(&self, client: Client) -> Result<Array, Fault> {
        let outside = self.outside("runtimes")?;
        let names = outside.host.runtimes(client);
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
            "The runtimes that `deploy()` can take here besides Kelvin's own: those of `nodejs` and `python` whose interpreter and whose runtime interface client of AWS are installed.",
            |s| move |ctx: NativeCallContext<'_>| s.answer(&ctx, s.runtimes(Client::Aws)),
        )
        .returns("an array of names")
        .example("let functions = [deploy(#{ workload: \"hello\" })];\nfor name in runtimes() {\n    functions += deploy(#{ runtime: name });\n}");
    language
        .add(
            "runtimes(\"stand-in\")",
            "The same with the client that deploy() is to be told: for \"stand-in\", the interpreter is enough.",
            |s| {
                move |ctx: NativeCallContext<'_>, client: &str| {
                    let client = Client::read(client).map_err(|e| Fault::from(format!("runtimes: {e}")));
                    s.answer(&ctx, client.and_then(|client| s.runtimes(client)))
                }
            },
        )
        .returns("an array of names")
        .example("for name in runtimes(\"stand-in\") {\n    deploy(#{ runtime: name, client: \"stand-in\" });\n}");
}
