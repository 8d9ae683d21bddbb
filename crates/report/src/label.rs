//! How functions are named and ordered in tables: no two of a run look alike.

use std::collections::BTreeMap;

use kelvin_lambda::MemorySize;
use kelvin_record::FunctionSummary;

/// What the functions of a run are called, each by its index. A function that was configured otherwise is another one.
pub(crate) struct Names {
    /// Tells a function apart from all others.
    pub(crate) full: Vec<String>,
    /// The same beside a column that has memory sizes: without the size at the end where nothing else is called so.
    pub(crate) beside_memory: Vec<String>,
}

impl Names {
    /// Of functions with these names and memory sizes.
    pub(crate) fn of<'a>(functions: impl IntoIterator<Item = (&'a str, MemorySize)>) -> Names {
        let functions: Vec<(&str, MemorySize)> = functions.into_iter().collect();
        let full = |(at, level): (usize, usize)| {
            let (name, memory) = functions[at];
            match level {
                0 => name.to_owned(),
                1 => format!("{name}, {} MB", memory.mb()),
                _ => configuration(&functions, at),
            }
        };
        let beside_memory = |(at, level): (usize, usize)| {
            let (name, memory) = functions[at];
            match level {
                0 => without_size(name, memory).to_owned(),
                1 => name.to_owned(),
                _ => configuration(&functions, at),
            }
        };
        Names {
            full: told_apart(functions.len(), full),
            beside_memory: told_apart(functions.len(), |at| (beside_memory(at), functions[at.0].1))
                .into_iter()
                .map(|(name, _)| name)
                .collect(),
        }
    }

    /// Of the functions of a summary.
    pub(crate) fn of_summaries(functions: &[FunctionSummary]) -> Names {
        Names::of(functions.iter().map(|function| (function.name.as_str(), function.memory_mb)))
    }
}

/// The last way to say it: which of the configurations of this name it is, counted from 1.
fn configuration(functions: &[(&str, MemorySize)], at: usize) -> String {
    let name = functions[at].0;
    let before = functions[..at].iter().filter(|(other, _)| *other == name).count();
    format!("{name}, configuration {}", before + 1)
}

/// The last level of detail, counted from 0: no two functions are called the same there.
const DETAILED: usize = 2;

/// The least detailed text of each that no other has.
fn told_apart<T: Ord>(count: usize, text: impl Fn((usize, usize)) -> T) -> Vec<T> {
    let mut levels = vec![0; count];
    loop {
        let mut alike: BTreeMap<T, Vec<usize>> = BTreeMap::new();
        for (at, level) in levels.iter().enumerate() {
            alike.entry(text((at, *level))).or_default().push(at);
        }
        let groups = alike.into_values().filter(|group| group.len() > 1);
        let vague: Vec<usize> = groups.flatten().filter(|at| levels[*at] < DETAILED).collect();
        if vague.is_empty() {
            return levels.into_iter().enumerate().map(text).collect();
        }
        vague.into_iter().for_each(|at| levels[at] += 1);
    }
}

/// A name without the memory size at its end.
fn without_size(name: &str, memory: MemorySize) -> &str {
    let suffix = format!("-{}", memory.mb());
    name.strip_suffix(&suffix).filter(|name| !name.is_empty()).unwrap_or(name)
}

/// Indices in the order of a table: memory sizes of one function follow one another, functions are in the order of
/// deployment.
pub(crate) fn order(functions: &[FunctionSummary]) -> Vec<usize> {
    let label = |at: usize| without_size(&functions[at].name, functions[at].memory_mb);
    let first = |at: usize| (0..functions.len()).find(|other| label(*other) == label(at));
    let mut order: Vec<usize> = (0..functions.len()).collect();
    order.sort_by_key(|&at| (first(at), functions[at].memory_mb));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(functions: &[(&str, u32)], full: &[&str], beside_memory: &[&str]) {
        let functions = functions.iter().map(|(name, mb)| (*name, MemorySize::new(*mb).unwrap()));
        let names = Names::of(functions);
        assert_eq!(names.full, full);
        assert_eq!(names.beside_memory, beside_memory);
    }

    #[test]
    fn a_function_is_called_as_little_as_tells_it_apart() {
        check(&[("json-128", 128), ("json-512", 512)], &["json-128", "json-512"], &["json"; 2]);
        // The size is a part of one name and not of the other.
        check(
            &[("f-128", 128), ("f", 128), ("f", 512)],
            &["f-128", "f, 128 MB", "f, 512 MB"],
            &["f-128", "f", "f"],
        );
        // One function, configured three times.
        check(
            &[("f", 128), ("f", 512), ("f", 128)],
            &["f, configuration 1", "f, 512 MB", "f, configuration 3"],
            &["f, configuration 1", "f", "f, configuration 3"],
        );
    }
}
