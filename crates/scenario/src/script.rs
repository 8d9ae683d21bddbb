//! A compiled scenario: what it says of itself, which parameters it has, and running it.

use std::sync::Arc;
use std::thread;

use kelvin_platform::Platform;
use rhai::AST;

use crate::diagnose::{self, Callable};
use crate::parameters::Parameter;
use crate::session::Session;
use crate::signature::Signature;
use crate::{ErrorKind, Host, Limits, Outcome, RunOptions, ScenarioError, engine};

/// The interpreter recurses; this fits any script within the default [`Limits::call_levels`], in a debug build too.
const STACK_BYTES: usize = 64 << 20;

/// A script that compiles.
#[derive(Clone, Debug)]
pub struct Script {
    name: String,
    text: String,
    ast: AST,
}

impl Script {
    /// Compiles; finds wrong syntax and unknown variables. `name` is what errors call it.
    pub fn compile(
        name: impl Into<String>,
        text: impl Into<String>,
    ) -> Result<Script, ScenarioError> {
        let (name, text) = (name.into(), text.into());
        let compiled = on_large_stack(|| {
            engine::sandbox(&Limits::default()).compile_with_scope(&engine::scope(), &text)
        })?;
        match compiled {
            Ok(ast) => Ok(Script { name, text, ast }),
            Err(error) => Err(diagnose::syntax(&name, &text, &error)),
        }
    }

    /// What errors call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As it was compiled.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of the comment that it begins with, on one line; empty without one.
    pub fn description(&self) -> String {
        let lines = self.text.lines().map_while(|line| line.strip_prefix("//"));
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
        let session = Arc::new(Session::new(options, platform, host));
        on_large_stack(|| self.evaluate(&session))??;
        session.finish().map_err(|halt| diagnose::halted_at(halt, &session, None))
    }

    fn evaluate(&self, session: &Arc<Session>) -> Result<(), ScenarioError> {
        let (engine, signatures) = engine::engine(session);
        let result = engine.run_ast(&self.ast);
        if session.parameters_known() {
            return Ok(());
        }
        diagnose::end(self, session, &self.callables(&signatures), result)
    }

    /// The functions of the language and the script's own.
    fn callables(&self, signatures: &[Signature]) -> Vec<Callable> {
        let of_language = signatures.iter().map(|signature| Callable {
            name: signature.name().to_owned(),
            usage: signature.usage.to_owned(),
        });
        let own = self.ast.iter_functions().map(|function| Callable {
            name: function.name.to_owned(),
            usage: format!("{}({})", function.name, function.params.join(", ")),
        });
        of_language.chain(own).collect()
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
