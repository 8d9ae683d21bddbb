//! A compiled scenario: what it says of itself, which parameters it has, and running it.

use std::sync::Arc;
use std::thread;

use kelvin_platform::Platform;
use rhai::Position;

use crate::diagnose::{self, Callable};
use crate::modules::{Modules, Source};
use crate::parameters::Parameter;
use crate::session::{Call, Session};
use crate::signature::Signature;
use crate::{
    ErrorKind, Host, Limits, NoFolder, Outcome, Place, RunOptions, ScenarioError, ScriptFolder,
    engine,
};

/// The interpreter recurses; this fits any script within the default [`Limits::call_levels`], in a debug build too.
pub(crate) const STACK_BYTES: usize = 64 << 20;

/// A script that compiles, with its modules.
#[derive(Clone, Debug)]
pub struct Script {
    source: Source,
    modules: Arc<Modules>,
    folder: Arc<dyn ScriptFolder>,
}

impl Script {
    /// Compiles a script with nothing beside it. `name` is what errors call it.
    pub fn compile(
        name: impl Into<String>,
        text: impl Into<String>,
    ) -> Result<Script, ScenarioError> {
        Script::compile_in(Arc::new(NoFolder), name, text)
    }

    /// Compiles a script and what it imports; finds wrong syntax and unknown variables.
    pub fn compile_in(
        folder: Arc<dyn ScriptFolder>,
        name: impl Into<String>,
        text: impl Into<String>,
    ) -> Result<Script, ScenarioError> {
        let (name, text) = (name.into(), text.into());
        on_large_stack(|| {
            let engine = engine::sandbox(&Limits::default());
            let source = Source::compile(&engine, name, text)?;
            let modules = Arc::new(Modules::of(&source, &engine, &*folder)?);
            Ok(Script { source, modules, folder })
        })?
    }

    /// What errors call it.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// As it was compiled.
    pub fn text(&self) -> &str {
        &self.source.text
    }

    /// Names and texts of the modules that it imports, and that those import, by the alphabet.
    pub fn modules(&self) -> impl Iterator<Item = (&str, &str)> {
        self.modules.0.iter().map(|(name, module)| (name.as_str(), module.text.as_str()))
    }

    /// The text of the comment that it begins with, on one line; empty without one.
    pub fn description(&self) -> String {
        let lines = self.text().lines().map_while(|line| line.strip_prefix("//"));
        lines.map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
    }

    /// The first sentence of the description.
    pub fn summary(&self) -> String {
        let description = self.description();
        match description.split_once(". ") {
            Some((first, _)) => format!("{first}."),
            None => description,
        }
    }

    /// What it declares with `params()`, by the alphabet; empty if it does not.
    ///
    /// Runs the script only until then, or until it would reach outside.
    pub fn parameters(&self) -> Result<Vec<Parameter>, ScenarioError> {
        let session = Arc::new(Session::without_outside(Limits::default()));
        on_large_stack(|| self.evaluate(&session))??;
        Ok(session.parameters())
    }

    /// Runs it to its end; blocks, so it must not be called from within a runtime.
    ///
    /// Functions that are still deployed when it returns, in whichever way, are the caller's to remove.
    pub fn run(
        &self,
        options: RunOptions,
        platform: Arc<dyn Platform>,
        host: Arc<dyn Host>,
    ) -> Result<Outcome, ScenarioError> {
        let session = Arc::new(Session::new(options, platform, host, Arc::clone(&self.folder)));
        on_large_stack(|| self.evaluate(&session))??;
        session.finish().map_err(|halt| diagnose::halted_at(halt, &session, None))
    }

    fn evaluate(&self, session: &Arc<Session>) -> Result<(), ScenarioError> {
        let (engine, signatures) = engine::engine(session, &self.modules);
        let result = engine.run_ast(&self.source.ast);
        if session.parameters_known() {
            return Ok(());
        }
        diagnose::end(self, session, &signatures, result)
    }

    /// A place in the script, or in the module of that name.
    pub(crate) fn place(&self, module: Option<&str>, position: Position) -> Option<Place> {
        self.source_of(module).place(position)
    }

    /// What can be called in the script, or in the module of that name.
    pub(crate) fn callables(
        &self,
        module: Option<&str>,
        signatures: &[Signature],
    ) -> Vec<Callable> {
        let of_language = signatures.iter().map(|signature| Callable {
            name: signature.name().to_owned(),
            usage: signature.usage.to_owned(),
        });
        of_language.chain(self.modules.callables(self.source_of(module))).collect()
    }

    /// The place of a call: in the file that has the function's name there.
    pub(crate) fn place_of_call(&self, call: &Call) -> Option<Place> {
        let Call { function, module, position } = call;
        let named = |place: &Place| {
            let rest: String = place.text.chars().skip(place.column - 1).collect();
            rest.starts_with(function.as_str())
        };
        let told = self.place(module.as_deref(), *position);
        let others = self.sources().map(|source| source.place(*position));
        told.clone().filter(named).or_else(|| others.flatten().find(named)).or(told)
    }

    /// The module that defines a function or a closure: `told` if it does, and else whichever; `None` for the script.
    pub(crate) fn module_of(&self, function: &str, told: Option<String>) -> Option<String> {
        let defines = |source: &Source| source.ast.iter_functions().any(|f| f.name == function);
        if defines(self.source_of(told.as_deref())) {
            return told;
        }
        if defines(&self.source) {
            return None;
        }
        let found = self.modules.0.iter().find(|(_, module)| defines(module));
        found.map(|(name, _)| name.clone()).or(told)
    }

    /// The script and its modules.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        std::iter::once(&self.source).chain(self.modules.0.values())
    }

    fn source_of(&self, module: Option<&str>) -> &Source {
        module.and_then(|name| self.modules.0.get(name)).unwrap_or(&self.source)
    }
}

fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, ScenarioError> {
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("scenario".to_owned()).stack_size(STACK_BYTES);
        match builder.spawn_scoped(scope, work) {
            Ok(worker) => {
                Ok(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            }
            Err(error) => Err(ScenarioError {
                kind: ErrorKind::Host,
                message: "failed to start a thread for the script".to_owned(),
                place: None,
                cause: Some(Box::new(error)),
            }),
        }
    })
}
