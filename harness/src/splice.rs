//! Putting a generated text into a file, between markers.

use std::fs;
use std::path::Path;

use anyhow::Context;

const END: &str = "<!-- kelvin:end -->";

/// Replaces what is between the markers of `file`: those of that name, or those without a name.
pub(crate) fn splice(file: &Path, name: Option<&str>, text: &str) -> anyhow::Result<()> {
    let begin = match name {
        Some(name) => format!("<!-- kelvin:begin {name} -->"),
        None => "<!-- kelvin:begin -->".to_owned(),
    };
    let old =
        fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?;
    let new = replace(&old, &begin, text).with_context(|| {
        format!("{} has no line {begin} followed by a line {END}", file.display())
    })?;
    fs::write(file, new).with_context(|| format!("failed to write {}", file.display()))
}

fn replace(old: &str, begin: &str, text: &str) -> Option<String> {
    let (before, rest) = old.split_once(&format!("{begin}\n"))?;
    let (_, after) = rest.split_once(&format!("{END}\n"))?;
    Some(format!("{before}{begin}\n\n{text}\n{END}\n{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let begin = "<!-- kelvin:begin -->";
        let old = "# A\n<!-- kelvin:begin -->\nold\n<!-- kelvin:end -->\n# B\n";
        let new = replace(old, begin, "new").unwrap();
        assert_eq!(new, "# A\n<!-- kelvin:begin -->\n\nnew\n<!-- kelvin:end -->\n# B\n");
        assert_eq!(replace(&new, begin, "new").as_ref(), Some(&new));
        assert_eq!(replace("# A\n", begin, "new"), None);
        let named = "<!-- kelvin:begin b -->";
        assert_eq!(replace(old, named, "new"), None);
        let both = format!("{old}{named}\nold\n<!-- kelvin:end -->\n");
        let expected = format!("{old}{named}\n\nnew\n<!-- kelvin:end -->\n");
        assert_eq!(replace(&both, named, "new"), Some(expected));
    }
}
