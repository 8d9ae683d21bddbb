//! Modules: files beside the script that it imports. They are found and compiled with it, before anything runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rhai::{AST, ASTNode, Engine, EvalAltResult, Expr, ModuleResolver, Position, Stmt};

use crate::by_value::{self, Brackets};
use crate::diagnose::{self, Callable};
use crate::{ErrorKind, Place, ScenarioError, ScriptFolder, engine, suggest};

/// So many different modules a script can have, and so often it can import.
pub(crate) const MAX_MODULES: usize = 100;

/// A file of Rhai: a script or a module.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// What errors call it.
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) ast: AST,
    /// What the text was compiled with besides.
    brackets: Brackets,
}

impl Source {
    /// Compiles; finds wrong syntax and unknown variables.
    pub(crate) fn compile(
        engine: &Engine,
        name: String,
        text: String,
    ) -> Result<Source, ScenarioError> {
        let compile = |text: &str| engine.compile_with_scope(&engine::scope(), text);
        let ast = compile(&text).map_err(|error| diagnose::syntax(&name, &text, &error))?;
        if let Some((variable, method, position)) = by_value::locked_out(&ast) {
            let message = diagnose::locked_out(&variable, &method);
            let place = diagnose::place(&name, &text, position);
            return Err(ScenarioError { kind: ErrorKind::Script, message, place, cause: None });
        }
        let bracketed = by_value::bracketed(&ast, &text);
        // Without them, a closure that needs them fails with what to write instead.
        let bracketed =
            bracketed.and_then(|(text, brackets)| Some((compile(&text).ok()?, brackets)));
        let (ast, brackets) = bracketed.unwrap_or((ast, Brackets::default()));
        Ok(Source { name, text, ast, brackets })
    }

    /// A place in the text, as the interpreter tells it.
    pub(crate) fn place(&self, position: Position) -> Option<Place> {
        diagnose::place(&self.name, &self.text, self.brackets.written(position))
    }

    fn error(&self, message: String, position: Position) -> ScenarioError {
        let place = self.place(position);
        ScenarioError { kind: ErrorKind::Script, message, place, cause: None }
    }

    /// Everything that it imports, in functions and closures too.
    fn imports(&self) -> Result<Vec<Import>, ScenarioError> {
        let mut imports = Vec::new();
        let mut wrong = None;
        self.ast.walk(&mut |path: &[ASTNode<'_>]| {
            if let Some(ASTNode::Stmt(Stmt::Import(import, position))) = path.last() {
                let (path, alias) = &**import;
                match path {
                    Expr::StringConstant(name, position) => imports.push(Import {
                        name: name.to_string(),
                        alias: alias.name.to_string(),
                        position: *position,
                    }),
                    other => _ = wrong.get_or_insert(other.position().or_else(*position)),
                }
            }
            true
        });
        match wrong {
            Some(position) => {
                Err(self.error("import: expected a name in quotes".to_owned(), position))
            }
            None => Ok(imports),
        }
    }

    /// The functions that it defines itself, as `alias::name` where it is imported.
    fn functions<'a>(&'a self, alias: &'a str) -> impl Iterator<Item = Callable> + 'a {
        let prefix = if alias.is_empty() { String::new() } else { format!("{alias}::") };
        self.ast.iter_functions().map(move |function| {
            let name = format!("{prefix}{}", function.name);
            let usage = format!("{name}({})", function.params.join(", "));
            Callable { name, usage }
        })
    }
}

struct Import {
    name: String,
    /// Empty without `as`.
    alias: String,
    position: Position,
}

/// All modules of a script by their names, those that modules import included.
#[derive(Clone, Debug, Default)]
pub(crate) struct Modules(pub(crate) BTreeMap<String, Source>);

impl Modules {
    /// Finds and compiles what `script` imports.
    pub(crate) fn of(
        script: &Source,
        engine: &Engine,
        folder: &dyn ScriptFolder,
    ) -> Result<Modules, ScenarioError> {
        let mut modules = Modules::default();
        modules.add_imports(script, &mut Vec::new(), engine, folder)?;
        Ok(modules)
    }

    /// `importing` are the modules that led to `source`, itself the last of them.
    fn add_imports(
        &mut self,
        source: &Source,
        importing: &mut Vec<String>,
        engine: &Engine,
        folder: &dyn ScriptFolder,
    ) -> Result<(), ScenarioError> {
        for Import { name, position, .. } in source.imports()? {
            if let Some(first) = importing.iter().position(|other| *other == name) {
                let circle = [&importing[first..], &[name]].concat().join(" → ");
                return Err(source.error(format!("modules import each other: {circle}"), position));
            }
            if self.0.contains_key(&name) {
                continue;
            }
            if self.0.len() + importing.len() >= MAX_MODULES {
                return Err(source.error(format!("more than {MAX_MODULES} modules"), position));
            }
            let text = found(&name, folder).map_err(|error| ScenarioError {
                cause: error.source,
                ..source.error(error.message, position)
            })?;
            let mut module = Source::compile(engine, format!("{name}.rhai"), text)?;
            module.ast.set_source(name.as_str());
            importing.push(name);
            self.add_imports(&module, importing, engine, folder)?;
            let name = importing.pop().expect("it has just been pushed");
            self.0.insert(name, module);
        }
        Ok(())
    }

    /// The functions that `source` can call: its own, and those that it imports.
    pub(crate) fn callables(&self, source: &Source) -> Vec<Callable> {
        let imports = source.imports().unwrap_or_default();
        let imported = imports
            .iter()
            .filter_map(|Import { name, alias, .. }| Some(self.0.get(name)?.functions(alias)));
        source.functions("").chain(imported.flatten()).collect()
    }
}

/// The text of a module.
fn found(name: &str, folder: &dyn ScriptFolder) -> Result<String, crate::HostError> {
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(valid) {
        return Err(crate::HostError::new(format!(
            "import: expected the name of a file beside the script without its ending .rhai, got {name:?}"
        )));
    }
    if let Some(text) = folder.module(name)? {
        return Ok(text);
    }
    let known = folder.modules();
    let message = suggest::unknown("module", name, known.iter().map(String::as_str));
    Err(crate::HostError::new(message))
}

/// Gives the interpreter what was compiled before, evaluated once.
pub(crate) struct Resolver {
    pub(crate) modules: Arc<Modules>,
    pub(crate) evaluated: Mutex<BTreeMap<String, Arc<rhai::Module>>>,
}

impl ModuleResolver for Resolver {
    fn resolve(
        &self,
        engine: &Engine,
        _source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<Arc<rhai::Module>, Box<EvalAltResult>> {
        let evaluated =
            || self.evaluated.lock().expect("nothing panics while it holds the modules");
        if let Some(module) = evaluated().get(path) {
            return Ok(Arc::clone(module));
        }
        let Some(source) = self.modules.0.get(path) else {
            return Err(EvalAltResult::ErrorModuleNotFound(path.to_owned(), position).into());
        };
        let module = rhai::Module::eval_ast_as_new(rhai::Scope::new(), &source.ast, engine);
        let module: Arc<rhai::Module> = module
            .map_err(|error| EvalAltResult::ErrorInModule(path.to_owned(), error, position))?
            .into();
        evaluated().insert(path.to_owned(), Arc::clone(&module));
        Ok(module)
    }
}
