//! What can be set from outside: the one declaration `params(#{…})`.
//!
//! The default gives the type; a map `#{ default: …, help: …, choices: […], min: …, max: … }` says more.

use std::collections::BTreeMap;
use std::fmt;

use rhai::{Array, Dynamic, Map};

use crate::fields::{Fields, show};
use crate::suggest;

/// One parameter of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// As it is set with `--set NAME=VALUE`.
    pub name: String,
    /// Of its value, or of each value of a list.
    pub kind: ParameterKind,
    /// Whether it takes several values.
    pub list: bool,
    /// As they would be set; one unless it is a list.
    pub default: Vec<String>,
    /// What it is for.
    pub help: Option<String>,
    /// The only values that there are, as they would be set; empty if any is allowed.
    pub choices: Vec<String>,
    /// The smallest value of a number, as it would be set.
    pub min: Option<String>,
    /// The greatest value of a number, as it would be set.
    pub max: Option<String>,
}

impl Parameter {
    /// What a value must be: `a whole number from 1 to 100`, `one of a, b, c`.
    pub fn expected(&self) -> String {
        if !self.choices.is_empty() {
            return format!("one of {}", self.choices.join(", "));
        }
        let bounds = match (&self.min, &self.max) {
            (Some(min), Some(max)) => format!(" from {min} to {max}"),
            (Some(min), None) => format!(" from {min}"),
            (None, Some(max)) => format!(" up to {max}"),
            (None, None) => String::new(),
        };
        format!("{}{bounds}", self.kind)
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.default.join(","))
    }
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// 64 bits with sign.
    Integer,
    /// Any number but infinities and NaN.
    Float,
    /// Any text.
    String,
    /// `true` or `false`.
    Bool,
}

impl fmt::Display for ParameterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ParameterKind::Integer => "a whole number",
            ParameterKind::Float => "a number",
            ParameterKind::String => "a string",
            ParameterKind::Bool => "true or false",
        })
    }
}

impl ParameterKind {
    fn of(value: &Dynamic) -> Option<ParameterKind> {
        if value.is_int() {
            Some(ParameterKind::Integer)
        } else if value.is_float() {
            Some(ParameterKind::Float)
        } else if value.is_string() {
            Some(ParameterKind::String)
        } else if value.is_bool() {
            Some(ParameterKind::Bool)
        } else {
            None
        }
    }

    fn is_number(self) -> bool {
        matches!(self, ParameterKind::Integer | ParameterKind::Float)
    }

    /// The value if it is of this type; a whole number is a number as well.
    fn same(self, value: &Dynamic) -> Option<Dynamic> {
        match value.as_int() {
            #[expect(clippy::cast_precision_loss, reason = "as Rhai itself converts")]
            Ok(whole) if self == ParameterKind::Float => Some(Dynamic::from(whole as f64)),
            _ => Some(value.clone()).filter(|value| ParameterKind::of(value) == Some(self)),
        }
    }

    fn read(self, text: &str) -> Option<Dynamic> {
        match self {
            ParameterKind::Integer => text.parse::<i64>().ok().map(Dynamic::from),
            ParameterKind::Float => {
                text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Dynamic::from)
            }
            ParameterKind::String => Some(text.into()),
            ParameterKind::Bool => text.parse::<bool>().ok().map(Dynamic::from),
        }
    }
}

/// What a map may say of a parameter.
const KEYS: [&str; 5] = ["default", "help", "choices", "min", "max"];

/// Reads the declaration; parameters come by the alphabet, as maps of scripts are sorted. Returns their defaults as well.
pub(crate) fn declare(declaration: Map) -> Result<(Vec<Parameter>, Map), String> {
    let mut parameters = Vec::new();
    let mut defaults = Map::new();
    for (name, value) in declaration {
        let said = match value.as_map_ref() {
            Ok(map) => map.clone(),
            Err(_) => Map::from([("default".into(), value.clone())]),
        };
        let (parameter, default) = parameter(&name, said).map_err(|e| format!("{name}: {e}"))?;
        parameters.push(parameter);
        defaults.insert(name, default);
    }
    Ok((parameters, defaults))
}

