//! "Did you mean …?"

/// The name most like `name`, or else the only one that begins with it; `None` if nothing is near enough to be what was
/// meant.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known: Vec<&str> = known.into_iter().collect();
    let length = name.chars().count();
    let allowed = (length / 3).max(1);
    let similar = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), *candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min();
    if let Some((_, candidate)) = similar {
        return Some(candidate);
    }
    let mut longer =
        known.into_iter().filter(|candidate| length > 2 && candidate.starts_with(name));
    longer.next().filter(|_| longer.next().is_none())
}

/// `unknown setting "lanches"; did you mean "launches"? known: launches, warm`.
pub(crate) fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    let names: Vec<&str> = known.clone().into_iter().collect();
    let list = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    match nearest(name, known) {
        Some(near) => format!("unknown {what} \"{name}\"; did you mean \"{near}\"? known: {list}"),
        None => format!("unknown {what} \"{name}\"; known: {list}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_what_is_near() {
        let check = |name, expected| {
            assert_eq!(nearest(name, ["memory", "workload", "name"]), expected, "{name}");
        };
        check("memroy", Some("memory"));
        check("mem", Some("memory"));
        check("me", None);
        check("speed", None);
        check("nmae", Some("name"));
        check("work_load", Some("workload"));
        check("", None);
    }
}
