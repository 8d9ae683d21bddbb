//! Words of a shell.

/// In quotes, whatever it is.
pub(crate) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// As one would type it: in quotes only where a shell would not take it for one word, or would change it.
pub(crate) fn typed(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) { word.to_owned() } else { quoted(word) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_one() {
        assert_eq!(typed("it's"), r"'it'\''s'");
        assert_eq!(typed(""), "''");
        assert_eq!((typed("--out"), quoted("--out")), ("--out".to_owned(), "'--out'".to_owned()));
    }
}
