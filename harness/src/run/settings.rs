//! `--set key=value[,value…]`.

use std::collections::BTreeMap;

use anyhow::bail;
use kelvin_scenario::{Parameter, ParameterKind};
use serde_json::Value;

/// Splits what was typed. A key may be given once only.
pub(super) fn parse(typed: &[String]) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let mut settings = BTreeMap::new();
    for setting in typed {
        let Some((key, values)) = setting.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            bail!("--set {setting}: expected KEY=VALUE[,VALUE…]");
        };
        let values = values.split(',').map(str::to_owned).collect();
        if settings.insert(key.to_owned(), values).is_some() {
            bail!("--set {key} is given twice; several values are separated by commas");
        }
    }
    Ok(settings)
}

/// What the parameters are in this run, for its record.
pub(super) fn effective(
    parameters: &[Parameter],
    settings: &BTreeMap<String, Vec<String>>,
) -> BTreeMap<String, Value> {
    let value = |parameter: &Parameter, text: &String| match parameter.kind {
        ParameterKind::String => Value::from(text.as_str()),
        _ => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str())),
    };
    let effective = parameters.iter().map(|parameter| {
        let texts = settings.get(&parameter.name).unwrap_or(&parameter.default);
        let values: Vec<Value> = texts.iter().map(|text| value(parameter, text)).collect();
        let value = match (parameter.list, values.as_slice()) {
            (false, [one]) => one.clone(),
            _ => Value::from(values),
        };
        (parameter.name.clone(), value)
    });
    effective.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_split_at_the_first_equals_and_at_commas() {
        let check = |typed: &[&str], expected: Result<&str, &str>| {
            let typed: Vec<String> = typed.iter().map(|&text| text.to_owned()).collect();
            let parsed = parse(&typed).map(|s| format!("{s:?}")).map_err(|e| e.to_string());
            assert_eq!(parsed.as_deref().map_err(String::as_str), expected);
        };
        check(&[], Ok("{}"));
        check(&["a=1,2", "b=x=y"], Ok(r#"{"a": ["1", "2"], "b": ["x=y"]}"#));
        check(&["a="], Ok(r#"{"a": [""]}"#));
        check(&["a"], Err("--set a: expected KEY=VALUE[,VALUE…]"));
        check(&["=1"], Err("--set =1: expected KEY=VALUE[,VALUE…]"));
        check(
            &["a=1", "a=2"],
            Err("--set a is given twice; several values are separated by commas"),
        );
    }
}