fn parameter(name: &str, said: Map) -> Result<(Parameter, Dynamic), String> {
    let mut fields = Fields::new("key", said, &KEYS)?;
    let Some(default) = fields.value("default") else {
        return Err("expected a default: #{ default: …, help: … }".to_owned());
    };
    let (kind, list, values) = typed(&default)?;
    let mut parameter = Parameter {
        name: name.to_owned(),
        kind,
        list,
        default: values.iter().map(Dynamic::to_string).collect(),
        help: fields.string("help")?,
        choices: Vec::new(),
        min: None,
        max: None,
    };
    if let Some(choices) = fields.array("choices")? {
        for choice in &choices {
            let shown =
                || format!("choices: expected {kind} like the default, got {}", show(choice));
            parameter.choices.push(kind.same(choice).ok_or_else(shown)?.to_string());
        }
        if choices.is_empty() {
            return Err("choices: the list is empty".to_owned());
        }
    }
    for (key, bound) in [("min", &mut parameter.min), ("max", &mut parameter.max)] {
        let Some(value) = fields.value(key) else { continue };
        let number = kind.same(&value).filter(|_| kind.is_number());
        let number = number.ok_or_else(|| match kind.is_number() {
            true => format!("{key}: expected {kind} like the default, got {}", show(&value)),
            false => format!("{key}: only numbers have bounds, and the default is {kind}"),
        })?;
        *bound = Some(number.to_string());
    }
    for value in &values {
        if !parameter.allows(value) {
            return Err(format!(
                "the default must be {}, got {}",
                parameter.expected(),
                show(value)
            ));
        }
    }
    Ok((parameter, default))
}

/// The type that a default gives, whether it is a list, and its values.
fn typed(default: &Dynamic) -> Result<(ParameterKind, bool, Vec<Dynamic>), String> {
    let (values, list) = match default.as_array_ref() {
        Ok(values) => (values.clone(), true),
        Err(_) => (vec![default.clone()], false),
    };
    let Some(first) = values.first() else {
        return Err("the default is an empty list, so its type is not known".to_owned());
    };
    let no_type = || {
        format!("expected numbers, strings, truth values or a list of them, got {}", show(first))
    };
    let kind = ParameterKind::of(first).ok_or_else(no_type)?;
    match values.iter().find(|value| ParameterKind::of(value) != Some(kind)) {
        Some(other) => {
            Err(format!("expected {kind} like the first of the list, got {}", show(other)))
        }
        None => Ok((kind, list, values)),
    }
}

/// The defaults with the settings put in their place.
pub(crate) fn apply(
    mut values: Map,
    parameters: &[Parameter],
    settings: &BTreeMap<String, Vec<String>>,
) -> Result<Map, String> {
    for (name, texts) in settings {
        let Some(parameter) = parameters.iter().find(|parameter| parameter.name == *name) else {
            let known: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
            return Err(suggest::unknown("setting", name, known.iter().copied()));
        };
        values.insert(name.as_str().into(), parameter.read(texts)?);
    }
    Ok(values)
}

impl Parameter {
    /// Whether a value of the right type is among the choices and within the bounds.
    fn allows(&self, value: &Dynamic) -> bool {
        if !self.choices.is_empty() && !self.choices.contains(&value.to_string()) {
            return false;
        }
        let bound = |text: &Option<String>| text.as_ref().and_then(|text| self.kind.read(text));
        let (min, max) = (bound(&self.min), bound(&self.max));
        let not_above = |low: &Dynamic, high: &Dynamic| match (low.as_int(), high.as_int()) {
            (Ok(low), Ok(high)) => low <= high,
            _ => low.as_float().is_ok_and(|low| high.as_float().is_ok_and(|high| low <= high)),
        };
        min.is_none_or(|min| not_above(&min, value)) && max.is_none_or(|max| not_above(value, &max))
    }

