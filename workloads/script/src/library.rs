//! The rules and the inputs that are inside the program.

use kelvin_workload::WorkloadError;
use rhai::{AST, Engine};

use crate::engine;

const RULES: [(&str, &str); 2] = [
    ("pricing", include_str!("../cases/pricing.rhai")),
    ("routing", include_str!("../cases/routing.rhai")),
];

const INPUTS: [(&str, &str); 2] = [
    ("checkout", include_str!("../cases/checkout.input.json")),
    ("deliveries", include_str!("../cases/deliveries.input.json")),
];

/// The interpreter and the compiled rules: what is costly to make and made once.
#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) engine: Engine,
    /// In the order of [`RULES`].
    rules: Vec<AST>,
}

impl Library {
    pub(crate) fn compile() -> Result<Library, WorkloadError> {
        let engine = engine::new();
        let compile = |(name, source)| {
            engine::compile(&engine, source).map_err(|error| {
                WorkloadError::preparation_failed(format!("could not compile {name}"), error)
            })
        };
        let rules = RULES.into_iter().map(compile).collect::<Result<_, _>>()?;
        Ok(Library { engine, rules })
    }

    /// The compiled rules of this name; the error lists the names that there are.
    pub(crate) fn rules(&self, name: &str) -> Result<&AST, WorkloadError> {
        Ok(&self.rules[position("ruleset", name, RULES.map(|(name, _)| name))?])
    }
}

/// The input of this name, as JSON; the error lists the names that there are.
pub(crate) fn input(name: &str) -> Result<&'static str, WorkloadError> {
    let (_, json) = INPUTS[position("input", name, INPUTS.map(|(name, _)| name))?];
    Ok(json)
}

fn position<const N: usize>(
    kind: &str,
    name: &str,
    known: [&str; N],
) -> Result<usize, WorkloadError> {
    known.iter().position(|&known| known == name).ok_or_else(|| {
        let known = known.join(", ");
        WorkloadError::invalid_event(format!(
            "there is no {kind} named \"{name}\"; there is {known}"
        ))
    })
}
