//! The interpreter, with limits on whatever a script could use too much of, and nothing that reaches outside.

use rhai::packages::{
    BasicArrayPackage, BasicMapPackage, BasicMathPackage, CorePackage, LogicPackage,
    MoreStringPackage, Package,
};
use rhai::{AST, Dynamic, Engine, EvalAltResult, ParseError, Scope};

/// Steps of the interpreter in one invocation.
const MOST_OPERATIONS: u64 = 3_000_000;
/// Nested calls of a script's functions.
const MOST_CALLS: usize = 24;
/// Nesting of one expression.
const DEEPEST_EXPRESSION: usize = 64;
/// Length of a string, and of all strings within one value.
const MOST_STRING_BYTES: usize = 4 << 20;
/// Elements of an array or properties of a map, those of nested ones included.
const MOST_ELEMENTS: usize = 200_000;
/// Variables that exist at the same time.
const MOST_VARIABLES: usize = 1000;

/// What a script finds its input as.
const INPUT: &str = "input";

/// An interpreter for rules: without files, modules, clock and `eval`.
pub(crate) fn new() -> Engine {
    let mut engine = Engine::new_raw();
    CorePackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    MoreStringPackage::new().register_into_engine(&mut engine);
    for symbol in ["eval", "import", "export"] {
        engine.disable_symbol(symbol);
    }
    engine.set_max_modules(0);
    engine.set_max_operations(MOST_OPERATIONS);
    engine.set_max_call_levels(MOST_CALLS);
    engine.set_max_expr_depths(DEEPEST_EXPRESSION, DEEPEST_EXPRESSION);
    engine.set_max_string_size(MOST_STRING_BYTES);
    engine.set_max_array_size(MOST_ELEMENTS);
    engine.set_max_map_size(MOST_ELEMENTS);
    engine.set_max_variables(MOST_VARIABLES);
    // A misspelt variable is an error before anything runs.
    engine.set_strict_variables(true);
    engine
}

/// Compiles rules, which may use the variable `input`.
pub(crate) fn compile(engine: &Engine, source: &str) -> Result<AST, ParseError> {
    engine.compile_with_scope(&scope(Dynamic::UNIT), source)
}

/// Runs rules over an input; what their last expression is worth is the result.
pub(crate) fn run(
    engine: &Engine,
    rules: &AST,
    input: Dynamic,
) -> Result<Dynamic, Box<EvalAltResult>> {
    engine.eval_ast_with_scope(&mut scope(input), rules)
}

/// No constant: the compiler would put its value at the time of compiling into the rules.
fn scope(input: Dynamic) -> Scope<'static> {
    let mut scope = Scope::new();
    scope.push_dynamic(INPUT, input);
    scope
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn rules_see_their_input() {
        let engine = new();
        let rules = compile(&engine, "input * 2").unwrap();
        for (input, expected) in [(21, 42), (-1, -2)] {
            assert_eq!(run(&engine, &rules, input.into()).unwrap().as_int(), Ok(expected));
        }
    }

    /// Also says so when a change of the rules makes a case much more work.
    #[test]
    fn the_cases_are_far_from_the_limit() {
        let mut engine = new();
        let most = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&most);
        engine.on_progress(move |operations| {
            counted.fetch_max(operations, Ordering::Relaxed);
            None
        });
        let check = |source: &str, input: &str| {
            let rules = compile(&engine, source).unwrap();
            let input = serde_json::from_str(input).unwrap();
            assert!(run(&engine, &rules, input).is_ok());
            let operations = most.swap(0, Ordering::Relaxed);
            assert!((10_000..MOST_OPERATIONS / 10).contains(&operations), "{operations}");
        };
        check(include_str!("../cases/pricing.rhai"), include_str!("../cases/checkout.input.json"));
        check(
            include_str!("../cases/routing.rhai"),
            include_str!("../cases/deliveries.input.json"),
        );
    }

    #[test]
    fn rules_that_use_too_much_are_stopped() {
        let engine = new();
        let check = |source: &str, expected: &str| {
            let rules = compile(&engine, source).unwrap();
            let error = run(&engine, &rules, Dynamic::UNIT).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{source}: {error}");
        };
        check("loop {}", "Too many operations");
        check("let n = 0; while true { n += 1; }", "Too many operations");
        check("fn again(n) { again(n + 1) } again(0)", "Stack overflow");
        check("let s = \"a\"; loop { s += s; }", "Length of string too large");
        check("let a = [1]; loop { a += a; }", "Size of array/BLOB too large");
        check("let n = 0; loop { n += 1; n *= n; }", "Multiplication overflow");
    }

    #[test]
    fn rules_reach_nothing_outside() {
        let engine = new();
        for source in ["eval(\"1\")", "import \"file\" as f;", "other", "let x = 1"] {
            let compiled = compile(&engine, source);
            assert_eq!(compiled.is_ok(), source.starts_with("let"), "{source}");
        }
        let rules = compile(&engine, "timestamp()").unwrap();
        assert!(run(&engine, &rules, Dynamic::UNIT).is_err());
    }
}
