//! The interpreter, with everything shut that a sandbox should not have.

use std::sync::{Arc, Mutex};

use rhai::module_resolvers::DummyModuleResolver;
use rhai::packages::{
    BasicArrayPackage, BasicMapPackage, BasicMathPackage, CorePackage, LogicPackage,
    MoreStringPackage, Package,
};
use rhai::{Engine, Module, OptimizationLevel, Scope, Token};

use crate::Limits;
use crate::language;
use crate::modules::{MAX_MODULES, Modules, Resolver};
use crate::session::Session;
use crate::signature::Signature;

/// Constants that every script has, and what they are.
pub(crate) const CONSTANTS: [(&str, &str); 2] = [
    ("platform", "the name of the platform: `emulator`"),
    ("seed", "what everything follows from that is left to chance; `--seed`"),
];

/// Rhai without `eval`, files, clock, sleep and debugger, and with limits.
pub(crate) fn sandbox(limits: &Limits) -> Engine {
    let mut engine = Engine::new_raw();
    CorePackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    MoreStringPackage::new().register_into_engine(&mut engine);
    for symbol in ["eval", "debug"] {
        engine.disable_symbol(symbol);
    }
    free_the_word_default(&mut engine);
    engine.set_max_modules(MAX_MODULES);
    engine.set_module_resolver(DummyModuleResolver);
    engine.set_max_call_levels(limits.call_levels);
    engine.set_max_expr_depths(limits.expression_depth, limits.expression_depth);
    engine.set_max_string_size(limits.string_bytes);
    engine.set_max_array_size(limits.array_elements);
    engine.set_max_map_size(limits.map_properties);
    engine.set_max_variables(limits.variables);
    // Misspelt variables and properties are errors, the former before anything runs.
    engine.set_strict_variables(true);
    engine.set_fail_on_invalid_map_property(true);
    // Whatever is folded away loses its place in the text.
    engine.set_optimization_level(OptimizationLevel::None);
    engine
}

/// Rhai keeps the word for itself without using it, and `params()` has a key of this name.
#[expect(deprecated, reason = "not deprecated but, as it says itself, liable to change with Rhai")]
fn free_the_word_default(engine: &mut Engine) {
    engine.on_parse_token(|token, _, _| match token {
        Token::Reserved(word) if *word == "default" => Token::Identifier(word),
        other => other,
    });
}

/// What the compiler must know of [`CONSTANTS`]; their values come later.
pub(crate) fn scope() -> Scope<'static> {
    let mut scope = Scope::new();
    for (name, _) in CONSTANTS {
        scope.push(name, ());
    }
    scope
}

/// An interpreter for one run.
pub(crate) fn engine(session: &Arc<Session>, modules: &Arc<Modules>) -> (Engine, Vec<Signature>) {
    let mut engine = sandbox(&session.limits);
    let modules = Arc::clone(modules);
    engine.set_module_resolver(Resolver { modules, evaluated: Mutex::default() });
    let signatures = language::register(&mut engine, session);
    let mut constants = Module::new();
    constants.set_var("platform", session.platform_name());
    constants.set_var("seed", session.seed.cast_signed());
    engine.register_global_module(constants.into());
    let progress = Arc::clone(session);
    engine.on_progress(move |_| progress.tick());
    let print = Arc::clone(session);
    engine.on_print(move |text| print.note(text, None));
    (engine, signatures)
}
