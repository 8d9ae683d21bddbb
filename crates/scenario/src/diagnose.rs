//! From an error of the interpreter to one that says what to do.

use std::sync::atomic::Ordering;

use rhai::{EvalAltResult, ParseError, ParseErrorType, Position};

use crate::engine::CONSTANTS;
use crate::error::{ErrorKind, Place, ScenarioError};
use crate::fields::{kind_name, with_article};
use crate::modules::MAX_MODULES;
use crate::pause::written_duration;
use crate::script::Script;
use crate::session::{Halt, Session};
use crate::signature::Signature;
use crate::suggest::nearest;
use crate::{function, functions};

/// Functions of Rhai's own that scripts are likely to want.
const BUILT_IN: [&str; 24] = [
    "abs",
    "all",
    "contains",
    "drain",
    "filter",
    "find",
    "floor",
    "keys",
    "len",
    "map",
    "max",
    "min",
    "pop",
    "print",
    "push",
    "reduce",
    "round",
    "some",
    "sort",
    "split",
    "to_float",
    "to_int",
    "to_string",
    "values",
];

/// What can be called: its name, and how.
pub(crate) struct Callable {
    pub(crate) name: String,
    pub(crate) usage: String,
}

/// A script that does not compile.
pub(crate) fn syntax(name: &str, text: &str, error: &ParseError) -> ScenarioError {
    let message = match error.err_type() {
        ParseErrorType::VariableUndefined(variable) => unknown_variable(variable, text),
        ParseErrorType::Reserved(word) if word.starts_with(char::is_alphabetic) => {
            format!(
                "\"{word}\" is a word that Rhai keeps for itself; choose another, or write a key in quotes"
            )
        }
        ParseErrorType::Reserved(symbol) => format!("\"{symbol}\" means nothing in a scenario"),
        ParseErrorType::ModuleUndefined(module) => {
            format!(
                "unknown module \"{module}\"; write import \"{module}\" as {module}; before it is used"
            )
        }
        ParseErrorType::ExprTooDeep => "an expression is nested too deeply".to_owned(),
        other => lowercase(&other.to_string()),
    };
    ScenarioError {
        kind: ErrorKind::Script,
        message,
        place: place(name, text, error.position()),
        cause: None,
    }
}

/// How a run ended in which the interpreter came to `result`; `Err` if it ended early.
pub(crate) fn end(
    script: &Script,
    session: &Session,
    signatures: &[Signature],
    result: Result<(), Box<EvalAltResult>>,
) -> Result<(), ScenarioError> {
    let root = result.map_err(|error| Root::of(*error, script)).err();
    // A halt counts even if the script came to its end: a `try` around `map()` catches everything for a moment.
    if let Some((halt, call)) = session.take_halt() {
        let place = call.and_then(|call| script.place_of_call(&call));
        let outer = || root.and_then(|root| script.place(root.module.as_deref(), root.position));
        return Err(halted_at(halt, session, place.or_else(outer)));
    }
    let Some(Root { error, module, position }) = root else { return Ok(()) };
    if let EvalAltResult::Exit(..) | EvalAltResult::Return(..) = error {
        return Ok(());
    }
    let callables = script.callables(module.as_deref(), signatures);
    Err(ScenarioError {
        kind: ErrorKind::Script,
        message: message(&error, script, session, &callables),
        place: script.place(module.as_deref(), position),
        cause: None,
    })
}

/// A run that was ended.
pub(crate) fn halted_at(halt: Halt, session: &Session, place: Option<Place>) -> ScenarioError {
    let end = |kind, message: String| ScenarioError { kind, message, place: None, cause: None };
    let error = match halt {
        Halt::Stopped => end(ErrorKind::Stopped, "stopped by the user".to_owned()),
        Halt::Deadline => {
            let limit = written_duration(session.limits.run_time);
            end(
                ErrorKind::Deadline,
                format!(
                    "the scenario ran longer than its limit of {limit}; --time-limit sets another"
                ),
            )
        }
        Halt::TooLong { limit } => {
            let limit = written_duration(limit);
            end(
                ErrorKind::Deadline,
                format!(
                    "the scenario waits longer than the {limit} that it may take, in pauses, gaps and loads alone; --time-limit sets another limit"
                ),
            )
        }
        Halt::Uncounted => {
            let most = written_duration(session.nominal.unwrap_or_default());
            let why = if session.has_read.load(Ordering::Relaxed) {
                "what follows may depend on what is measured"
            } else {
                "does a loop never end?"
            };
            end(ErrorKind::Uncounted, format!("stopped counting after {most}; {why}"))
        }
        Halt::Memory => end(ErrorKind::Script, session.too_much_memory()),
        Halt::Operations => {
            let limit = session.limits.operations;
            let message =
                format!("the script took more than {limit} steps; does a loop never end?");
            end(ErrorKind::Script, message)
        }
        Halt::Settings(message) => end(ErrorKind::Settings, message),
        Halt::Platform { action, error } => {
            ScenarioError { cause: Some(Box::new(error)), ..end(ErrorKind::Platform, action) }
        }
        Halt::Host(error) => {
            ScenarioError { cause: error.source, ..end(ErrorKind::Host, error.message) }
        }
    };
    ScenarioError { place, ..error }
}

