//! From an error of the interpreter to one that says what to do.

use rhai::{EvalAltResult, ParseError, ParseErrorType, Position};

use crate::error::{ErrorKind, Place, ScenarioError};
use crate::fields::kind_name;
use crate::script::Script;
use crate::session::{Halt, Session};
use crate::suggest::nearest;

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
        ParseErrorType::VariableUndefined(variable) => {
            match nearest(variable, crate::engine::CONSTANTS.map(|(name, _)| name)) {
                Some(near) => format!("unknown variable \"{variable}\"; did you mean \"{near}\"?"),
                None => format!("unknown variable \"{variable}\""),
            }
        }
        ParseErrorType::Reserved(word) => format!("\"{word}\" cannot be used in a scenario"),
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
    callables: &[Callable],
    result: Result<(), Box<EvalAltResult>>,
) -> Result<(), ScenarioError> {
    let root = result.map_err(|error| root(*error)).err();
    let at = |position| place(script.name(), script.text(), position);
    // A halt counts even if the script came to its end: a `try` around `map()` catches everything for a moment.
    if let Some((halt, position)) = session.take_halt() {
        let outer = root.and_then(|(_, position)| at(position));
        return Err(halted_at(halt, session, at(position).or(outer)));
    }
    match root {
        None | Some((EvalAltResult::Exit(..) | EvalAltResult::Return(..), _)) => Ok(()),
        Some((error, position)) => Err(ScenarioError {
            kind: ErrorKind::Script,
            message: message(&error, session, callables),
            place: at(position),
            cause: None,
        }),
    }
}

/// A run that was ended.
pub(crate) fn halted_at(halt: Halt, session: &Session, place: Option<Place>) -> ScenarioError {
    let end = |kind, message: String| ScenarioError { kind, message, place: None, cause: None };
    let error = match halt {
        Halt::Stopped => end(ErrorKind::Stopped, "stopped by the user".to_owned()),
        Halt::Deadline => {
            let limit = session.limits.run_time;
            end(ErrorKind::Deadline, format!("the scenario ran longer than its limit of {limit:?}"))
        }
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
fn root(mut error: EvalAltResult) -> (EvalAltResult, Position) {
    let mut position = error.position();
    while let EvalAltResult::ErrorInFunctionCall(_, _, inner, _)
    | EvalAltResult::ErrorInModule(_, inner, _) = error
    {
        error = *inner;
        if !error.position().is_none() {
            position = error.position();
        }
    }
    (error, position)
}

fn message(error: &EvalAltResult, session: &Session, callables: &[Callable]) -> String {
    let limits = &session.limits;
    match error {
        EvalAltResult::ErrorRuntime(value, _) => value.to_string(),
        EvalAltResult::ErrorFunctionNotFound(call, _) => unknown_call(call, callables),
        EvalAltResult::ErrorVariableNotFound(name, _) => format!("unknown variable \"{name}\""),
        EvalAltResult::ErrorPropertyNotFound(name, _) => unknown_property(name, session),
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
        EvalAltResult::ErrorMismatchDataType(expected, actual, _)
        | EvalAltResult::ErrorMismatchOutputType(expected, actual, _) => {
            format!("expected {}, got {}", kind_name(expected), kind_name(actual))
        }
        other => without_position(other),
    }
}

/// `call` is as the interpreter writes it: `recyle (function)`.
fn unknown_call(call: &str, callables: &[Callable]) -> String {
    let (name, arguments) = call.split_once(" (").unwrap_or((call, ""));
    let arguments = arguments.strip_suffix(')').unwrap_or(arguments);
    let kinds: Vec<&str> = arguments.split(", ").filter(|a| !a.is_empty()).map(kind_name).collect();
    let kinds = kinds.join(", ");
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return format!("{name} cannot be applied to ({kinds})");
    }
    if name.starts_with("anon$") {
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
    match nearest(name, names) {
        Some(near) => format!("unknown function \"{name}\"; did you mean \"{near}\"?"),
        None => format!("unknown function \"{name}\""),
    }
}

fn unknown_property(name: &str, session: &Session) -> String {
    let parameters = session.parameters();
    match nearest(name, parameters.iter().map(|p| p.name.as_str())) {
        Some(near) => format!("the map has no property \"{name}\"; did you mean \"{near}\"?"),
        None => format!("the map has no property \"{name}\""),
    }
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

fn place(name: &str, text: &str, position: Position) -> Option<Place> {
    let line = position.line()?;
    let column = position.position().unwrap_or(1);
    let text = text.lines().nth(line - 1).unwrap_or_default().to_owned();
    Some(Place { script: name.to_owned(), line, column, text })
}
