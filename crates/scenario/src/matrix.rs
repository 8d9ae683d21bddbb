//! Every combination of some values: `matrix()`.

use rhai::{Array, Dynamic, Map};

/// The cartesian product as maps, in order: the last key (by the alphabet, as maps of scripts are sorted) varies fastest.
/// A value that is not an array stands for an array of one.
pub(crate) fn matrix(axes: Map, limit: usize) -> Result<Array, String> {
    let mut cells = vec![Map::new()];
    for (key, value) in axes {
        let value = value.flatten();
        let values =
            if value.is_array() { value.into_array().unwrap_or_default() } else { vec![value] };
        if values.is_empty() {
            return Err(format!("{key}: the list is empty, so there is no combination"));
        }
        let n = cells.len().saturating_mul(values.len());
        if n > limit {
            return Err(format!("more than {limit} combinations"));
        }
        cells = cells
            .iter()
            .flat_map(|cell| values.iter().map(|value| with(cell, &key, value)))
            .collect();
    }
    Ok(cells.into_iter().map(Dynamic::from_map).collect())
}

fn with(cell: &Map, key: &str, value: &Dynamic) -> Map {
    let mut cell = cell.clone();
    cell.insert(key.into(), value.clone());
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(axes: &str, expected: Result<&str, &str>) {
        let axes = rhai::Engine::new().eval::<Map>(axes).unwrap();
        let cells = matrix(axes, 8).map(|cells| Dynamic::from(cells).to_string());
        assert_eq!(cells, expected.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn every_combination_comes_once_the_last_key_fastest() {
        check("#{ b: 1, a: [2, 3] }", Ok(r#"[#{"a": 2, "b": 1}, #{"a": 3, "b": 1}]"#));
        check(
            "#{ a: [1, 2], b: ['x', 'y'] }",
            Ok(
                r#"[#{"a": 1, "b": 'x'}, #{"a": 1, "b": 'y'}, #{"a": 2, "b": 'x'}, #{"a": 2, "b": 'y'}]"#,
            ),
        );
        check("#{}", Ok("[#{}]"));
        check("#{ a: [1], b: [] }", Err("b: the list is empty, so there is no combination"));
        check("#{ a: [1, 2, 3], b: [1, 2, 3] }", Err("more than 8 combinations"));
    }
}