/// The innermost error, and the innermost place that is known.
struct Root {
    error: EvalAltResult,
    /// The module that the place is in; `None` for the script itself.
    module: Option<String>,
    position: Position,
}

impl Root {
    fn of(mut error: EvalAltResult, script: &Script) -> Root {
        let mut position = error.position();
        let mut module = None;
        loop {
            let (inner, inside) = match error {
                EvalAltResult::ErrorInFunctionCall(function, told, inner, _) => {
                    let told = Some(told).filter(|told| !told.is_empty());
                    (inner, script.module_of(&function, told))
                }
                EvalAltResult::ErrorInModule(module, inner, _) => (inner, Some(module)),
                error => return Root { error, module, position },
            };
            error = *inner;
            if !error.position().is_none() {
                position = error.position();
                module = inside;
            }
        }
    }
}

fn message(
    error: &EvalAltResult,
    script: &Script,
    session: &Session,
    callables: &[Callable],
) -> String {
    let limits = &session.limits;
    match error {
        EvalAltResult::ErrorRuntime(value, _) => value.to_string(),
        EvalAltResult::ErrorFunctionNotFound(call, _) => unknown_call(call, script, callables),
        EvalAltResult::ErrorTooManyModules(_) => {
            format!("more than {MAX_MODULES} imports; import modules once, at the beginning")
        }
        EvalAltResult::ErrorVariableNotFound(name, _) => format!("unknown variable \"{name}\""),
        EvalAltResult::ErrorPropertyNotFound(name, _) => unknown_property(name, script, session),
        EvalAltResult::ErrorDotExpr(text, _) => no_property(text),
        EvalAltResult::ErrorStackOverflow(_) => {
            format!("functions call each other more than {} levels deep", limits.call_levels)
        }
        EvalAltResult::ErrorDataTooLarge(what, _) => format!(
            "{} is too large: the limits are {} bytes of strings, {} elements of arrays, {} properties of maps",
            lowercase(what),
            limits.string_bytes,
            limits.array_elements,
            limits.map_properties,
        ),
        EvalAltResult::ErrorTooManyVariables(_) => {
            format!("more than {} variables at the same time", limits.variables)
        }
        EvalAltResult::ErrorDataRace(what, _) => data_race(what),
        EvalAltResult::ErrorMismatchDataType(expected, actual, _)
        | EvalAltResult::ErrorMismatchOutputType(expected, actual, _) => {
            let word = |kind| with_article(kind_name(kind));
            format!("expected {}, got {}", word(expected), word(actual))
        }
        other => without_position(other),
    }
}

/// A closure uses a variable that the method locks that calls it.
pub(crate) fn locked_out(variable: &str, method: &str) -> String {
    format!(
        "a closure cannot use \"{variable}\" while {method}() of \"{variable}\", or of a part of it, calls it; write let copy = {variable}; before, and use the copy in the closure"
    )
}

/// The same, found while it runs. `what` is as the interpreter writes it: `argument #1 of function 'call'`.
fn data_race(what: &str) -> String {
    let called = what.split('\'').nth(1).map(|name| format!(" of {name}()")).unwrap_or_default();
    format!(
        "a closure uses a variable that is locked, as a method of the variable calls it{called}; write let copy = …; before, and use the copy in the closure"
    )
}

/// `call` is as the interpreter writes it: `recyle (function)`.
fn unknown_call(call: &str, script: &Script, callables: &[Callable]) -> String {
    let (name, arguments) = call.split_once(" (").unwrap_or((call, ""));
    let arguments = arguments.strip_suffix(')').unwrap_or(arguments);
    let kinds: Vec<&str> = arguments.split(", ").filter(|a| !a.is_empty()).map(kind_name).collect();
    let kinds = kinds.join(", ");
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        let nothing = if kinds.contains("()") {
            "; () stands for what is not known, such as a quantile of too few"
        } else {
            ""
        };
        return format!("{name} cannot be applied to ({kinds}){nothing}");
    }
    if name.starts_with("anon$") {
        if let Some(module) = script.module_of(name, None) {
            return format!(
                "a closure of module \"{module}\" can be called in functions of that module only"
            );
        }
        return "the closure has too few or too many parameters for what calls it".to_owned();
    }
    let usages: Vec<&str> =
        callables.iter().filter(|c| c.name == name).map(|c| c.usage.as_str()).collect();
    if !usages.is_empty() {
        let usages = usages.join(" or ");
        return format!("wrong arguments for \"{name}\": got ({kinds}), expected {usages}");
    }
    if BUILT_IN.contains(&name) {
        return format!("\"{name}\" cannot be called with ({kinds})");
    }
    let names = callables.iter().map(|c| c.name.as_str()).chain(BUILT_IN);
    let in_module =
        || callables.iter().find(|c| c.name.rsplit_once("::").is_some_and(|(_, n)| n == name));
    let is_variable =
        script.sources().any(|source| declared(&source.text).any(|known| known == name));
    match nearest(name, names)
        .filter(|_| !is_variable)
        .or_else(|| in_module().map(|c| c.name.as_str()))
    {
        Some(near) => format!("unknown function \"{name}\"; did you mean \"{near}\"?"),
        None if is_variable => {
            format!("\"{name}\" is a variable; a closure in it is called with {name}.call(…)")
        }
        None => format!("unknown function \"{name}\""),
    }
}