    fn read(&self, texts: &[String]) -> Result<Dynamic, String> {
        let Parameter { name, kind, list, .. } = self;
        let read = |text: &String| {
            let value = kind.read(text).filter(|value| self.allows(value));
            value.ok_or_else(|| {
                let near = suggest::nearest(text, self.choices.iter().map(String::as_str));
                let near = near.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
                format!("{name}: expected {}, got {text:?}{near}", self.expected())
            })
        };
        match texts {
            [] => Err(format!("{name}: expected {}, got nothing", self.expected())),
            texts if *list => {
                texts.iter().map(read).collect::<Result<Array, _>>().map(Dynamic::from)
            }
            [text] => read(text),
            several => {
                let all = several.join(",");
                Err(format!("{name}: expected one value, got {}: {all}", several.len()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(defaults: &str, setting: &[(&str, &str)], expected: Result<&str, &str>) {
        let engine = crate::engine::sandbox(&crate::Limits::default());
        let defaults = engine.eval::<Map>(defaults).unwrap();
        let settings = setting
            .iter()
            .map(|(name, texts)| {
                ((*name).to_owned(), texts.split(',').map(str::to_owned).collect())
            })
            .collect();
        let values = declare(defaults)
            .and_then(|(parameters, defaults)| apply(defaults, &parameters, &settings))
            .map(|values| Dynamic::from(values).to_string());
        assert_eq!(values, expected.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn defaults_give_the_types() {
        let defaults = "#{ n: 20, x: 0.5, on: true, who: \"a\", sizes: [128, 512] }";
        check("#{ n: 20 }", &[], Ok("#{\"n\": 20}"));
        check("#{ n: 20 }", &[("n", "-3")], Ok("#{\"n\": -3}"));
        check("#{ s: [1] }", &[("s", "1,2")], Ok("#{\"s\": [1, 2]}"));
        check(
            "#{ x: 0.5, on: true }",
            &[("x", "2"), ("on", "false")],
            Ok("#{\"on\": false, \"x\": 2.0}"),
        );
        check(defaults, &[("n", "ten")], Err("n: expected a whole number, got \"ten\""));
        check(defaults, &[("n", "1,2")], Err("n: expected one value, got 2: 1,2"));
        check(defaults, &[("x", "NaN")], Err("x: expected a number, got \"NaN\""));
        check(defaults, &[("on", "yes")], Err("on: expected true or false, got \"yes\""));
        check(defaults, &[("sizes", "1,b")], Err("sizes: expected a whole number, got \"b\""));
        check(
            defaults,
            &[("size", "1")],
            Err("unknown setting \"size\"; did you mean \"sizes\"? known: n, on, sizes, who, x"),
        );
        check("#{}", &[("size", "1")], Err("unknown setting \"size\"; known: none"));
    }

    #[test]
    fn defaults_without_a_type_are_refused() {
        check("#{ a: [] }", &[], Err("a: the default is an empty list, so its type is not known"));
        check(
            "#{ a: [1, 2.5] }",
            &[],
            Err("a: expected a whole number like the first of the list, got 2.5"),
        );
        check("#{ a: #{} }", &[], Err("a: expected a default: #{ default: …, help: … }"));
        check(
            "#{ a: || 1 }",
            &[],
            Err("a: expected numbers, strings, truth values or a list of them, got a closure"),
        );
    }

    #[test]
    fn choices_and_bounds_hold() {
        let mode = "#{ m: #{ default: \"fast\", choices: [\"fast\", \"slow\"] } }";
        check(mode, &[], Ok("#{\"m\": \"fast\"}"));
        check(mode, &[("m", "slow")], Ok("#{\"m\": \"slow\"}"));
        let expected = "m: expected one of fast, slow, got \"slo\"; did you mean \"slow\"?";
        check(mode, &[("m", "slo")], Err(expected));
        let n = "#{ n: #{ default: [20], min: 1, max: 100, help: \"how many\" } }";
        check(n, &[("n", "1,100")], Ok("#{\"n\": [1, 100]}"));
        check(n, &[("n", "0")], Err("n: expected a whole number from 1 to 100, got \"0\""));
        check(n, &[("n", "a")], Err("n: expected a whole number from 1 to 100, got \"a\""));
        let x = "#{ x: #{ default: 0.5, max: 1 } }";
        check(x, &[("x", "1")], Ok("#{\"x\": 1.0}"));
        check(x, &[("x", "1.5")], Err("x: expected a number up to 1.0, got \"1.5\""));
        let x = "#{ x: #{ default: 1, min: 1 } }";
        check(x, &[("x", "0")], Err("x: expected a whole number from 1, got \"0\""));
    }

    #[test]
    fn a_declaration_that_contradicts_itself_is_refused() {
        let refused =
            |said: &str, expected| check(&format!("#{{ a: #{{ {said} }} }}"), &[], Err(expected));
        refused(
            "defalt: 1",
            "a: unknown key \"defalt\"; did you mean \"default\"? known: default, help, choices, min, max",
        );
        refused("help: \"x\"", "a: expected a default: #{ default: …, help: … }");
        refused("default: 1, help: 2", "a: help: expected a string, got 2");
        refused("default: 1, choices: [2]", "a: the default must be one of 2, got 1");
        refused("default: 1, choices: []", "a: choices: the list is empty");
        refused(
            "default: 1, choices: [\"x\"]",
            "a: choices: expected a whole number like the default, got \"x\"",
        );
        refused("default: 1, choices: 1", "a: choices: expected an array, got 1");
        refused("default: 1, min: 2", "a: the default must be a whole number from 2, got 1");
        refused(
            "default: 1, min: 0.5",
            "a: min: expected a whole number like the default, got 0.5",
        );
        refused(
            "default: \"x\", max: 1",
            "a: max: only numbers have bounds, and the default is a string",
        );
    }
}
