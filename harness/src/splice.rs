//! Putting a generated text into a file, between markers.

use std::fs;
use std::path::Path;

use anyhow::Context;

const BEGIN: &str = "<!-- kelvin:begin -->\n";
const END: &str = "<!-- kelvin:end -->";

/// Replaces what is between the markers of `file`.
pub(crate) fn splice(file: &Path, text: &str) -> anyhow::Result<()> {
    let old =
        fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?;
    let new = replace(&old, text).with_context(|| {
        format!("{} has no line {} followed by a line {END}", file.display(), BEGIN.trim())
    })?;
    fs::write(file, new).with_context(|| format!("failed to write {}", file.display()))
}

fn replace(old: &str, text: &str) -> Option<String> {
    let (before, rest) = old.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{text}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let old = "# A\n<!-- kelvin:begin -->\nold\n<!-- kelvin:end -->\n# B\n";
        let new = replace(old, "new").unwrap();
        assert_eq!(new, "# A\n<!-- kelvin:begin -->\n\nnew\n<!-- kelvin:end -->\n# B\n");
        assert_eq!(replace(&new, "new").as_ref(), Some(&new));
        assert_eq!(replace("# A\n", "new"), None);
    }
}
