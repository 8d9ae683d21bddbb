//! What can be set from outside: the one declaration `params(#{…})`, whose defaults give the types.

use std::collections::BTreeMap;
use std::fmt;

use rhai::{Array, Dynamic, Map};

use crate::fields::show;
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

/// Reads the declaration; parameters come by the alphabet, as maps of scripts are sorted.
pub(crate) fn declare(defaults: &Map) -> Result<Vec<Parameter>, String> {
    defaults.iter().map(|(name, value)| parameter(name, value)).collect()
}

fn parameter(name: &str, default: &Dynamic) -> Result<Parameter, String> {
    let (values, list) = match default.as_array_ref() {
        Ok(values) => (values.clone(), true),
        Err(_) => (vec![default.clone()], false),
    };
    let Some(first) = values.first() else {
        return Err(format!("{name}: the default is an empty list, so its type is not known"));
    };
    let no_type = |value| {
        format!(
            "{name}: expected numbers, strings, truth values or a list of them, got {}",
            show(value)
        )
    };
    let kind = ParameterKind::of(first).ok_or_else(|| no_type(first))?;
    for value in &values {
        if ParameterKind::of(value) != Some(kind) {
            return Err(format!(
                "{name}: expected {kind} like the first of the list, got {}",
                show(value)
            ));
        }
    }
    let default = values.iter().map(Dynamic::to_string).collect();
    Ok(Parameter { name: name.to_owned(), kind, list, default })
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
    fn read(&self, texts: &[String]) -> Result<Dynamic, String> {
        let Parameter { name, kind, list, .. } = self;
        let read = |text: &String| {
            kind.read(text).ok_or_else(|| format!("{name}: expected {kind}, got {text:?}"))
        };
        match texts {
            [] => Err(format!("{name}: expected {kind}, got nothing")),
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
        let defaults = rhai::Engine::new().eval::<Map>(defaults).unwrap();
        let settings = setting
            .iter()
            .map(|(name, texts)| {
                ((*name).to_owned(), texts.split(',').map(str::to_owned).collect())
            })
            .collect();
        let values = declare(&defaults)
            .and_then(|parameters| apply(defaults, &parameters, &settings))
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
        check(
            "#{ a: #{} }",
            &[],
            Err("a: expected numbers, strings, truth values or a list of them, got a map"),
        );
    }
}