/// The interpreter does not say which map it was; what may have been meant is known all the same.
fn unknown_property(name: &str, script: &Script, session: &Session) -> String {
    let parameters = session.parameters();
    let parameters = parameters.iter().map(|parameter| parameter.name.as_str());
    let keys = script.sources().flat_map(|source| keys(&source.text));
    let known = parameters.chain(function::KEYS_OF_MAPS).chain(keys);
    match nearest(name, known.filter(|known| *known != name)) {
        Some(near) => format!("the map has no property \"{name}\"; did you mean \"{near}\"?"),
        None => format!("the map has no property \"{name}\""),
    }
}

/// The names in a text that a colon follows, as they do in maps.
fn keys(text: &str) -> impl Iterator<Item = &str> {
    let before = text.match_indices(':').map(|(at, _)| text[..at].trim_end());
    before.filter_map(|before| before.rsplit(|c: char| !is_name(c)).next())
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `text` is as the interpreter writes it: `Unknown property 'y' - a getter is not registered for type 'i64'`.
fn no_property(text: &str) -> String {
    let mut quoted = text.split('\'').skip(1).step_by(2);
    match (quoted.next(), quoted.next()) {
        (Some(name), Some(kind)) if text.starts_with("Unknown property") => {
            format!("{} has no property \"{name}\"", with_article(kind_name(kind)))
        }
        (Some(name), Some(kind)) if text.starts_with("No writable property") => {
            format!("{} has no property \"{name}\" that can be set", with_article(kind_name(kind)))
        }
        _ => lowercase(text),
    }
}

/// The name of a variable that is not there, in a script of this text.
fn unknown_variable(name: &str, text: &str) -> String {
    if let Some(function) = functions().iter().find(|function| function.name() == name) {
        return format!("\"{name}\" is a function: {}", function.usage);
    }
    if declared(text).any(|known| known == name) {
        return format!(
            "variable \"{name}\" is not known here but elsewhere; functions see nothing but their parameters"
        );
    }
    let constants = CONSTANTS.map(|(name, _)| name);
    match nearest(name, constants.into_iter().chain(declared(text))) {
        Some(near) => format!("unknown variable \"{name}\"; did you mean \"{near}\"?"),
        None => format!("unknown variable \"{name}\""),
    }
}

/// The names that follow a `let`, a `const` or a `for`, or are parameters of a function.
fn declared(text: &str) -> impl Iterator<Item = &str> {
    let after = move |keyword: &'static str| {
        text.match_indices(keyword).filter_map(move |(at, _)| {
            let begins = !text[..at].ends_with(is_name);
            let rest = text[at + keyword.len()..].trim_start();
            begins.then(|| rest.split(|c| !is_name(c)).next().unwrap_or_default())
        })
    };
    let parameters = text.split("fn ").skip(1).filter_map(move |rest| {
        let (_, inside) = rest.split_once('(')?;
        let (inside, _) = inside.split_once(')')?;
        Some(inside.split(',').map(str::trim).filter(move |name| name.chars().all(is_name)))
    });
    after("let ").chain(after("const ")).chain(after("for ")).chain(parameters.flatten())
}

fn without_position(error: &EvalAltResult) -> String {
    let text = error.to_string();
    let end = format!(" ({})", error.position());
    lowercase(text.strip_suffix(&end).unwrap_or(&text))
}

fn lowercase(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_lowercase().chain(rest).collect()).unwrap_or_default()
}

/// A place in a text.
pub(crate) fn place(name: &str, text: &str, position: Position) -> Option<Place> {
    let line = position.line()?;
    let column = position.position().unwrap_or(1);
    let text = text.lines().nth(line - 1).unwrap_or_default().to_owned();
    Some(Place { script: name.to_owned(), line, column, text })
}
